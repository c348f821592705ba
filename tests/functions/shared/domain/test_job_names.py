"""Two names of one file are not two jobs: plates, profiles and endings stand for it; other files do not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.shared.domain.job_names import are_different_files


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("Benchy", "Benchy"),
        ("Benchy", "benchy.3mf"),
        ("Benchy.gcode.3mf", "Benchy"),
        ("Benchy", "Benchy_plate_2"),
        ("Benchy", "Benchy - Plate 3"),
        ("Benchy", "Benchy (plate 1)"),
        ("Benchy", "plate_1"),
        ("Plate 2", "Benchy"),
        ("Benchy", "0.2mm layer, 2 walls, 15% infill"),
        ("0.20mm Standard @BBL A1M", "Benchy"),
        ("0,16 mm fein", "Benchy"),
        ("Benchy", None),
        (None, None),
    ],
)
def test_one_may_stand_for_the_other(name: str | None, other: str | None) -> None:
    assert not are_different_files(name, other)
    assert not are_different_files(other, name)


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("Benchy", "Vase"),
        ("Benchy_plate_1", "Benchy_plate_2"),
        ("Benchy_plate_1", "Vase_plate_1"),
        ("plate_1", "plate_2"),
        ("plate_1", "Benchy_plate_2"),
        ("Benchy_plate_1", "Vase"),
        ("Benchy v1", "Benchy v2"),
        ("10mm cube", "Benchy"),  # no layer is that high
        ("2mm washer", "Benchy"),
        ("Template", "Benchy"),
    ],
)
def test_they_are_two_files(name: str, other: str) -> None:
    assert are_different_files(name, other)
    assert are_different_files(other, name)


@given(st.text(max_size=40), st.text(max_size=40))
def test_any_two_names_are_judged_alike_both_ways(name: str, other: str) -> None:
    assert are_different_files(name, other) == are_different_files(other, name)
    assert not are_different_files(name, name)
    assert not are_different_files(name, None)


files = st.text(st.characters(exclude_characters="._-( "), min_size=1, max_size=40).filter(
    lambda name: name == name.strip() and "plate" not in name.casefold()
)


@given(files, st.integers(0, 10**12))
def test_a_file_and_any_plate_of_it_are_no_two_files(name: str, plate: int) -> None:
    assert not are_different_files(name, f"{name}_plate_{plate}")

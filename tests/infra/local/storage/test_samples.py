"""Samples as folders."""

from pathlib import Path

import pytest

from functions.shared.errors import TransientError
from infra.local.storage.samples import FileSamples
from tests.support.contracts.samples import check_samples, sample


def test_it_keeps_what_a_place_for_samples_promises(tmp_path: Path) -> None:
    check_samples(lambda most: FileSamples(tmp_path, most))


def test_pictures_lie_where_the_list_says(tmp_path: Path) -> None:
    FileSamples(tmp_path, 3).keep(sample(1), [b"judged", b"earlier"])
    assert [(tmp_path / name).read_bytes() for name in sample(1).picture_names] == [b"judged", b"earlier"]


def test_junk_and_what_was_broken_off_are_passed_over(tmp_path: Path) -> None:
    samples = FileSamples(tmp_path, 3)
    samples.keep(sample(1), [])
    (tmp_path / "samples" / "20991231T000000_x").mkdir()
    (tmp_path / "samples" / "20991231T000000_y.new").mkdir()
    (tmp_path / "samples" / "20991231T000000_z").mkdir()
    (tmp_path / "samples" / "20991231T000000_z" / "sample.json").write_bytes(b"\xff{")
    assert list(samples.newest()) == [sample(1)]


def test_a_place_that_cannot_be_written_may_pass(tmp_path: Path) -> None:
    (tmp_path / "samples").write_bytes(b"a file")
    with pytest.raises(TransientError):
        FileSamples(tmp_path, 3).keep(sample(1), [])

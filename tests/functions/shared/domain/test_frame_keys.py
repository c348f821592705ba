"""Keys of frames: readable, sorted by time, and never those of another printer."""

from pathlib import PurePosixPath

from hypothesis import given
from hypothesis import strategies as st

from functions.shared.domain.keys import (
    belongs_to,
    film_key,
    film_stamp_of,
    frame_key,
    is_key,
    is_lasting,
    job_prefix,
    latest_key,
    photo_key,
    present_key,
    printer_prefix,
    second_key,
    taken_at_of,
    thumbnail_key,
)
from tests.functions.shared.domain.test_safe_names import any_name

times = st.floats(0, 4_000_000_000)
counters = st.integers(0, 999_999)


def test_a_frame_is_named_as_the_design_has_it() -> None:
    key = frame_key(job_prefix("A1M-1", "benchy"), 1_750_000_000.9, 42)
    assert key == "images/A1M-1/benchy/20250615T150640_000042_benchy.jpg"
    assert film_key(job_prefix("A1M-1", None), 0.0) == "images/A1M-1/unnamed/timelapse_19700101T000000.mp4"
    assert latest_key("A1M-1") == "latest/A1M-1.jpg"


@given(printer=any_name, job=st.none() | any_name, taken_at=times, counter=counters)
def test_the_time_can_be_read_back_to_the_second(
    printer: str, job: str | None, taken_at: float, counter: int
) -> None:
    assert taken_at_of(frame_key(job_prefix(printer, job), taken_at, counter)) == int(taken_at)


@given(job=any_name, frames=st.lists(st.tuples(st.integers(0, 4_000_000_000), counters), max_size=20))
def test_sorting_by_name_is_sorting_by_time(job: str, frames: list[tuple[int, int]]) -> None:
    prefix = job_prefix("A1", job)
    names = [frame_key(prefix, float(taken_at), counter) for taken_at, counter in sorted(frames)]
    assert names == sorted(names)


@given(printer=any_name, job=st.none() | any_name, made_at=times)
def test_a_job_s_last_photo_is_of_its_film_and_no_frame(
    printer: str, job: str | None, made_at: float
) -> None:
    film = film_key(job_prefix(printer, job), made_at)
    photo = photo_key(film)
    assert is_key(photo)
    assert not photo.endswith(".jpg")
    assert (film_stamp_of(photo), taken_at_of(photo), present_key(photo)) == (
        film_stamp_of(film),
        None,
        photo,
    )
    assert photo != thumbnail_key(film)


@given(printer=any_name, job=st.none() | any_name, made_at=times)
def test_a_film_and_its_thumbnail_are_known_by_their_names_and_are_no_frames(
    printer: str, job: str | None, made_at: float
) -> None:
    film = film_key(job_prefix(printer, job), made_at)
    old = film.removesuffix(".mp4") + "_thumb.jpg"  # as 0.1.0 named it
    assert is_key(thumbnail_key(film))
    assert not thumbnail_key(film).endswith(".jpg"), "by that ending people find the frames"
    assert {film_stamp_of(key) for key in (film, thumbnail_key(film), old)} == {film_stamp_of(film)} != {None}
    assert [taken_at_of(key) for key in (film, thumbnail_key(film), old)] == [None] * 3
    assert [present_key(key) for key in (film, thumbnail_key(film), old)] == [
        film,
        thumbnail_key(film),
        thumbnail_key(film),
    ]


@given(printer=any_name, job=st.none() | any_name, taken_at=times, counter=counters)
def test_a_frame_is_of_no_film_and_keeps_its_name(
    printer: str, job: str | None, taken_at: float, counter: int
) -> None:
    key = frame_key(job_prefix(printer, job), taken_at, counter)
    assert (film_stamp_of(key), present_key(key)) == (None, key)


@given(key=st.text(st.characters(), max_size=60))
def test_what_is_no_frame_has_no_time(key: str) -> None:
    assert taken_at_of(key) is None


def test_names_that_only_look_like_frames_have_no_time() -> None:
    for name in (
        "20251301T000000_000001_x.jpg", "20250101T000000_000001_.jpg", "20250101T000000_1_x.jpg",
        "٢٠٢٥٠١٠١T000000_000001_x.jpg", "20250101T000000_000001_x.jpg.part", "00000101T000000_000001_x.jpg",
        "timelapse_20250101T000000.mp4", "20250101T250000_000001_x.jpg",
    ):  # fmt: skip
        assert taken_at_of(f"images/A1/x/{name}") is None


@given(printer=any_name, job=st.none() | any_name, taken_at=times)
def test_a_printers_own_keys_belong_to_it(printer: str, job: str | None, taken_at: float) -> None:
    prefix = job_prefix(printer, job)
    for key in (frame_key(prefix, taken_at, 1), film_key(prefix, taken_at), latest_key(printer), prefix):
        assert belongs_to(key, printer)


@given(printer=any_name, other=any_name, job=any_name)
def test_keys_of_another_printer_do_not(printer: str, other: str, job: str) -> None:
    foreign = [frame_key(job_prefix(other, job), 0.0, 1), latest_key(other)]
    assert [belongs_to(key, printer) for key in foreign] == [printer == other] * 2


@given(
    steps=st.lists(st.sampled_from(["..", ".", "", "x", "A1", "images", "\\..", "x.jpg"]), max_size=6),
    start=st.sampled_from(["images/A1/", "images/", "latest/", "/", "images/A1"]),
)
def test_a_key_that_belongs_lies_in_the_printers_place_however_it_is_read(
    steps: list[str], start: str
) -> None:
    key = start + "/".join(steps)
    if belongs_to(key, "A1") and key != latest_key("A1"):
        parts = PurePosixPath(key.replace("\\", "/")).parts
        assert ".." not in parts
        assert list(parts[:2]) == ["images", "A1"]


def test_a_printer_whose_name_begins_like_another_has_its_own_place() -> None:
    assert not belongs_to("images/A1M-10/x/y.jpg", "A1M-1")
    assert not belongs_to("latest/A1M-10.jpg", "A1M-1")


def test_what_is_replaced_does_not_last() -> None:
    assert is_lasting("images/A1/x/y.jpg", "A1")
    assert not is_lasting("images/A10/x/y.jpg", "A1")
    assert not is_lasting(latest_key("A1"), "A1")
    assert printer_prefix("A1M-1") == "images/A1M-1/"


@given(printer=any_name, job=st.none() | any_name, at=st.integers(0, 4_000_000_000), counter=counters)
def test_a_folder_can_be_entered_at_any_second(printer: str, job: str | None, at: int, counter: int) -> None:
    prefix = job_prefix(printer, job)
    begin = second_key(prefix, at + 0.7)
    assert begin < frame_key(prefix, at, counter)
    assert at == 0 or frame_key(prefix, at - 1, 999_999) < begin


@given(printer=any_name, job=st.none() | any_name, at=times, counter=counters)
def test_every_key_of_ours_is_one(printer: str, job: str | None, at: float, counter: int) -> None:
    prefix = job_prefix(printer, job)
    for key in (frame_key(prefix, at, counter), film_key(prefix, at), latest_key(printer)):
        assert is_key(key)
        assert not is_key(f"{key}/")
        assert not is_key(f"../{key}")
        assert not is_key(f"/{key}")

"""The film itself: order, length, size, form, and what broken frames do to it."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from functions.shared.domain.jpeg import Jpeg, read_jpeg
from functions.shared.domain.limits import THUMBNAIL_BYTES
from functions.shared.errors import TransientError
from functions.timelapse.errors import TooFewFramesError
from functions.timelapse.ffmpeg import find_ffmpeg, read_film
from functions.timelapse.film import make_film
from functions.timelapse.plan import film_timing
from tests.functions.shared.domain.test_jpeg import with_scans
from tests.functions.timelapse.encode_jobs import SPEC, job_of, noisy_frame, numbered
from tests.support.numbered_frames import film_numbers, numbered_frame, shown_in, top_atoms


def garbled(frame: bytes) -> bytes:
    """Whole by its markers, broken inside."""
    start = frame.index(b"\xff\xda") + 14
    return frame[:start] + bytes(200) + frame[-2:]


def test_every_frame_is_shown_in_order_and_the_last_stands_still(tmp_path: Path) -> None:
    made = make_film(job_of(numbered(21), tmp_path / "film.mp4"))
    held = film_timing(21, 4, 10).held
    assert film_numbers(made.path) == [*range(20), *[20] * held]
    assert (made.frames, made.broken) == (21, 0)


def test_it_is_a_film_that_every_phone_and_browser_plays(tmp_path: Path) -> None:
    made = make_film(job_of(numbered(21), tmp_path / "film.mp4"))
    facts = read_film(find_ffmpeg(), made.path)
    assert (facts.codec, facts.pixel_format) == ("h264", "yuv420p")
    assert (facts.width, facts.height) == (made.width, made.height) == (192, 108)
    assert facts.seconds == made.seconds == pytest.approx(4.0, abs=0.05)
    assert made.size == made.path.stat().st_size
    atoms = top_atoms(made.path)
    assert atoms.index("moov") < atoms.index("mdat")  # it starts before it is loaded whole


def test_black_and_white_stay_black_and_white(tmp_path: Path) -> None:
    made = make_film(job_of(numbered(21), tmp_path / "film.mp4"))
    raw = subprocess.run(
        [find_ffmpeg(), "-v", "error", "-i", str(made.path), "-f", "rawvideo", "-pix_fmt", "yuv420p", "-"],
        capture_output=True,
        check=True,
    ).stdout[: 192 * 108]
    assert abs(max(set(raw), key=raw.count) - 16) <= 1  # video range, not a JPEG's


@pytest.mark.parametrize("place", [0, 10, 20])
@pytest.mark.parametrize("kind", ["gone", "empty", "cut off", "text", "garbled", "many scans", "two in one"])
def test_a_broken_frame_is_left_out_and_counted(tmp_path: Path, place: int, kind: str) -> None:
    frames: dict[str, bytes | None] = {**numbered(21)}
    key = f"{place:04d}"
    whole = frames[key]
    assert whole is not None
    frames[key] = {
        "gone": None,
        "empty": b"",
        "cut off": whole[: len(whole) // 2],
        "text": b"<html>camera is busy</html>",
        "garbled": garbled(whole),
        "many scans": with_scans(192, 108, 500),
        "two in one": whole + whole,
    }[kind]
    made = make_film(job_of(frames, tmp_path / "film.mp4"))
    assert shown_in(made.path) == [number for number in range(21) if number != place]
    assert (made.frames, made.broken) == (20, 1)
    assert made.seconds == pytest.approx(4.0, abs=0.25)


def test_many_broken_frames_neither_freeze_the_film_nor_shorten_it(tmp_path: Path) -> None:
    frames: dict[str, bytes | None] = {**numbered(21)}
    for number in range(5, 13):
        frames[f"{number:04d}"] = None
    made = make_film(job_of(frames, tmp_path / "film.mp4"))
    assert shown_in(made.path) == [*range(5), *range(13, 21)]
    assert made.seconds == pytest.approx(4.0, abs=0.05)
    assert (made.frames, made.broken) == (13, 8)


def test_frames_of_other_sizes_and_kinds_are_fitted_in(tmp_path: Path) -> None:
    frames: dict[str, bytes | None] = {**numbered(21)}
    frames["0000"] = numbered_frame(0, 96, 54)
    frames["0003"] = numbered_frame(3, 96, 54)
    frames["0004"] = numbered_frame(4, 640, 480)
    frames["0007"] = numbered_frame(7, mode="L")
    frames["0020"] = numbered_frame(20, 385, 217)
    made = make_film(job_of(frames, tmp_path / "film.mp4"))
    assert shown_in(made.path)[:4] == [0, 1, 2, 3]
    assert shown_in(made.path)[5:] == list(range(5, 21))
    assert (made.width, made.height, made.frames, made.broken) == (192, 108, 21, 0)


def test_a_camera_that_changed_its_size_in_mid_print_gives_the_size_of_most(tmp_path: Path) -> None:
    frames = {
        f"{number}": numbered_frame(number, *((192, 108) if number < 3 else (384, 216)))
        for number in range(20)
    }
    made = make_film(job_of(frames, tmp_path / "film.mp4"))
    assert (made.width, made.height) == (384, 216)
    assert shown_in(made.path) == list(range(20))


def test_odd_sizes_become_even_and_wide_ones_narrower(tmp_path: Path) -> None:
    frames = {f"{number}": numbered_frame(number, 333, 217) for number in range(12)}
    made = make_film(job_of(frames, tmp_path / "film.mp4", replace(SPEC, max_width=251)))
    assert (made.width, made.height) == (250, 162)
    assert shown_in(made.path) == list(range(12))


def test_three_frames_make_a_short_film_at_one_frame_a_second(tmp_path: Path) -> None:
    made = make_film(job_of(numbered(3), tmp_path / "film.mp4"))
    assert made.seconds == pytest.approx(4.0, abs=0.05)
    made = make_film(job_of(numbered(3), tmp_path / "film.mp4", replace(SPEC, target_seconds=45)))
    assert made.seconds == pytest.approx(4.0, abs=0.05)  # 0, 1, and the last for two seconds


@pytest.mark.parametrize("max_bytes", [100_000, 150_000, 400_000])
def test_it_is_never_larger_than_allowed(tmp_path: Path, max_bytes: int) -> None:
    frames = {f"{seed}": noisy_frame(seed) for seed in range(60)}
    spec = replace(SPEC, fps_cap=30, max_bytes=max_bytes)
    made = make_film(job_of(frames, tmp_path / "film.mp4", spec))
    assert made.size <= max_bytes
    assert made.size > max_bytes // 4  # and makes use of what it has
    assert made.seconds == pytest.approx(4.0, abs=0.1)


def test_a_thumbnail_of_the_end_comes_along(tmp_path: Path) -> None:
    frames = {f"{number}": numbered_frame(number, 960, 540) for number in range(5)}
    made = make_film(job_of(frames, tmp_path / "film.mp4"))
    assert made.thumbnail is not None
    assert read_jpeg(made.thumbnail).fault is None
    assert read_jpeg(made.thumbnail) == Jpeg(320, 180)
    assert len(made.thumbnail) < THUMBNAIL_BYTES


def test_frames_that_ffmpeg_is_strict_about_are_shown_as_far_as_they_go(tmp_path: Path) -> None:
    frames = {key: garbled(frame) if int(key) % 2 else frame for key, frame in numbered(20).items()}
    made = make_film(job_of(frames, tmp_path / "film.mp4"))
    assert made.frames == 20  # a camera with a dialect of its own must not cost the whole film


@pytest.mark.parametrize("count", [0, 1])
def test_fewer_than_two_frames_make_no_film(tmp_path: Path, count: int) -> None:
    with pytest.raises(TooFewFramesError):
        make_film(job_of(numbered(count), tmp_path / "film.mp4"))


def test_no_film_of_broken_frames_only(tmp_path: Path) -> None:
    frames: dict[str, bytes | None] = {"1": b"", "2": None, "3": b"text", "4": numbered_frame(1)}
    with pytest.raises(TooFewFramesError):
        make_film(job_of(frames, tmp_path / "film.mp4"))
    assert list(tmp_path.iterdir()) == []


def test_a_store_that_goes_away_in_the_middle_leaves_nothing_behind(tmp_path: Path) -> None:
    frames = numbered(200)

    def fetch(key: str) -> bytes:
        if key == "0120":
            raise TransientError("the store is away")
        return frames[key]

    with pytest.raises(TransientError, match="away"):
        make_film(replace(job_of(frames, tmp_path / "film.mp4"), fetch=fetch))
    assert list(tmp_path.iterdir()) == []


def test_the_progress_reaches_the_end(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    job = job_of(numbered(9), tmp_path / "film.mp4")
    make_film(replace(job, progress=lambda done, total: told.append((done, total))))
    assert told == [(done, 9) for done in range(1, 10)]


def test_memory_does_not_grow_with_the_number_of_frames(tmp_path: Path) -> None:
    program = """
import resource, sys
from pathlib import Path
from functions.timelapse.film import make_film
from tests.functions.timelapse.encode_jobs import noisy_frame, job_of
frame = noisy_frame(1)
order = job_of({str(n): frame for n in range(20)}, Path(sys.argv[1]))
make_film(order)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
child_before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
class Many(dict):
    def __getitem__(self, key): return bytes(frame)
many = Many.fromkeys(str(n) for n in range(600))
made = make_film(job_of(many, Path(sys.argv[1])))
grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
child = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
print(grown, made.frames * len(frame) // 1024, child_before, child)
"""
    told = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "film.mp4")],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    grown, all_frames, ffmpeg_of_few, ffmpeg_of_many = (int(word) for word in told.split())
    assert all_frames > 20_000  # KiB
    assert grown < all_frames / 3
    assert ffmpeg_of_many < 1.5 * ffmpeg_of_few

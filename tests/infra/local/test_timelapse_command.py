"""`printer-bridge timelapse FOLDER`."""

import argparse
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from moto import mock_aws

from functions.shared.aws.clients import make_client
from functions.shared.aws.s3 import S3FrameStore
from functions.shared.domain.frame_packs import make_pack
from functions.shared.domain.keys import frame_key
from functions.shared.settings import Settings
from infra.local.timelapse_command import add_arguments, run
from tests.support.aws.places import aws_environment, make_bucket
from tests.support.numbered_frames import fill_folder, numbered_frame, shown_in, top_atoms

BEGIN = 1_700_000_000.0
PREFIX = "images/A1M-1/benchy/"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def asked(*words: str | Path) -> argparse.Namespace:
    parser = argparse.ArgumentParser(exit_on_error=False)
    add_arguments(parser)
    return parser.parse_args([str(word) for word in words])


def test_a_film_of_a_jobs_folder(tmp_path: Path) -> None:
    fill_folder(tmp_path, PREFIX, range(20), BEGIN, 6.0)
    screen = io.StringIO()
    assert run(asked(tmp_path / PREFIX, "--duration", "4"), screen=screen, clock=lambda: BEGIN) == 0
    film = tmp_path / PREFIX / "timelapse_20231114T221320.mp4"
    assert shown_in(film) == list(range(20))
    assert screen.getvalue() == f"{film}: 20 frames, 4.0 s, 192x108, {film.stat().st_size / 1e6:.1f} MB\n"
    assert top_atoms(film)[0] == "ftyp"


def test_any_folder_of_images_in_the_order_of_their_names(tmp_path: Path) -> None:
    for number in (1, 2, 3, 10, 11, 20, 100):
        (tmp_path / f"frame{number}.JPG").write_bytes(numbered_frame(number))
    (tmp_path / "notes.txt").write_text("not a picture")
    for thumbnail in ("timelapse_20231114T221320_thumb.jpeg", "timelapse_20231114T221320_thumb.jpg"):
        (tmp_path / thumbnail).write_bytes(numbered_frame(4000))
    out = tmp_path / "out.mp4"
    assert run(asked(tmp_path, "--duration", "4", "--out", out), screen=io.StringIO()) == 0
    assert shown_in(out) == [1, 2, 3, 10, 11, 20, 100]


def test_only_the_frames_of_one_run_of_a_file(tmp_path: Path) -> None:
    fill_folder(tmp_path, PREFIX, range(10), BEGIN, 6.0)
    fill_folder(tmp_path, PREFIX, range(50, 60), BEGIN + 3600, 6.0)
    out = tmp_path / "out.mp4"
    span = ("--since", "20231114T231320", "--until", "20231114T231404")
    assert run(asked(tmp_path / PREFIX, "--out", out, *span), screen=io.StringIO()) == 0
    assert shown_in(out) == list(range(50, 58))


def test_length_pace_width_and_size_can_be_chosen(tmp_path: Path) -> None:
    fill_folder(tmp_path, PREFIX, range(100), BEGIN, 6.0)
    screen = io.StringIO()
    out = tmp_path / "out.mp4"
    words = ("--duration", "3", "--fps", "5", "--width", "100", "--max-bytes", "100000", "--out", out)
    assert run(asked(tmp_path / PREFIX, *words), screen=screen) == 0
    assert "8 frames, 3.0 s, 100x56" in screen.getvalue()
    assert out.stat().st_size <= 100_000


def test_the_settings_hold_where_nothing_is_said(tmp_path: Path) -> None:
    fill_folder(tmp_path, PREFIX, range(100), BEGIN, 6.0)
    screen = io.StringIO()
    settings = Settings(timelapse_target_duration_seconds=3.0, timelapse_fps_cap=4, timelapse_max_width=96)
    assert run(asked(tmp_path / PREFIX), settings, screen) == 0
    assert "7 frames, 3.0 s, 96x54" in screen.getvalue()


def test_a_terminal_shows_a_bar_that_fills_up(tmp_path: Path) -> None:
    fill_folder(tmp_path, PREFIX, range(20), BEGIN, 6.0)
    screen = Terminal()
    assert run(asked(tmp_path / PREFIX, "--duration", "4"), screen=screen) == 0
    lines = screen.getvalue().split("\n")
    assert lines[0].split("\r")[-1] == "█" * 30 + " 100 %  20/20 frames"


def test_broken_frames_are_counted(tmp_path: Path) -> None:
    paths = fill_folder(tmp_path, PREFIX, range(20), BEGIN, 6.0)
    paths[3].write_bytes(b"")
    paths[4].unlink()
    paths[4].mkdir()
    screen = io.StringIO()
    assert run(asked(tmp_path / PREFIX, "--duration", "4"), screen=screen) == 0
    assert "18 frames, 2 left out (broken)" in screen.getvalue()


def test_what_cannot_be_done_is_said_in_one_line(tmp_path: Path) -> None:
    def said(*words: str | Path, settings: Settings | None = None) -> str:
        screen = io.StringIO()
        assert run(asked(*words), settings, screen) == 1
        assert screen.getvalue().count("\n") == 1
        return screen.getvalue()

    assert "cannot be read" in said(tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    assert "has 0 such frames" in said(tmp_path / "empty")
    fill_folder(tmp_path, PREFIX, range(5), BEGIN, 6.0)
    (tmp_path / "there.mp4").write_text("a film")
    assert "there already" in said(tmp_path / PREFIX, "--out", tmp_path / "there.mp4")
    assert "no folder that can be written to" in said(
        tmp_path / PREFIX, "--out", tmp_path / "no" / "film.mp4"
    )
    assert "FFMPEG" in said(tmp_path / PREFIX, settings=Settings(ffmpeg="/no/ffmpeg"))
    assert (tmp_path / "there.mp4").read_text() == "a film"
    (tmp_path / "foreign").mkdir()
    for number in range(3):
        (tmp_path / "foreign" / f"{number}.jpg").write_bytes(numbered_frame(number))
    assert "--since" in said(tmp_path / "foreign", "--since", "20231114T231320")


@pytest.mark.parametrize(
    "words",
    [("--duration", "0"), ("--fps", "many"), ("--width", "-2"), ("--max-bytes", "1"), ("--since", "now")],
)
def test_arguments_out_of_range_are_named(words: tuple[str, str]) -> None:
    with pytest.raises(argparse.ArgumentError, match=words[0]):
        asked("folder", *words)


@pytest.fixture
def bucket() -> Iterator[str]:
    with aws_environment(), mock_aws():
        yield make_bucket(make_client("s3"))


def test_a_film_of_a_job_in_the_cloud_whose_frames_came_in_packs(
    bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = [frame_key(PREFIX, BEGIN + 6 * number, number) for number in range(20)]
    store = S3FrameStore(make_client("s3"), bucket)
    store.put_pack(make_pack([(key, numbered_frame(number)) for number, key in enumerate(keys[:15])]))
    for number, key in enumerate(keys[15:], 15):
        (tmp_path / "source").write_bytes(numbered_frame(number))
        store.put(key, tmp_path / "source")
    monkeypatch.chdir(tmp_path)
    words = (f"s3://{bucket}/{PREFIX}", "--since", "20231114T221350")
    assert run(asked(*words), screen=io.StringIO(), clock=lambda: BEGIN) == 0
    assert shown_in(tmp_path / "timelapse_20231114T221320.mp4") == list(range(5, 20))


@pytest.mark.parametrize("place", ["s3://{bucket}/images/A1M-1/nothing/", "s3://no-such-bucket/", "s3://"])
def test_a_place_in_the_cloud_without_frames_is_said(bucket: str, tmp_path: Path, place: str) -> None:
    screen = io.StringIO()
    words = (place.format(bucket=bucket), "--out", tmp_path / "film.mp4")
    assert run(asked(*words), screen=screen) == 1
    assert screen.getvalue().startswith("No film: ")
    assert not list(tmp_path.iterdir())

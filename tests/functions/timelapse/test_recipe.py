"""What the documents say to type for a film by hand is typed here, in a folder that has a film already."""

import argparse
import io
import re
import shlex
import subprocess
from pathlib import Path

import pytest

from functions.timelapse.ffmpeg import find_ffmpeg, read_film
from infra.local import timelapse_command
from tests.functions.timelapse.harness import PREFIX, Harness
from tests.support.numbered_frames import film_numbers, shown_in

ROOT = Path(__file__).parents[3]
_SHELL = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FRAMES = list(range(60))


def shell_blocks(document: str, word: str) -> list[str]:
    """Those of a document's shell lines that have the word."""
    return [found for found in _SHELL.findall((ROOT / document).read_text(encoding="utf-8")) if word in found]


QUICK, TARGET = shell_blocks("infra/docs/operations.md", "'FOLDER")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A job's folder after its end: frames, the film and whatever else was made with it."""
    harness = Harness(tmp_path)
    harness.keep_frames(range(60))
    harness.order(60)
    harness.work()
    folder = tmp_path / PREFIX
    assert len(list(folder.iterdir())) == 60 + 3, "a film, its thumbnail and the last frame"
    return folder


@pytest.mark.parametrize(
    ("recipe", "seconds", "shown"),
    [
        (QUICK, 2.0, FRAMES),
        (TARGET.replace("SECONDS_LONG=45", "SECONDS_LONG=4"), 4.0, FRAMES),
        (
            TARGET.replace("SECONDS_LONG=45", "SECONDS_LONG=1"),
            1.0,
            [int(place * 59 / 29) for place in range(30)],
        ),
    ],
)
def test_the_plain_recipes_show_the_frames_and_nothing_else(
    tmp_path: Path, folder: Path, recipe: str, seconds: float, shown: list[int]
) -> None:
    program = tmp_path / "bin" / "ffmpeg"
    program.parent.mkdir()
    program.symlink_to(find_ffmpeg())
    subprocess.run(
        ["bash", "-c", recipe.replace("FOLDER", str(folder))],
        cwd=tmp_path,
        env={"PATH": f"{program.parent}:/usr/bin:/bin"},
        capture_output=True,
        check=True,
    )
    facts = read_film(find_ffmpeg(), tmp_path / "film.mp4")
    assert facts.seconds == pytest.approx(seconds, abs=0.05)
    assert (facts.codec, facts.pixel_format) == ("h264", "yuv420p")
    assert film_numbers(tmp_path / "film.mp4") == shown


@pytest.mark.parametrize("document", ["README.md", "infra/docs/operations.md"])
def test_the_command_of_the_documents_shows_the_frames_and_nothing_else(
    tmp_path: Path, folder: Path, document: str
) -> None:
    [block] = shell_blocks(document, "printer-bridge timelapse")
    program, *words = shlex.split(block)
    assert program == ".venv/bin/printer-bridge"
    example = words.index("images/my-printer/Benchy")
    words[example], words[words.index("benchy.mp4")] = str(folder), str(tmp_path / "benchy.mp4")
    parser = argparse.ArgumentParser()
    timelapse_command.add_arguments(parser)
    screen = io.StringIO()
    assert timelapse_command.run(parser.parse_args(words[1:]), screen=screen) == timelapse_command.GOOD
    assert shown_in(tmp_path / "benchy.mp4") == FRAMES, screen.getvalue()

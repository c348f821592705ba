"""The plain ffmpeg recipes of infra/docs/operations.md do what they say."""

import subprocess
from pathlib import Path

import pytest

from functions.timelapse.ffmpeg import find_ffmpeg, read_film
from functions.timelapse.recipe import QUICK_RECIPE, TARGET_RECIPE
from tests.support.numbered_frames import fill_folder, film_numbers


@pytest.mark.parametrize(
    ("recipe", "seconds", "shown"),
    [
        (QUICK_RECIPE, 2.0, list(range(60))),
        (TARGET_RECIPE.replace("SECONDS_LONG=45", "SECONDS_LONG=4"), 4.0, list(range(60))),
        (
            TARGET_RECIPE.replace("SECONDS_LONG=45", "SECONDS_LONG=1"),
            1.0,
            [int(place * 59 / 29) for place in range(30)],
        ),
    ],
)
def test_the_plain_recipes_run(tmp_path: Path, recipe: str, seconds: float, shown: list[int]) -> None:
    fill_folder(tmp_path, "my frames/", range(60), 1_700_000_000.0, 6.0)
    program = tmp_path / "bin" / "ffmpeg"
    program.parent.mkdir()
    program.symlink_to(find_ffmpeg())
    subprocess.run(
        ["bash", "-c", recipe.replace("FOLDER", "my frames")],
        cwd=tmp_path,
        env={"PATH": f"{program.parent}:/usr/bin:/bin"},
        capture_output=True,
        check=True,
    )
    facts = read_film(find_ffmpeg(), tmp_path / "film.mp4")
    assert facts.seconds == pytest.approx(seconds, abs=0.05)
    assert (facts.codec, facts.pixel_format) == ("h264", "yuv420p")
    assert film_numbers(tmp_path / "film.mp4") == shown

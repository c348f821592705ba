"""What a film costs, as ratios within one run: `make bench`. CPU time of one core, never wall time."""

import os
import re
import resource
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from functions.shared.domain.keys import frame_key
from functions.timelapse.ffmpeg import find_ffmpeg
from functions.timelapse.plan import Timing, choose_evenly, film_timing, most_frames
from functions.timelapse.recipe import QUICK_RECIPE, TARGET_RECIPE, film_command, film_shape
from tests.performance.benchmarks.lifelike_frames import write_frames

pytestmark = pytest.mark.benchmark

TARGET_SECONDS, FPS_CAP = 45, 30
PLAIN_COUNT, LONG_COUNT, QUALITY_COUNT = 1350, 10_000, 300
MEMORY_LIMIT_MB = 250
BEGIN = 1_700_000_000.0

BY_HAND = """
import argparse, resource, sys
from infra.local.timelapse_command import add_arguments, run
parser = argparse.ArgumentParser()
add_arguments(parser)
code = run(parser.parse_args(sys.argv[1:]))
own = next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM"))
print((own + resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss) // 1024)
sys.exit(code)
"""


@pytest.fixture(scope="module", autouse=True)
def one_core() -> Iterator[None]:
    """The machine's other cores stay free, and threads do not wander."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(before)})
    yield
    os.sched_setaffinity(0, before)


@pytest.fixture(scope="module")
def plain_job(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """1,350 frames of 1280x720, 100 kB each."""
    folder = tmp_path_factory.mktemp("plain")
    write_frames(folder, "job/", PLAIN_COUNT, BEGIN, 10.0)
    return folder / "job"


@pytest.fixture(scope="module")
def long_job(plain_job: Path) -> Path:
    """10,000 frames: the same images, each under seven or eight names."""
    folder = plain_job.parent / "long"
    folder.mkdir()
    images = sorted(plain_job.glob("*.jpg"))
    for number in range(LONG_COUNT):
        name = frame_key("", BEGIN + 10.0 * number, number) + "long.jpg"
        os.link(images[number * PLAIN_COUNT // LONG_COUNT], folder / name)
    return folder


def cpu_seconds(
    command: Sequence[str], feed: Sequence[Path] = (), folder: Path | None = None
) -> tuple[float, str]:
    """User and system time of the command with all its children, and what it printed."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=folder
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for path in feed:
            process.stdin.write(path.read_bytes())
        process.stdin.close()
        told = process.stdout.read().decode()
    assert process.returncode == 0, told
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, told


def show(text: str) -> None:
    sys.stdout.write(text)


def shell(recipe: str, job: Path) -> float:
    recipe = recipe.replace("ffmpeg -f", f"{find_ffmpeg()} -y -f")
    return cpu_seconds(["bash", "-c", recipe.replace("FOLDER", str(job))], folder=job.parent)[0]


def by_hand(job: Path, film: Path) -> tuple[float, int]:
    """CPU seconds and peak memory in MB (Python and ffmpeg) of the product's own film."""
    film.unlink(missing_ok=True)
    seconds, told = cpu_seconds([sys.executable, "-c", BY_HAND, str(job), "--out", str(film)])
    return seconds, int(told)


def test_a_film_of_any_length_costs_the_same(plain_job: Path, long_job: Path, tmp_path: Path) -> None:
    images = sorted(plain_job.glob("*.jpg"))
    places = choose_evenly(list(range(len(images))), most_frames(TARGET_SECONDS, FPS_CAP))
    decode = [find_ffmpeg(), "-v", "error", "-threads", "1", "-f", "image2pipe", "-c:v", "mjpeg", "-i", "-"]
    decoding, _ = cpu_seconds([*decode, "-f", "null", "-"], [images[place] for place in places])
    plain, plain_memory = by_hand(plain_job, tmp_path / "plain.mp4")
    long, long_memory = by_hand(long_job, tmp_path / "long.mp4")
    quick_recipe = shell(QUICK_RECIPE, plain_job)
    target_recipe = shell(TARGET_RECIPE, long_job)
    size = (tmp_path / "long.mp4").stat().st_size
    show(
        f"\nfilm, CPU seconds of one core: decoding {len(places)} frames {decoding:.1f}; "
        f"1,350 frames {plain:.1f} ({plain / decoding:.2f} x decoding); "
        f"10,000 frames {long:.1f} ({long / decoding:.2f} x decoding, {long / plain:.2f} x 1,350 frames)\n"
        f"plain ffmpeg: quick recipe, 1,350 frames {quick_recipe:.1f} (ours {plain / quick_recipe:.2f}); "
        f"target recipe, 10,000 frames {target_recipe:.1f} (ours {long / target_recipe:.2f})\n"
        f"peak memory {max(plain_memory, long_memory)} MB, film {size / 1e6:.1f} MB\n"
    )
    assert long <= 3 * decoding
    assert long <= 1.1 * plain
    assert max(plain_memory, long_memory) <= MEMORY_LIMIT_MB


def test_the_preset_is_as_good_as_veryfast_at_half_its_cost(plain_job: Path, tmp_path: Path) -> None:
    images = sorted(plain_job.glob("*.jpg"))[:: PLAIN_COUNT // QUALITY_COUNT][:QUALITY_COUNT]
    timing = Timing(film_timing(QUALITY_COUNT, 10, FPS_CAP).rate, 1, QUALITY_COUNT)
    shape = film_shape(1280, 720, 1280, 52_428_800, timing)
    ours, theirs = tmp_path / "ours.mp4", tmp_path / "theirs.mp4"
    commands = {
        ours: film_command(find_ffmpeg(), timing, shape, ours),
        theirs: [
            *(find_ffmpeg(), "-y", "-f", "image2pipe", "-framerate", "30", "-c:v", "mjpeg", "-i", "-"),
            *("-vf", "scale=1280:-2,format=yuv420p", "-c:v", "libx264", "-preset", "veryfast", "-crf", "28"),
            *("-movflags", "+faststart", str(theirs)),
        ],
    }
    costs = {
        film: min(cpu_seconds(command, images)[0] for _ in range(2)) for film, command in commands.items()
    }
    figures = {film: _quality(film, images) for film in commands}
    for film, name in ((ours, "ours"), (theirs, "veryfast crf 28")):
        show(
            f"\n{name}: {costs[film]:.2f} CPU s, {film.stat().st_size / 1e6:.2f} MB, "
            + ", ".join(f"{metric} {figure}" for metric, figure in figures[film].items())
        )
    show(f"\nours costs {costs[ours] / costs[theirs]:.2f} of it\n")
    for metric, figure in figures[theirs].items():
        assert figures[ours][metric] >= figure
    assert costs[ours] <= 0.5 * costs[theirs]


def _quality(film: Path, images: Sequence[Path]) -> dict[str, float]:
    """SSIM, and VMAF if this ffmpeg has it, of every fifth image against its JPEG."""
    filters = subprocess.run([find_ffmpeg(), "-filters"], capture_output=True, check=True, text=True).stdout
    every = "select='not(mod(n,5))'"
    graph = (
        f"[0:v]{every},scale=1280:720:out_range=tv,format=yuv420p,setpts=N/30/TB,split[r][r2];"
        f"[1:v]{every},setpts=N/30/TB,split[d][d2];[d][r]ssim;[d2][r2]"
    ) + ("libvmaf" if "libvmaf" in filters else "psnr")
    told = subprocess.run(
        [
            *(find_ffmpeg(), "-hide_banner", "-nostats", "-f", "image2pipe", "-framerate", "30"),
            *("-c:v", "mjpeg", "-i", "-", "-i", str(film), "-lavfi", graph, "-f", "null", "-"),
        ],
        input=b"".join(path.read_bytes() for path in images),
        capture_output=True,
        check=True,
    ).stderr.decode()
    found = {"SSIM": re.search(r"All:([0-9.]+)", told), "VMAF": re.search(r"VMAF score: ([0-9.]+)", told)}
    figures = {metric: float(match[1]) for metric, match in found.items() if match is not None}
    assert "SSIM" in figures, told[-500:]
    return figures

"""What happens when ffmpeg is missing, killed, hangs, or the disk is full: always told, never waited for."""

import os
import time
from dataclasses import replace
from pathlib import Path

import pytest

from functions.timelapse.errors import EncodingError, FfmpegMissingError, FilmTooLargeError
from functions.timelapse.ffmpeg import DEFAULT_TIMEOUTS as PATIENT
from functions.timelapse.ffmpeg import (
    NICENESS,
    Encoder,
    FilmFacts,
    Timeouts,
    check_film,
    find_ffmpeg,
    read_film,
)
from functions.timelapse.film import make_film, make_thumbnail
from functions.timelapse.plan import film_timing
from functions.timelapse.recipe import film_command, film_shape
from tests.functions.timelapse.encode_jobs import IMPATIENT, acted_by, job_of, noisy_frame, numbered
from tests.support.numbered_frames import numbered_frame, shown_in

FILM_ONLY = """
for last; do :; done
case "$*" in *libx264*) ACT;; *) exec "$FFMPEG" "$@";; esac
"""
PADDED = FILM_ONLY.replace("ACT", '"$FFMPEG" "$@" || exit; PADDING >> "$last"')


def fail(script: str, folder: Path, timeouts: Timeouts = IMPATIENT) -> str:
    """What is said of a film that this script is asked for."""
    job = acted_by(job_of(numbered(300), folder / "film.mp4"), script, folder)
    with pytest.raises(EncodingError) as raised:
        make_film(replace(job, timeouts=timeouts))
    assert not (folder / "film.mp4").exists()
    return str(raised.value)


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"  # killed, and its new parent has not looked yet


def test_no_ffmpeg_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(FfmpegMissingError, match="FFMPEG"):
        find_ffmpeg(str(tmp_path / "ffmpeg"))
    job = replace(job_of(numbered(3), tmp_path / "film.mp4"), ffmpeg=str(tmp_path / "ffmpeg"))
    with pytest.raises(FfmpegMissingError, match="cannot be started"):
        make_film(job)


def test_a_file_that_is_no_program_says_so(tmp_path: Path) -> None:
    (tmp_path / "ffmpeg").write_bytes(b"\x7fELF of another machine")
    (tmp_path / "ffmpeg").chmod(0o755)
    job = replace(job_of(numbered(3), tmp_path / "film.mp4"), ffmpeg=str(tmp_path / "ffmpeg"))
    with pytest.raises(FfmpegMissingError, match="cannot be started"):
        make_film(job)


def test_the_ffmpeg_of_the_setting_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "my-ffmpeg").symlink_to(find_ffmpeg())
    assert find_ffmpeg(str(tmp_path / "my-ffmpeg")) == str(tmp_path / "my-ffmpeg")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_ffmpeg("my-ffmpeg") == str(tmp_path / "my-ffmpeg")


def test_one_that_reads_nothing_is_stopped(tmp_path: Path) -> None:
    assert "stood still" in fail("sleep 1000", tmp_path)


def test_one_that_never_ends_is_stopped(tmp_path: Path) -> None:
    assert "stood still" in fail("cat > /dev/null; sleep 1000", tmp_path)


def test_one_that_is_merely_slow_for_ever_is_stopped_too(tmp_path: Path) -> None:
    slow = "while :; do head -c 100 > /dev/null; echo frame=$((n+=1)); sleep 0.05; done"
    assert "not done after" in fail(slow, tmp_path, Timeouts(total_seconds=0.5, stall_seconds=60))


def test_one_that_is_killed_is_said_to_be_killed(tmp_path: Path) -> None:
    assert "killed by signal 9" in fail("head -c 3000 > /dev/null; kill -9 $$", tmp_path)


def test_one_that_ends_early_is_quoted(tmp_path: Path) -> None:
    said = fail("echo '[mp4 @ 0x55d0c1] Conversion failed: no such codec' >&2; exit 3", tmp_path)
    assert said == "ffmpeg ended with code 3: Conversion failed: no such codec"


def test_one_that_leaves_a_child_behind_is_not_waited_for(tmp_path: Path) -> None:
    assert "code 4" in fail("sleep 1000 & exit 4", tmp_path)


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads Linux's /proc")
def test_nothing_is_left_running_when_it_hangs(tmp_path: Path) -> None:
    fail(
        f"echo $$ >> {tmp_path}/pids; cat > /dev/null; sleep 1000 & echo $! >> {tmp_path}/pids; wait",
        tmp_path,
    )
    pids = [int(pid) for pid in (tmp_path / "pids").read_text().split()]
    assert len(pids) >= 4  # the film's and the thumbnail's
    deadline = time.monotonic() + 10  # a kill takes its moment
    while any(is_running(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not [pid for pid in pids if is_running(pid)]


def test_one_that_talks_without_end_does_not_block(tmp_path: Path) -> None:
    talk = 'yes "a long complaint about every single frame" | head -c 3000000 >&2; cat > /dev/null; exit 1'
    assert "a long complaint" in fail(talk, tmp_path)


def test_a_full_disk_is_said_in_those_words(tmp_path: Path) -> None:
    if not os.access("/dev/full", os.W_OK):
        pytest.skip("this system has no /dev/full")
    (tmp_path / "film.mp4").symlink_to("/dev/full")
    with pytest.raises(EncodingError, match="the disk is full"):
        make_film(job_of(numbered(20), tmp_path / "film.mp4"))


def test_a_folder_that_is_gone_is_an_error_of_this_try_only(tmp_path: Path) -> None:
    with pytest.raises(EncodingError, match="No such file"):
        make_film(job_of(numbered(20), tmp_path / "nowhere" / "film.mp4"))


def test_one_that_writes_nothing_is_found_out(tmp_path: Path) -> None:
    assert "cannot be written" in fail("cat > /dev/null", tmp_path)


def test_one_that_writes_rubbish_is_found_out(tmp_path: Path) -> None:
    rubbish = 'cat > "$last"; echo frame=320'
    assert "broken" in fail(FILM_ONLY.replace("ACT", rubbish), tmp_path)


@pytest.mark.parametrize(
    "facts",
    [
        FilmFacts(4.0, "hevc", "yuv420p", 192, 108),
        FilmFacts(4.0, "h264", "yuvj420p", 192, 108),
        FilmFacts(4.0, "h264", "yuv420p", 192, 100),
        FilmFacts(2.0, "h264", "yuv420p", 192, 108),
    ],
)
def test_a_film_that_is_not_as_ordered_is_refused(facts: FilmFacts) -> None:
    check_film(FilmFacts(4.2, "h264", "yuv420p", 192, 108), 192, 108, 4.0, 0.5)
    with pytest.raises(EncodingError, match="not as ordered"):
        check_film(facts, 192, 108, 4.0, 0.5)


def test_no_film_at_all_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "film.mp4").write_bytes(b"no film")
    with pytest.raises(EncodingError, match="broken"):
        read_film(find_ffmpeg(), tmp_path / "film.mp4")


def test_a_film_over_the_limit_is_made_again_at_half_the_rate(tmp_path: Path) -> None:
    count = tmp_path / "count"
    once_too_large = PADDED.replace(
        "PADDING", f"echo x >> {count}; [ $(wc -l < {count}) -gt 1 ] || head -c 6000000 /dev/zero"
    )
    made = make_film(acted_by(job_of(numbered(20), tmp_path / "film.mp4"), once_too_large, tmp_path))
    assert made.size < 5_000_000
    assert count.read_text().count("x") == 2
    assert shown_in(made.path) == list(range(20))


def test_a_film_that_stays_over_the_limit_is_never_given_out(tmp_path: Path) -> None:
    always_too_large = PADDED.replace("PADDING", "head -c 6000000 /dev/zero")
    with pytest.raises(FilmTooLargeError, match="TIMELAPSE_MAX_BYTES"):
        make_film(acted_by(job_of(numbered(20), tmp_path / "film.mp4"), always_too_large, tmp_path))
    assert not (tmp_path / "film.mp4").exists()


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="reads Linux's /proc")
def test_all_of_it_runs_niced_so_that_alerts_go_first(tmp_path: Path) -> None:
    timing = film_timing(60, 4, 30)
    shape = film_shape(320, 180, 1280, 5_000_000, timing)
    with Encoder(film_command(find_ffmpeg(), timing, shape, tmp_path / "film.mp4"), PATIENT) as encoder:
        frame = noisy_frame(1)
        for _ in range(300):  # more than the pipe and its first look take: by then all threads are there
            encoder.write(frame)
        process = encoder._process.pid  # noqa: SLF001 - only the kernel knows
        stats = [path.read_text() for path in Path(f"/proc/{process}/task").glob("*/stat")]
    niceness = [int(stat.rpartition(")")[2].split()[16]) for stat in stats]  # man 5 proc
    assert len(niceness) > 1
    assert set(niceness) == {NICENESS}


def test_a_thumbnail_that_fails_is_none_and_costs_nothing_else(tmp_path: Path) -> None:
    assert make_thumbnail(str(tmp_path / "ffmpeg"), numbered_frame(1)) is None
    assert make_thumbnail(find_ffmpeg(), b"no picture") is None


def test_ffmpeg_gets_to_know_no_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TELEGRAM_BOT_TOKEN", "OPENROUTER_API_KEY", "AWS_SECRET_ACCESS_KEY", "API_KEY"):
        monkeypatch.setenv(name, "a-secret-of-ours")
    script = f"tr '\\0' '\\n' < /proc/$$/environ >> {tmp_path}/seen; exec \"$FFMPEG\" \"$@\""
    job = replace(acted_by(job_of(numbered(3), tmp_path / "film.mp4"), script, tmp_path), timeouts=PATIENT)
    make_film(job)
    assert make_thumbnail(job.ffmpeg, numbered_frame(1)) is not None
    seen = (tmp_path / "seen").read_text()
    assert "PATH=" in seen
    assert "a-secret-of-ours" not in seen

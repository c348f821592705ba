"""ffmpeg as a program: found, fed with frames while it is watched, and asked what a film really is."""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from types import TracebackType
from typing import IO

from functions.shared.runtime.child_environment import child_environment
from functions.shared.value_class import dataclass
from functions.timelapse.errors import EncodingError, FfmpegMissingError

_TRIAL_SECONDS = 60.0


def find_ffmpeg(setting: str = "") -> str:
    """Path of ffmpeg: the setting's if there is one, else the installed package's, else the system's.

    Raises FfmpegMissingError, which says what to do.
    """
    if setting:
        found = shutil.which(setting)
        if found is None:
            raise FfmpegMissingError(
                f"FFMPEG is {setting!r}, and there is no such program: correct it, or leave it empty "
                "to use the ffmpeg that is installed along"
            )
        return found
    named = os.environ.get("IMAGEIO_FFMPEG_EXE")  # the package's own variable
    found = (shutil.which(named) if named else _packaged()) or shutil.which("ffmpeg")
    if found is None:
        raise FfmpegMissingError(
            "ffmpeg is not installed: run `pip install imageio-ffmpeg==0.7.0`, "
            "or install ffmpeg and name it in FFMPEG"
        )
    return found


@cache
def _packaged() -> str | None:
    """As the package itself finds it, which would try it with all that this process knows.

    None: the package is not there, or came without a program for this machine.
    """
    try:
        found = [str(it) for it in files("imageio_ffmpeg.binaries").iterdir() if it.name.startswith("ffmpeg")]
    except (ImportError, OSError):
        return None
    for path in map(shutil.which, [*sorted(found), os.path.join(sys.prefix, "bin", "ffmpeg")]):
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            if path is not None and run_briefly([path, "-version"], b"", _TRIAL_SECONDS)[0]:
                return path
    return None


def run_briefly(command: Sequence[str], fed: bytes, limit_seconds: float) -> tuple[bytes, bytes]:
    """What it says on stdout and stderr, whatever its exit code. Raises OSError and TimeoutExpired."""
    with subprocess.Popen(  # noqa: S603 (the command is ours, never a shell)
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=child_environment(),
        start_new_session=True,
    ) as process:
        try:
            return process.communicate(fed, limit_seconds)
        finally:
            with contextlib.suppress(ProcessLookupError, PermissionError):  # it has ended, as it should
                os.killpg(process.pid, signal.SIGKILL)


_DURATION = re.compile(r"Duration: (\d+):(\d\d):(\d\d\.\d+)")
_VIDEO = re.compile(r"Video: (\w+)[^\n]*?, (yuv\w+)[^\n]*?, (\d{2,5})x(\d{2,5})[ ,\n]")


@dataclass(frozen=True, slots=True)
class FilmFacts:
    """Length in seconds, codec and pixel format by ffmpeg's names, size in pixels."""

    seconds: float
    codec: str
    pixel_format: str
    width: int
    height: int


def read_film(ffmpeg: str, film: Path, limit_seconds: float = 60.0) -> FilmFacts:
    """The facts of a film. Raises EncodingError if it is none."""
    try:
        _, words = run_briefly([ffmpeg, "-hide_banner", "-nostdin", "-i", str(film)], b"", limit_seconds)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise EncodingError(f"the film could not be read back: {type(error).__name__}") from error
    told = words.decode("utf-8", "replace")
    duration, video = _DURATION.search(told), _VIDEO.search(told)
    if duration is None or video is None:
        raise EncodingError("the film that ffmpeg wrote is broken")
    hours, minutes, seconds = duration.groups()
    return FilmFacts(
        seconds=int(hours) * 3600 + int(minutes) * 60 + float(seconds),
        codec=video[1],
        pixel_format=video[2],
        width=int(video[3]),
        height=int(video[4]),
    )


def check_film(facts: FilmFacts, width: int, height: int, seconds: float, tolerance: float) -> None:
    """Raises EncodingError if the film is not the one that was ordered."""
    wrong = []
    if (facts.codec, facts.pixel_format) != ("h264", "yuv420p"):
        wrong.append(f"{facts.codec}, {facts.pixel_format}")
    if (facts.width, facts.height) != (width, height):
        wrong.append(f"{facts.width}x{facts.height} instead of {width}x{height}")
    if abs(facts.seconds - seconds) > tolerance:
        wrong.append(f"{facts.seconds:.1f} s instead of {seconds:.1f} s")
    if wrong:
        raise EncodingError(f"the film that ffmpeg wrote is not as ordered: {', '.join(wrong)}")


NICENESS = 10
_KEPT_WORDS = 4096
_POLL_SECONDS = 0.05
_FRAME_COUNT = re.compile(rb"frame=\s*(\d+)")
_TRACE = re.compile(r"\[[^\]]*@ 0x[0-9a-f]+\]\s*")

Clock = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long a film may take in all, and how long ffmpeg may stand still (a single frame, or the end)."""

    total_seconds: float = 1800.0
    stall_seconds: float = 120.0


DEFAULT_TIMEOUTS = Timeouts()


class Encoder:
    """Use as a context: leaving it by an error kills the process.

    Raises FfmpegMissingError if it cannot be started, EncodingError for all that happens later.
    """

    def __init__(self, command: Sequence[str], timeouts: Timeouts, monotonic: Clock = time.monotonic) -> None:
        self._timeouts = timeouts
        self._monotonic = monotonic
        try:
            # A session of its own, so that killing reaches whatever a wrapper script has started.
            self._process = subprocess.Popen(  # noqa: S603 (the command is ours, never a shell)
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=child_environment(),
                start_new_session=True,
            )
        except OSError as error:
            raise FfmpegMissingError(
                f"ffmpeg cannot be started ({error.strerror}): install it, or correct FFMPEG"
            ) from error
        # Its threads inherit this: they are made when the first frame has come, which is later.
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, self._process.pid, NICENESS)
        self.film_frames = 0
        self._words = bytearray()
        self._verdict: str | None = None
        self._started_at = monotonic()
        self._waiting_since: float | None = None
        self._is_over = threading.Event()
        self._threads = [
            threading.Thread(target=work, args=arguments, name=name, daemon=True)
            for name, work, arguments in (
                ("film-words", self._read_words, (self._process.stderr,)),
                ("film-progress", self._read_progress, (self._process.stdout,)),
                ("film-watch", self._watch, ()),
            )
        ]
        for thread in self._threads:
            thread.start()

    def __enter__(self) -> "Encoder":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()
        if self._process.stdin is not None:
            with contextlib.suppress(OSError):  # what was still to be written has no reader any more
                self._process.stdin.close()
        self._process.wait()
        for pipe in (self._process.stdout, self._process.stderr):
            if pipe is not None:
                pipe.close()

    def write(self, frame: bytes) -> None:
        """Give it the next frame; waits while it is busy."""
        assert self._process.stdin is not None
        self._waiting_since = self._monotonic()
        try:
            self._process.stdin.write(frame)
            self._process.stdin.flush()
        except OSError as error:
            self._waiting_since = self._monotonic()
            self._process.wait()
            raise EncodingError(self._fault()) from error
        finally:
            self._waiting_since = None

    def finish(self) -> None:
        """No more frames: wait until the film is written."""
        assert self._process.stdin is not None
        self._waiting_since = self._monotonic()
        with contextlib.suppress(OSError):  # its exit code says more
            self._process.stdin.close()
        if self._process.wait() != 0 or self._verdict is not None:
            raise EncodingError(self._fault())
        self._end()

    def _end(self) -> None:
        self._kill()  # a wrapper's children would keep the pipes open
        self._is_over.set()
        for thread in self._threads:
            thread.join()

    def _watch(self) -> None:
        while not self._is_over.wait(_POLL_SECONDS):
            now = self._monotonic()
            waiting_since = self._waiting_since
            if now - self._started_at > self._timeouts.total_seconds:
                self._verdict = f"was not done after {self._timeouts.total_seconds:.0f} s, and was stopped"
            elif waiting_since is not None and now - waiting_since > self._timeouts.stall_seconds:
                self._verdict = f"stood still for {self._timeouts.stall_seconds:.0f} s, and was stopped"
            else:
                continue
            self._kill()
            return

    def _kill(self) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):  # it has ended already
            os.killpg(self._process.pid, signal.SIGKILL)

    def _read_words(self, pipe: IO[bytes]) -> None:
        """Always read, so that it never waits for us; only the last words are kept."""
        while chunk := os.read(pipe.fileno(), 65536):
            self._words += chunk
            del self._words[:-_KEPT_WORDS]

    def _read_progress(self, pipe: IO[bytes]) -> None:
        tail = b""
        while chunk := os.read(pipe.fileno(), 65536):
            tail = (tail + chunk)[-_KEPT_WORDS:]
            counts = _FRAME_COUNT.findall(tail)
            if counts and int(counts[-1]) > self.film_frames:
                self.film_frames = int(counts[-1])
                if self._waiting_since is not None:
                    self._waiting_since = self._monotonic()

    def _fault(self) -> str:
        if self._verdict is not None:
            return f"ffmpeg {self._verdict}"
        self._threads[0].join(1.0)
        words = self._words.decode("utf-8", "replace")
        if "No space left on device" in words:
            return "the disk is full: make room"
        code = self._process.returncode
        if code is not None and code < 0:
            return f"ffmpeg was killed by signal {-code} (too little memory?)"
        lines = [_TRACE.sub("", line).strip() for line in words.splitlines() if line.strip()]
        return f"ffmpeg ended with code {code}: {' / '.join(lines[-2:])[-300:] or 'it said nothing'}"

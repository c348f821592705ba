"""Runs courses of damaged messages over several processes, and judges time and memory.

A course is a piece of work; the messages of one are made from seed and number alone, so that any of them can
be repeated with the course before it.
"""

import ctypes
import gc
import logging
import multiprocessing
import os
import signal
import statistics
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from multiprocessing.context import BaseContext
from pathlib import Path
from typing import Protocol

from tests.reliability.fuzz.course import LENGTH, Chances
from tests.reliability.fuzz.reader_course import ReaderCourse
from tests.reliability.fuzz.tracker_course import TrackerCourse

SECONDS_LIMIT = 0.5
"""CPU seconds that one message may cost: a thousand times the usual, a tenth of the watchdogs' tick."""
HANG_SECONDS = 60.0
"""Seconds after which a message that is still being worked on counts as a hang."""
GROWTH_LIMIT = 24 * 1024 * 1024
"""Bytes a worker may grow beyond its first courses: what the largest messages (15 MiB, up to four bytes a
character) leave behind of scattered pieces; over half a million messages 50 bytes of each are found."""
MEASURED_EVERY = 5
"""Courses of a worker between two looks at its memory, which take as long as fifty messages."""
_WARM_UP_SHARE = 0.1
_SAMPLES_NEEDED = 20
_LIBRARY = ctypes.CDLL(None) if hasattr(ctypes.CDLL(None), "malloc_trim") else None  # glibc only


class Course(Protocol):
    """One life of what is fuzzed."""

    def frame(self, number: int) -> str | bytes: ...

    def feed(self, number: int, frame: str | bytes) -> None: ...

    def end(self) -> None: ...

    def close(self) -> None: ...


KINDS: dict[str, Callable[[Chances, int], Course]] = {"reader": ReaderCourse, "tracker": TrackerCourse}


class HangError(Exception):
    """A message took too long."""


@dataclass(frozen=True)
class Failure:
    """What went wrong with which message; `number` None: with what the course left behind."""

    kind: str
    seed: int
    course: int
    number: int
    error: str
    frame: str | bytes

    @property
    def command(self) -> str:
        """Repeats just this one (with what came before it in its course)."""
        return f"python -m tests.reliability.fuzz --seed {self.seed} --only {self.kind}:{self.number}"


@dataclass(frozen=True)
class CourseResult:
    """How a course went: messages, the slowest of them, resident bytes of the worker after it."""

    kind: str
    course: int
    worker: int
    messages: int
    slowest: tuple[float, int]
    resident: int | None
    failure: Failure | None = None


@dataclass
class TrialResult:
    """How all courses of one kind went. `grown`: bytes of the worker that grew most."""

    kind: str
    seed: int
    messages: int = 0
    seconds: float = 0.0
    slowest: tuple[float, int] = (0.0, 0)
    failures: list[Failure] = field(default_factory=list)
    resident: dict[int, list[int]] = field(default_factory=dict)

    def take(self, result: CourseResult) -> None:
        self.messages += result.messages
        self.slowest = max(self.slowest, result.slowest)
        if result.resident is not None:
            self.resident.setdefault(result.worker, []).append(result.resident)
        if result.failure is not None:
            self.failures.append(result.failure)

    @property
    def grown(self) -> int:
        return max((growth(series) for series in self.resident.values()), default=0)

    @property
    def faults(self) -> list[str]:
        """Every bound that does not hold, in words."""
        faults = [f"{failure.kind}:{failure.number}: {failure.error}" for failure in self.failures]
        if self.slowest[0] > SECONDS_LIMIT:
            faults.append(
                f"{self.kind}:{self.slowest[1]} took {self.slowest[0]:.2f} s of CPU, {SECONDS_LIMIT} allowed"
            )
        if self.grown > GROWTH_LIMIT:
            faults.append(
                f"{self.kind}: a worker grew by {self.grown / 2**20:.0f} MiB, "
                f"{GROWTH_LIMIT / 2**20:.0f} are allowed"
            )
        return faults


def growth(series: list[int]) -> int:
    """From the median of the second tenth of the samples, the first is to warm up, to that of the last."""
    part = max(1, int(len(series) * _WARM_UP_SHARE))
    if len(series) < _SAMPLES_NEEDED:
        return 0
    return int(statistics.median(series[-part:]) - statistics.median(series[part : 2 * part]))


def run_course(kind: str, seed: int, course: int, count: int) -> CourseResult:
    """The first `count` messages of that course."""
    first = course * LENGTH
    slowest, number, frame = (0.0, first), first, ""
    failure, done = None, 0
    before = signal.signal(signal.SIGALRM, _say_hang)
    work = KINDS[kind](Chances(seed, kind), course)
    try:
        for number in range(first, first + count):
            frame = work.frame(number)  # type: ignore[assignment]
            begun = time.thread_time()
            signal.setitimer(signal.ITIMER_REAL, HANG_SECONDS)
            work.feed(number, frame)
            spent = time.thread_time() - begun
            signal.setitimer(signal.ITIMER_REAL, 0)
            if spent > slowest[0]:
                slowest = (spent, number)
            done += 1
        work.end()
    except Exception as error:  # noqa: BLE001 - that is what is looked for
        failure = Failure(kind, seed, course, number, _in_words(error), frame)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        work.close()
    resident = _resident_bytes() if course % MEASURED_EVERY == 0 else None
    return CourseResult(kind, course, os.getpid(), done, slowest, resident, failure)


def run_trial(
    kind: str,
    seed: int,
    messages: int,
    processes: int,
    say: Callable[[TrialResult], None] = lambda so_far: None,
) -> TrialResult:
    """All courses of a kind; ends early after ten failures. `say` is called now and then."""
    result = TrialResult(kind, seed)
    begun = said_at = time.monotonic()
    for one in _results(kind, seed, messages, processes):
        result.take(one)
        result.seconds = time.monotonic() - begun
        if time.monotonic() - said_at > 10:
            said_at = time.monotonic()
            say(result)
        if len(result.failures) >= 10:
            break
    return result


def _results(kind: str, seed: int, messages: int, processes: int) -> Iterator[CourseResult]:
    works = [
        (kind, seed, course, min(LENGTH, messages - course * LENGTH))
        for course in range(-(-messages // LENGTH))
    ]
    if processes <= 1:
        yield from (run_course(*work) for work in works)
        return
    context: BaseContext = multiprocessing.get_context("fork")
    with context.Pool(processes, be_quiet) as pool:
        waiting = pool.imap_unordered(_run, works)
        for _ in works:
            # A hang in C code that no signal interrupts ends the trial here.
            yield waiting.next(timeout=HANG_SECONDS * 3)


def _run(work: tuple[str, int, int, int]) -> CourseResult:
    return run_course(*work)


def be_quiet() -> None:
    """The log is formatted but not shown."""
    root = logging.getLogger()
    root.handlers[:] = [_Formatted()]
    root.setLevel(logging.INFO)


class _Formatted(logging.Handler):
    """Every line is put together, as a program's log does; a fault in that is a failure."""

    def emit(self, record: logging.LogRecord) -> None:
        record.getMessage()


def _say_hang(_number: int, _frame: object) -> None:
    raise HangError(f"still at it after {HANG_SECONDS:g} s")


def _in_words(error: Exception) -> str:
    places = traceback.extract_tb(error.__traceback__)
    place = places[-1]
    return f"{type(error).__name__}: {error!s:.300} ({Path(place.filename).name}:{place.lineno})"


def _resident_bytes() -> int:
    """After what is free was given back, so that only what is held counts."""
    gc.collect()
    if _LIBRARY is not None:
        _LIBRARY.malloc_trim(0)
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")

"""`python -m tests.reliability.fuzz`: damaged messages for the collector, damaged reports for the tracker."""

import argparse
import os
import secrets
import sys
import traceback
from pathlib import Path

from tests.reliability.fuzz.course import LENGTH, Chances
from tests.reliability.fuzz.trial import KINDS, SECONDS_LIMIT, Failure, TrialResult, be_quiet, run_trial


def main(arguments: list[str] | None = None) -> int:
    """0: all held; 1: something did not, said with the command that repeats it."""
    wanted = _arguments().parse_args(arguments)
    be_quiet()
    if wanted.only:
        kind, _, number = wanted.only.partition(":")
        return repeat(kind, wanted.seed, int(number))
    _say(
        f"seed {wanted.seed}: {wanted.messages:,} messages and as many reports, {wanted.processes} processes"
    )
    faults = []
    for kind in wanted.kinds:
        result = run_trial(kind, wanted.seed, wanted.messages, wanted.processes, lambda it: _say(line(it)))
        _say(line(result))
        faults += result.faults
        for failure in result.failures:
            _say(f"  {failure.kind}:{failure.number}: {failure.error}")
            _say(f"    its input: {write_input(failure, Path(wanted.folder))}; again: {failure.command}")
    for fault in faults:
        _say(f"✘ {fault}")
    _say("✔ no crash, no hang, no growth" if not faults else f"✘ {len(faults)} faults, seed {wanted.seed}")
    return 1 if faults else 0


def repeat(kind: str, seed: int, last: int) -> int:
    """One message, with what came before it in its course; a failure is shown whole."""
    course = last // LENGTH
    work = KINDS[kind](Chances(seed, kind), course)
    number = course * LENGTH
    try:
        for number in range(course * LENGTH, last + 1):
            work.feed(number, work.frame(number))
        if last % LENGTH == LENGTH - 1:
            work.end()
    except Exception:  # noqa: BLE001 - that is what was asked for
        _say(f"{kind}:{number} fails: {work.frame(number)[:2000]!r}\n{traceback.format_exc()}")
        return 1
    finally:
        work.close()
    _say(f"{kind}:{last} is taken: {work.frame(last)[:2000]!r}")
    return 0


def line(result: TrialResult) -> str:
    """How far a trial is, or how it went."""
    seconds, number = result.slowest
    rate = result.messages / result.seconds if result.seconds else 0.0
    return (
        f"{result.kind:8}{result.messages:>10,} in {result.seconds:5.0f} s ({rate:,.0f}/s), "
        f"slowest {seconds * 1000:.0f} ms ({result.kind}:{number}, {SECONDS_LIMIT * 1000:.0f} allowed), "
        f"memory grew by {result.grown / 2**20:.1f} MiB, {len(result.failures)} failures"
    )


def write_input(failure: Failure, folder: Path) -> Path:
    """The message itself, in a file."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"fuzz-{failure.seed}-{failure.kind}-{failure.number}.txt"
    frame = failure.frame
    path.write_bytes(frame if isinstance(frame, bytes) else frame.encode("utf-8", "surrogatepass"))
    return path


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.reliability.fuzz", description=__doc__)
    parser.add_argument("--messages", type=int, default=1_000_000, help="into each of the two")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(2**32))
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--kinds", nargs="+", choices=sorted(KINDS), default=sorted(KINDS))
    parser.add_argument("--folder", default="fuzz-failures", help="where failing inputs are written")
    parser.add_argument("--only", metavar="KIND:NUMBER", help="repeat one message of that seed")
    return parser


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())

"""`python -m tests.reliability.soak`: many printers for a long time; does anything grow, is anything lost?"""

import argparse
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.reliability.soak.run import Plan, soak
from tests.reliability.soak.sampling import Sample
from tests.reliability.soak.table import line, table


def main(arguments: list[str] | None = None) -> int:
    """0: within all bounds; 1: not."""
    wanted = _arguments().parse_args(arguments)
    code = 0
    for mode in ("embedded", "cloud") if wanted.mode == "both" else (wanted.mode,):
        folder = Path(tempfile.mkdtemp(prefix="soak-", dir=wanted.folder))
        seconds = wanted.minutes * 60
        plan = Plan(
            mode,
            wanted.printers,
            seconds,
            job_seconds=wanted.job_seconds,
            sample_every=max(0.2, min(5.0, seconds / 60)),
        )
        _say(f"{mode}: {plan.printers} printers for {wanted.minutes:g} minutes in {folder}")
        try:
            outcome = soak(plan, folder, _progress(wanted.every))
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        _say(table(outcome))
        code |= bool(outcome.faults)
    return code


def _progress(every: float) -> Callable[[Sample], None]:
    said = [-every]

    def say(sample: Sample) -> None:
        if sample.at - said[0] >= every:
            said[0] = sample.at
            _say(line(sample))

    return say


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.reliability.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=20.0, help="of each mode")
    parser.add_argument("--printers", type=int, default=200)
    parser.add_argument("--mode", choices=("embedded", "cloud", "both"), default="both")
    parser.add_argument("--job-seconds", type=float, default=120.0, help="of the prints that begin and end")
    parser.add_argument("--every", type=float, default=30.0, help="seconds between two lines of progress")
    parser.add_argument("--folder", help="where the program keeps its things (removed at the end)")
    return parser


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())

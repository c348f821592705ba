"""`python -m tests.reliability.chaos`: random faults over simulated prints, then the audit; `make chaos`.

Exit code 0: nothing was lost, told twice, invented or put in the wrong order, and the films are whole.
"""

import argparse
import asyncio
import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.reliability.chaos.cloud_shape import CloudRun
from tests.reliability.chaos.embedded_shape import EmbeddedRun
from tests.reliability.chaos.plan import Plan, Shape, make_plan
from tests.reliability.chaos.run import Run
from tests.reliability.chaos.verdict import Row, table

FAULTS, FAULTS_A_RUN = 240, 40
_RUNS: dict[Shape, type[Run]] = {Shape.EMBEDDED: EmbeddedRun, Shape.CLOUD: CloudRun}


def plans(seed: int, faults: int, shapes: Sequence[Shape], commands: bool | None = None) -> list[Plan]:
    """Runs with that many faults altogether, shape by turns, each with a seed of its own. `commands`: people
    ask things of the bot; None: by turns, not in the first of each shape."""
    runs = max(len(shapes), round(faults / FAULTS_A_RUN))
    shares = [faults // runs + (number < faults % runs) for number in range(runs)]
    return [
        make_plan(
            seed + number,
            shapes[number % len(shapes)],
            share,
            commands=number // len(shapes) % 2 == 1 if commands is None else commands,
        )
        for number, share in enumerate(shares)
    ]


def play(plan: Plan, folder: Path) -> Row:
    """One run. Its folder is left as it is."""
    run = _RUNS[plan.shape](plan, folder)
    verdict = asyncio.run(run.run())
    return Row(plan, verdict, run.seconds, run.done, run.left_out)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.reliability.chaos", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("--seed", type=int, help="of the first run (default: a new one)")
    parser.add_argument("--faults", type=int, default=FAULTS, help=f"altogether (default {FAULTS})")
    parser.add_argument(
        "--shape", choices=list(Shape), type=Shape, help="only this one (default: both by turns)"
    )
    parser.add_argument(
        "--commands",
        action=argparse.BooleanOptionalAction,
        help="people in the chat ask, mute and press meanwhile (default: in every second run of a shape)",
    )
    asked = parser.parse_args(arguments)
    seed = asked.seed if asked.seed is not None else int.from_bytes(os.urandom(3), "big")
    rows: list[Row] = []
    kept = Path(tempfile.mkdtemp(prefix="chaos-"))
    shapes = [asked.shape] if asked.shape else list(Shape)
    for plan in plans(seed, asked.faults, shapes, asked.commands):
        folder = kept / f"{plan.shape}-{plan.seed}"
        count = len(plan.faults)
        again = f"python -m tests.reliability.chaos --shape {plan.shape} --seed {plan.seed} --faults {count}"
        again += " --commands" if plan.requests else " --no-commands"
        asking = f", {len(plan.requests)} times somebody asks" if plan.requests else ""
        _say(
            f"seed {plan.seed}, {plan.shape}: {count} faults in {plan.seconds:.0f} s, {plan.jobs} jobs"
            f"{asking}"
        )
        row = play(plan, folder)
        rows.append(row)
        for repeat in row.verdict.repeats:
            _say(f"  repeated: {repeat.message}, because of: {repeat.cause.what}")
        for words, count in row.left_out.items():
            _say(f"  left out, {count} of {words}")
        for finding in row.verdict.findings:
            _say(f"  {finding.kind.upper()}: {finding.what}")
        if row.verdict.is_good:
            shutil.rmtree(folder)
        else:
            _say(f"  logs and stores are kept in {folder}; again: {again}")
    _say(table(rows))
    if all(row.verdict.is_good for row in rows):
        kept.rmdir()
        return 0
    return 1


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())

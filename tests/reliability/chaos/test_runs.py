"""A short run of each shape: random faults over two printers, and nothing lost, told twice or invented; and
one in which people ask, mute and press meanwhile.

`make chaos` does the same with hundreds of faults.
"""

import sys
from pathlib import Path

import pytest

from tests.reliability.chaos.__main__ import play
from tests.reliability.chaos.plan import Kind, Shape, make_plan
from tests.reliability.chaos.verdict import table


@pytest.mark.parametrize(
    ("shape", "seed", "scale"), [(Shape.EMBEDDED, 854, 12.0), (Shape.CLOUD, 804, 20.0)], ids=list(Shape)
)
def test_random_faults_lose_nothing(tmp_path: Path, shape: Shape, seed: int, scale: float) -> None:
    plan = make_plan(seed, shape, 6, printers=2, jobs=1, scale=scale)
    assert any(fault.kind.name.startswith("CHAT") for fault in plan.faults)
    row = play(plan, tmp_path / "run")
    sys.stdout.write(f"{table([row])}\n")
    assert row.verdict.findings == ()
    assert row.done.total() + row.left_out.total() == 6
    assert row.verdict.jobs >= 1
    assert row.verdict.told >= 2


@pytest.mark.parametrize(
    ("shape", "seed", "scale"), [(Shape.EMBEDDED, 959, 12.0), (Shape.CLOUD, 3222, 20.0)], ids=list(Shape)
)
def test_who_asks_meanwhile_is_answered_once(tmp_path: Path, shape: Shape, seed: int, scale: float) -> None:
    plan = make_plan(seed, shape, 4, printers=2, jobs=1, scale=scale, commands=True)
    assert {Kind.KILL_IN_UPDATE, Kind.TELEGRAM_LOST_UPDATE} <= {fault.kind for fault in plan.faults}
    row = play(plan, tmp_path / "run")
    sys.stdout.write(f"{table([row])}\n")
    assert row.verdict.findings == ()
    assert row.verdict.told >= 2
    answered = row.verdict.answered
    assert answered.asked >= 10
    assert answered.answered + answered.refused == answered.asked

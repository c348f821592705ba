"""A short run of each shape: random faults over two printers, and nothing lost, told twice or invented.

`make chaos` does the same with hundreds of faults.
"""

import sys
from pathlib import Path

import pytest

from tests.reliability.chaos.__main__ import play
from tests.reliability.chaos.plan import Shape, make_plan
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

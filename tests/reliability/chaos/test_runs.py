"""A short run of each shape: random faults over two printers, and nothing lost, told twice or invented.

`make chaos` does the same with hundreds of faults.
"""

import sys
from pathlib import Path

import pytest

from tests.reliability.chaos.__main__ import play
from tests.reliability.chaos.plan import Shape, make_plan
from tests.reliability.chaos.verdict import table


@pytest.mark.parametrize(("shape", "seed"), [(Shape.EMBEDDED, 349), (Shape.CLOUD, 397)])
def test_random_faults_lose_nothing(tmp_path: Path, shape: Shape, seed: int) -> None:
    plan = make_plan(seed, shape, 6, printers=2, jobs=1, scale=20.0)
    row = play(plan, tmp_path / "run")
    sys.stdout.write(f"{table([row])}\n")
    assert row.verdict.findings == ()
    assert row.done.total() == 6
    assert row.verdict.jobs >= 1
    assert row.verdict.told >= 2

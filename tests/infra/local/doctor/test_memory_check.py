"""Memory for pictures: what the machine has, and what a running bridge says of it."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from infra.local.doctor.memory_check import evaluate_health, evaluate_memory, memory_of, run
from tests.functions.api.bridge_data import NOW, BridgeData
from tests.functions.api.serving import served
from tests.infra.local.doctor.examined import FINE, NOTHING, WARNING, found_by, outcomes
from tests.support.edge_material import large_jpeg

MEBIBYTE = 1024 * 1024


@pytest.fixture
def bridge(tmp_path: Path) -> Iterator[BridgeData]:
    data = BridgeData(tmp_path)
    yield data
    data.database.close()


def machine(root: Path, total: int, limit: str | None = None) -> Path:
    (root / "proc").mkdir(parents=True)
    (root / "proc/meminfo").write_text(f"MemTotal:       {total // 1024} kB\nMemFree:          1 kB\n")
    if limit is not None:
        (root / "sys/fs/cgroup").mkdir(parents=True)
        (root / "sys/fs/cgroup/memory.max").write_text(limit + "\n")
    return root


def test_the_memory_is_that_of_the_machine_or_of_the_container(tmp_path: Path) -> None:
    total, limit = 1024 * MEBIBYTE, 512 * MEBIBYTE
    assert memory_of(machine(tmp_path / "pi", total)) == total
    assert memory_of(machine(tmp_path / "unbounded", total, "max")) == total
    assert memory_of(machine(tmp_path / "bounded", total, str(limit))) == limit
    assert memory_of(tmp_path / "strange") is None
    assert memory_of(Path("/")) is not None


def test_pictures_leave_half_of_it_to_the_rest() -> None:
    assert evaluate_memory(256 * MEBIBYTE, 512 * MEBIBYTE).outcome is FINE
    small = evaluate_memory(256 * MEBIBYTE, 416 * MEBIBYTE)
    assert (small.outcome, small.advice) == (WARNING, f"Set PICTURES_MAX_BYTES to {104 * MEBIBYTE}.")
    assert evaluate_memory(256 * MEBIBYTE, None).outcome is NOTHING


def test_a_bridge_that_runs_is_asked_whether_all_found_room(bridge: BridgeData, tmp_path: Path) -> None:
    assert bridge.live is not None
    look = partial(run, root=machine(tmp_path / "pi", 1024 * MEBIBYTE))
    with served(bridge.app("a-key-of-16-chars")) as server:
        variables = {"PORT": str(server.port), "API_KEY": "a-key-of-16-chars"}
        assert outcomes(found_by(look, variables)) == {"PICTURES_MAX_BYTES": FINE, "pictures": FINE}
        bridge.live.pictures.limit = 50_000
        bridge.live.pictures.put("A1", large_jpeg(60_000), NOW)
        said = found_by(look, variables)["pictures"]
    assert said.outcome is WARNING
    assert said.found.startswith("1 gave way")
    assert outcomes(found_by(look, variables)) == {"PICTURES_MAX_BYTES": FINE}  # nobody answers


@pytest.mark.parametrize("health", [None, [], {"pictures": None}, {"pictures": 5}, {"pictures": {}}])
def test_one_that_says_nothing_of_pictures_is_left_alone(health: object) -> None:
    assert evaluate_health(health) == []

"""The shape of the project: imports point one way, files stay small, and their names say what is in them."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
OURS = ("collector", "functions", "infra", "tests")
LINES_LIMIT = 320
TEST_LINES_LIMIT = 600  # many small tests of one thing may stand together
VAGUE = {
    "utils",
    "util",
    "helpers",
    "helper",
    "manager",
    "managers",
    "misc",
    "common",
    "stuff",
    "base",
    "lib",
    "tools",
}
SOURCES = sorted(path.relative_to(ROOT) for part in OURS for path in (ROOT / part).rglob("*.py"))
PROGRAM = [path for path in SOURCES if path.parts[0] != "tests"]


def module_of(path: Path) -> str:
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_of(path: Path) -> set[str]:
    """Every module of ours that a file imports, anywhere in it; `from a import b` counts as a.b."""
    package = module_of(path).split(".")
    if path.name != "__init__.py":
        package = package[:-1]
    found: set[str] = set()
    for node in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            found |= {f"{base}.{alias.name}" for alias in node.names}
    return {name for name in found if name.split(".")[0] in OURS}


def lies_in(module: str, room: str) -> bool:
    return module == room or module.startswith(room + ".")


def allowed_rooms(module: str) -> list[str]:
    """The parts of ours that a module may import from."""
    if lies_in(module, "functions.shared"):
        return ["functions.shared"]
    if lies_in(module, "functions"):
        return ["functions.shared", ".".join(module.split(".")[:2])]
    if lies_in(module, "collector"):
        return ["collector", "functions.shared"]
    if lies_in(module, "infra"):
        return ["collector", "functions", "infra"]
    return list(OURS)


def wrong_imports(path: Path) -> list[str]:
    rooms = allowed_rooms(module_of(path))
    return sorted(name for name in imports_of(path) if not any(lies_in(name, room) for room in rooms))


def test_there_is_something_to_look_at() -> None:
    assert Path("functions/shared/ports.py") in PROGRAM
    assert "functions.shared.errors.ConflictError" in imports_of(Path("infra/local/storage/records.py"))


@pytest.mark.parametrize(
    ("module", "imported", "is_allowed"),
    [
        ("functions.shared.domain.keys", "functions.shared.errors", True),
        ("functions.shared.domain.keys", "functions.tracker.evaluation", False),
        ("functions.shared.domain.keys", "collector.outbox.model", False),
        ("functions.tracker.transitions", "functions.notify.wording", False),
        ("functions.tracker.transitions", "functions.shared.ports", True),
        ("functions.tracker.transitions", "functions.tracker_two", False),
        ("functions.api.app", "infra.local", False),
        ("collector.outbox.outbox", "functions.shared.ports", True),
        ("collector.outbox.outbox", "functions.tracker.evaluation", False),
        ("collector.outbox.outbox", "infra.local.settings", False),
        ("infra.local.__main__", "functions.notify.wording", True),
        ("infra.local.__main__", "tests.support", False),
    ],
)
def test_the_rule_itself(module: str, imported: str, is_allowed: bool) -> None:
    assert any(lies_in(imported, room) for room in allowed_rooms(module)) is is_allowed


@pytest.mark.parametrize("path", PROGRAM, ids=str)
def test_imports_point_one_way(path: Path) -> None:
    assert wrong_imports(path) == []


@pytest.mark.parametrize("path", SOURCES, ids=str)
def test_a_file_is_one_room(path: Path) -> None:
    limit = TEST_LINES_LIMIT if path.parts[0] == "tests" else LINES_LIMIT
    assert len((ROOT / path).read_text(encoding="utf-8").splitlines()) <= limit, "split it by purpose"
    assert not VAGUE & set(path.stem.lower().split("_")), "the name says nothing about what is in it"

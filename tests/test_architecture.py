"""The shape of the project: imports point one way, nothing goes in circles, the tests mirror the code."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
OURS = ("collector", "functions", "infra", "tests")
LINES_LIMIT = 450  # beyond that a file mostly has two subjects
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
TESTS = [path for path in SOURCES if path.parts[0] == "tests"]
# Tests of what is more than one package: it stands beside the mirror.
BESIDE_THE_MIRROR = {"e2e", "performance", "reliability", "stack", "support"}
# Folders of the repository that are no packages, and have tests.
OTHER_FOLDERS = {"infra/docker", "infra/grafana", "infra/raspberry_pi"}
SHARED = "functions.shared"
# Inside `functions.shared`: what a package may import beside itself.
SHARED_ARROWS = {
    "functions.shared.domain": [
        "functions.shared.errors",
        "functions.shared.text",
        "functions.shared.value_class",
    ],
    "functions.shared.messages": [
        "functions.shared.domain",
        "functions.shared.errors",
        "functions.shared.ports",
        "functions.shared.text",
        "functions.shared.value_class",
    ],
    "functions.shared.runtime": [
        "functions.shared.errors",
        "functions.shared.text",
        "functions.shared.value_class",
    ],
    "functions.shared.errors": [],
    "functions.shared.ports": ["functions.shared.value_class"],
    "functions.shared.text": [],
    "functions.shared.value_class": [],
}
# Inside `collector`: a source of messages, the printers, what keeps their reports, and figures of it all.
COLLECTOR_ARROWS = {
    "collector.bambui": [SHARED],
    "collector.outbox": ["collector.counters", SHARED],
    "collector.printer": ["collector.bambui", "collector.counters", "collector.outbox", SHARED],
    "collector.metrics": [
        "collector.agent",
        "collector.bambui",
        "collector.counters",
        "collector.outbox",
        "collector.printer",
        SHARED,
    ],
}


def module_of(path: Path) -> str:
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_of(path): path for path in SOURCES}


def names_in(node: ast.AST, package: list[str]) -> set[str]:
    """What an import statement names; `from a import b` counts as a.b."""
    if isinstance(node, ast.Import):
        return {alias.name for alias in node.names}
    if isinstance(node, ast.ImportFrom):
        above = package[: len(package) - node.level + 1] if node.level else []
        base = ".".join([*above, *([node.module] if node.module else [])])
        return {f"{base}.{alias.name}" for alias in node.names}
    return set()


@cache
def imports_of(path: Path) -> frozenset[str]:
    """Every module of ours that a file imports, anywhere in it."""
    package = module_of(path).split(".")
    if path.name != "__init__.py":
        package = package[:-1]
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    found = {name for node in ast.walk(tree) for name in names_in(node, package)}
    return frozenset(name for name in found if name.split(".")[0] in OURS)


def lies_in(module: str, room: str) -> bool:
    return module == room or module.startswith(room + ".")


def room_in(arrows: dict[str, list[str]], module: str) -> str | None:
    return next((room for room in arrows if lies_in(module, room)), None)


def allowed_rooms(module: str) -> list[str]:
    """The parts of ours that a module may import from."""
    room = room_in(SHARED_ARROWS, module)
    if room is not None:
        return [room, *SHARED_ARROWS[room]]
    if lies_in(module, SHARED):
        return [SHARED]
    if lies_in(module, "functions"):
        return [SHARED, ".".join(module.split(".")[:2])]
    room = room_in(COLLECTOR_ARROWS, module)
    if room is not None:
        return [room, *COLLECTOR_ARROWS[room]]
    if lies_in(module, "collector"):
        return ["collector", SHARED]
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
        ("functions.shared.domain.keys", "functions.shared.messages.report", False),
        ("functions.shared.domain.keys", "functions.tracker.evaluation", False),
        ("functions.shared.domain.keys", "collector.outbox.model", False),
        ("functions.shared.messages.report", "functions.shared.domain.keys", True),
        ("functions.shared.messages.report", "functions.shared.aws.sqs", False),
        ("functions.shared.aws.sqs", "functions.shared.messages.report", True),
        ("functions.tracker.transitions", "functions.notify.render", False),
        ("functions.tracker.transitions", "functions.shared.ports", True),
        ("functions.tracker.transitions", "functions.tracker_two", False),
        ("functions.api.app", "infra.local", False),
        ("collector.outbox.outbox", "functions.shared.ports", True),
        ("collector.outbox.outbox", "collector.printer.session", False),
        ("collector.outbox.outbox", "functions.tracker.evaluation", False),
        ("collector.outbox.outbox", "infra.local.settings", False),
        ("collector.printer.session", "collector.outbox.writer", True),
        ("collector.app", "collector.metrics.agent", True),
        ("infra.local.__main__", "functions.notify.render", True),
        ("infra.local.__main__", "tests.support", False),
    ],
)
def test_the_rule_itself(module: str, imported: str, is_allowed: bool) -> None:
    assert any(lies_in(imported, room) for room in allowed_rooms(module)) is is_allowed


def test_imports_point_one_way() -> None:
    assert {str(path): wrong for path in PROGRAM if (wrong := wrong_imports(path))} == {}


def imported_modules(path: Path) -> Iterator[str]:
    for name in imports_of(path):
        module = name if name in MODULES else name.rpartition(".")[0]
        if module in MODULES and module != module_of(path):
            yield module


def circles(graph: dict[str, set[str]]) -> list[str]:
    """What is left of the graph when everything that leads to no circle is taken away."""
    left = {module: set(targets) for module, targets in graph.items()}
    while ends := {module for module, targets in left.items() if not targets & left.keys()}:
        left = {module: targets for module, targets in left.items() if module not in ends}
    return sorted(left)


def test_a_circle_is_seen() -> None:
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": set()}) == ["a", "b", "c"]
    assert circles({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == []


def test_no_imports_go_in_a_circle_not_even_within_functions() -> None:
    assert circles({module: set(imported_modules(path)) for module, path in MODULES.items()}) == []


def foreign_patches(source: str) -> list[str]:
    """Methods put into another object, such as `self.store.make_room = self.eviction.make_room`."""
    return [
        ast.unparse(node)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Attribute)
        for target in node.targets
        if isinstance(target, ast.Attribute)
        and target.attr == node.value.attr
        and isinstance(target.value, ast.Attribute)
        and isinstance(node.value.value, ast.Attribute)
    ]


def test_a_patch_is_seen() -> None:
    assert foreign_patches("self.store.make_room = self.eviction.make_room") != []
    assert foreign_patches("self.size = settings.size") == []


def test_no_object_is_patched_with_the_method_of_another() -> None:
    patches = {str(path): foreign_patches((ROOT / path).read_text(encoding="utf-8")) for path in PROGRAM}
    assert {path: found for path, found in patches.items() if found} == {}


def test_a_file_is_one_room() -> None:
    lines = {path: len((ROOT / path).read_text(encoding="utf-8").splitlines()) for path in SOURCES}
    limits = {path: TEST_LINES_LIMIT if path.parts[0] == "tests" else LINES_LIMIT for path in SOURCES}
    assert [str(path) for path in SOURCES if lines[path] > limits[path]] == [], "split it by purpose"
    vague = [str(path) for path in SOURCES if VAGUE & set(path.stem.lower().split("_"))]
    assert vague == [], "the name says nothing about what is in it"


def packages_of_the_program() -> set[str]:
    """Every package that has more in it than its subpackages, as a path."""
    return {path.parent.as_posix() for path in PROGRAM if path.name != "__init__.py"}


def inside_the_mirror(paths: list[Path]) -> set[str]:
    """The packages of those files below `tests`, as the paths of what they are about."""
    inside = [path for path in paths if len(path.parts) > 2 and path.parts[1] not in BESIDE_THE_MIRROR]
    return {path.parent.relative_to("tests").as_posix() for path in inside}


def packages_of_tests() -> set[str]:
    return inside_the_mirror([path for path in TESTS if path.name.startswith("test_")])


def test_each_package_has_its_tests_and_each_tests_package_its_subject() -> None:
    assert packages_of_tests() == packages_of_the_program() | OTHER_FOLDERS


def test_what_tests_share_stands_beside_them_or_in_a_room_for_all() -> None:
    assert inside_the_mirror([path for path in TESTS if path.name != "__init__.py"]) == packages_of_tests()
    assert {path.parts[1] for path in TESTS if len(path.parts) > 2} >= BESIDE_THE_MIRROR

"""Documents and texts tell the truth: what they refer to exists; settings' rows are the declarations."""

import os
import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from functions.shared.settings import declarations
from functions.timelapse.recipe import QUICK_RECIPE, TARGET_RECIPE
from tests.support.references import Repository, faults

ROOT = Path(__file__).parent.parent
PARTS = ("collector", "functions", "infra", "tests", ".ci")
TEXTS = {".py", ".md", ".sh", ".yaml", ".yml", ".service", ".example", ".toml", ".html", ".txt", ""}
NOT_READ = {
    "CHANGELOG.md",  # tells of what was
    "tests/test_documents.py",  # plants faults
    "tests/support/references.py",  # names the forms that it looks for
}
# Of the shell lines in documents, of the Makefile, of other programs: names in capitals that are no settings.
VARIABLES = frozenset({
    *("SECONDS_LONG", "WORKERS", "CHAOS", "FUZZ", "SOAK", "PAGE_SHOTS", "HTTPS_PROXY", "NOTIFY_SOCKET"),
    *("HTTP_STATUS_URL_TEMPLATE", "HTTP_STATUS_SEED_ON_STARTUP", "HTTP_STATUS_SEED_INTERVAL_SECONDS"),
})  # fmt: skip
README_LINES = 200
SETTINGS = "infra/docs/settings.md"
_ROW = re.compile(r"^\| `([A-Z_]+)` \| (.*?) \| (.*?) \| (.*?) \|$", re.MULTILINE)


def _paths() -> Iterator[str]:
    for part in PARTS:
        for folder, folders, names in os.walk(ROOT / part):
            folders[:] = [name for name in folders if name != "__pycache__"]
            yield from (Path(folder, name).relative_to(ROOT).as_posix() for name in names)
    yield from (path.name for path in ROOT.iterdir() if path.is_file() and path.name != ".env")


@cache
def repository() -> Repository:
    """This one, as it lies here."""
    texts, others = {}, set()
    for path in _paths():
        if Path(path).suffix in TEXTS and path not in NOT_READ:
            texts[path] = (ROOT / path).read_text(encoding="utf-8")
        else:
            others.add(path)
    settings = frozenset(it.variable for it in declarations())
    return Repository(texts, frozenset(others), settings, VARIABLES)


def test_every_reference_resolves() -> None:
    assert "\n".join(map(str, faults(repository()))) == ""


@pytest.fixture(scope="module")
def small() -> Repository:
    """A repository with one of everything."""
    return Repository(
        texts={
            "Makefile": "run: ready\n\techo\ntest:\n",
            "README.md": "# Program\n## Try it\n",
            "infra/docs/other.md": "# Other\n## A `part`\n",
            "collector/bambui/client.py": "LIMIT_BYTES = 1\n",
        },
        others=frozenset({"infra/docs/decisions/0003-x.md", "functions/shared/ports.py", "tests/x.png"}),
        settings=frozenset({"DATA_DIR", "HOST"}),
    )


def with_file(small: Repository, path: str, text: str) -> list[str]:
    return [fault.reference for fault in faults(replace(small, texts={**small.texts, path: text}))]


@pytest.mark.parametrize(
    "text",
    [
        "[a](other.md#a-part) [b](../../README.md) [c](#here)\n# Here\n",
        "`collector/bambui/client.py`, `bambui/client.py`, `collector/bambui/`, `infra/docs/other.md`",
        'see other.md, "A part", and infra/docs/other.md#a-part',
        "`functions.shared.ports`, `collector.bambui.client.LIMIT_BYTES`, `python -m collector.bambui`",
        "`make test`\n```\nmake run\nDATA_DIR=x\nHOST=y\n```\nLIMIT_BYTES, DATA_DIR, HMS_0300_0100",
        "decision 0003; [out](https://example.org/none.md#x); `tests/test_<name>.py`; tests/*.py",
    ],
)
def test_a_good_reference_is_none_to_complain_of(small: Repository, text: str) -> None:
    assert with_file(small, "infra/docs/new.md", text) == []


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        ("[a](gone.md)", "gone.md"),
        ("[a](other.md#gone)", "other.md#gone"),
        ("[a](#gone)", "#gone"),
        ("`collector/bambui/gone.py`", "collector/bambui/gone.py"),
        ("`gone.py`", "gone.py"),
        ("`collector/gone/`", "collector/gone/"),
        ("read infra/docs/gone.md", "infra/docs/gone.md"),
        ('see infra/docs/other.md, "Gone"', "infra/docs/other.md, Gone"),
        ("see infra/docs/other.md, `Gone`", "infra/docs/other.md, Gone"),
        ("see infra/docs/other.md#gone", "infra/docs/other.md#gone"),
        ("`functions.shared.gone`", "functions.shared.gone"),
        ("`make gone`", "make gone"),
        ("```\nmake gone\n```", "make gone"),
        ("set `DATA_DIRECTORY`", "DATA_DIRECTORY"),
        ("```\nHOSTS=x\n```", "HOSTS"),
        ("decision 0009", "0009"),
    ],
)
def test_a_bad_reference_in_a_document_is_found(small: Repository, text: str, reference: str) -> None:
    assert reference in with_file(small, "infra/docs/new.md", text)


@pytest.mark.parametrize(
    ("source", "reference"),
    [
        ('"""Says so: infra/docs/other.md,\n"Gone"."""', "infra/docs/other.md, Gone"),
        ('# see infra/docs/other.md,\n# "Gone"\n', "infra/docs/other.md, Gone"),
        (
            'ADVICE = "look into infra/docs/"\nADVICE = "look into infra/" "docs/gone.md"',
            "infra/docs/gone.md",
        ),
        ('def f(x: str) -> str:\n    return f"{x}: set DATA_DIRECTORY"', "DATA_DIRECTORY"),
        ('"""As the protocol note has it."""', "protocol note"),
        ('"""All are in the README\'s table."""', "README"),
        ('"""Run by `make gone`."""', "make gone"),
        ("x = 1  # as in collector/bambui/gone.py", "collector/bambui/gone.py"),
        ('"""Asks `gone_service` first."""', "gone_service"),
        ('def f() -> None:\n    """Asks `GoneService` first."""', "GoneService"),
    ],
)
def test_a_bad_reference_in_code_is_found(small: Repository, source: str, reference: str) -> None:
    assert reference in with_file(small, "collector/new.py", source)


@pytest.mark.parametrize("path", ["infra/x.example", "template.yaml", "infra/raspberry-pi/x.sh"])
def test_a_bad_reference_in_any_other_text_is_found(small: Repository, path: str) -> None:
    assert with_file(small, path, '# see infra/docs/other.md, "Gone"\n') == ["infra/docs/other.md, Gone"]


def test_code_itself_is_no_reference(small: Repository) -> None:
    source = (
        '"""`OWN_NAME` of the `client`, or `other`."""\n'
        'OWN_NAME = 1\nfound = OWN_NAME + other.GONE_NAME\npath = "images/x.md" if 0 else "GONE_NAME"\n'
    )
    assert with_file(small, "collector/new.py", source) == ["images/x.md"]


def rows() -> str:
    """The settings' table as the declarations want it."""
    return "\n".join(
        f"| `{it.variable}` | {it.kind.value} | {f'`{it.default}`' if it.default else ''} | {it.meaning} |"
        for it in declarations()
    )


def test_the_settings_table_is_the_declarations() -> None:
    found = {name: row for name, *row in _ROW.findall((ROOT / SETTINGS).read_text(encoding="utf-8"))}
    wanted = {
        it.variable: [it.kind.value, f"`{it.default}`" if it.default else "", it.meaning]
        for it in declarations()
    }
    assert found == wanted, f"the rows should be:\n{rows()}"


def test_the_ffmpeg_lines_are_those_that_are_tried() -> None:
    def in_one_line(text: str) -> str:
        return " ".join(text.replace("\\\n", " ").replace("SECONDS_LONG=45\n", "SECONDS_LONG=45; ").split())

    operations = in_one_line((ROOT / "infra/docs/operations.md").read_text(encoding="utf-8"))
    for recipe in (QUICK_RECIPE, TARGET_RECIPE):
        assert in_one_line(recipe) in operations


def test_the_first_commands_are_run_and_test() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert re.findall(r"^make ([a-z]+)$", readme, re.MULTILINE)[:2] == ["run", "test"]


def test_the_readme_is_read_in_ten_minutes() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= README_LINES


def test_every_document_can_be_reached_from_the_readme() -> None:
    reached, left = set(), ["README.md"]
    while left:
        path = left.pop()
        if path in reached or not path.endswith(".md"):
            continue
        reached.add(path)
        text = (ROOT / path).read_text(encoding="utf-8")
        targets = re.findall(r"\]\((?!https?:)([^)\s#]+)", text)
        left += [os.path.relpath((ROOT / path).parent / target, ROOT) for target in targets]
    documents = {it for it in repository().files if it.startswith("infra/docs/") and it.endswith(".md")}
    assert documents <= reached

"""The README tells the truth about the settings and the make targets."""

import re
from pathlib import Path

from functions.shared.settings import declarations

_ROOT = Path(__file__).parent.parent
_README = (_ROOT / "README.md").read_text(encoding="utf-8")
_ROW = re.compile(r"^\| `([A-Z_]+)` \| (.*?) \| (.*?) \| (.*?) \|$", re.MULTILINE)


def table() -> dict[str, tuple[str, str, str]]:
    """Variable -> type, default, meaning, as the README has them."""
    return {name: (kind, default, meaning) for name, kind, default, meaning in _ROW.findall(_README)}


def rows() -> str:
    """The table's rows as the declarations want them."""
    return "\n".join(
        f"| `{it.variable}` | {it.kind.value} | {f'`{it.default}`' if it.default else ''} | {it.meaning} |"
        for it in declarations()
    )


def test_the_settings_table_is_the_declarations() -> None:
    wanted = {
        it.variable: (it.kind.value, f"`{it.default}`" if it.default else "", it.meaning)
        for it in declarations()
    }
    assert table() == wanted, f"the rows should be:\n{rows()}"


def test_every_make_target_named_exists() -> None:
    makefile = (_ROOT / "Makefile").read_text(encoding="utf-8")
    named = set(re.findall(r"(?:`|^)make ([a-z]+)", _README, re.MULTILINE))
    assert {"run", "test"} <= named
    for target in named:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), f"make {target} is in the README only"


def test_every_file_named_exists() -> None:
    for name in re.findall(r"\]\((?!https?:)([^)#]+)\)", _README):
        assert (_ROOT / name).exists(), name

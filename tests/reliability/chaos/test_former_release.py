"""The way back to an older release in mid-run: unpacked whole, and what it does with the data is judged."""

import shutil
from pathlib import Path

import pytest

from tests.reliability.chaos import former_release
from tests.reliability.chaos.faulty_process import FaultyProcess
from tests.reliability.chaos.former_release import ROOT, Release, unpack_former

NOBODYS = Release("0123456789abcdef0123456789abcdef01234567")
REFUSES = "import sys\nsys.exit(2)\n"
REFUSES_AND_TOUCHES = f"open('data/outbox', 'w').close()\n{REFUSES}"
CRASHES = "raise SystemExit(1)\n"


@pytest.mark.parametrize(
    ("launcher", "troubles"),
    [
        (REFUSES, []),
        (REFUSES_AND_TOUCHES, ["the former release refused the data, but not without touching it"]),
        (CRASHES, ["the former release ended with code 1"]),
    ],
    ids=["refuses", "touches", "crashes"],
)
async def test_one_that_refuses_newer_data_must_not_touch_it(
    tmp_path: Path, launcher: str, troubles: list[str]
) -> None:
    former = tmp_path / "former"
    folder = former / "tests" / "reliability" / "chaos"
    folder.mkdir(parents=True)
    for package in (folder, *folder.parents[:2]):
        (package / "__init__.py").touch()
    (folder / "launcher.py").write_text(launcher, encoding="ascii")
    program = FaultyProcess(tmp_path / "program", "tests.reliability.chaos.cloud_functions")
    program.patience = 0.0
    (program.folder / "data").mkdir(parents=True)
    (program.folder / "data" / "outbox").write_text("of a newer form", encoding="ascii")
    with program:
        await program.be_former(former, 30.0)
        assert program.is_running, program.all
        assert program.troubles == troubles


def test_a_history_without_one_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(former_release, "RELEASES", (NOBODYS,))
    with pytest.raises(OSError, match="history"):
        unpack_former(tmp_path)


@pytest.mark.skipif(shutil.which("git") is None or not (ROOT / ".git").exists(), reason="no history is here")
def test_it_is_unpacked_with_its_own_way_to_be_started(tmp_path: Path) -> None:
    former = unpack_former(tmp_path / "former")
    assert (former / "tests" / "reliability" / "chaos" / "launcher.py").is_file()
    assert (former / "collector" / "app.py").is_file()

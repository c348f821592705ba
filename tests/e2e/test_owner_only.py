"""The started program: what it makes is for its owner only, what was left open before is closed."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.program import Program
from tests.support.samples import copied


@pytest.fixture
def usual_rights() -> Iterator[None]:
    """Programs start with the umask of most systems."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def wider(folder: Path) -> list[str]:
    return [str(path) for path in [folder, *folder.rglob("*")] if path.stat().st_mode & 0o077]


@pytest.mark.usefixtures("usual_rights")
def test_a_new_installation_is_for_its_owner_only(tmp_path: Path) -> None:
    with Program(tmp_path / "here", SIMULATE="1") as program:
        program.wait_for("Ctrl-C ends it")
        program.wait_for("print started")
        assert program.stop() == 0
    for name in ("data", "images"):
        assert wider(tmp_path / "here" / name) == []


@pytest.mark.usefixtures("usual_rights")
def test_an_earlier_installation_is_closed_and_told(tmp_path: Path) -> None:
    folder = copied("embedded", tmp_path)
    for path in [folder / "data_dir", *folder.rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o644)
    settings = {"DATA_DIR": str(folder / "data_dir"), "IMAGES_DIR": str(folder / "images_dir")}
    with Program(
        tmp_path / "here",
        SIMULATE="0",
        PRINTERS_API_URL="http://127.0.0.1:9/api/printers",
        WS_URL_TEMPLATE="ws://127.0.0.1:9/{printer_id}",
        **settings,
    ) as program:
        program.wait_for("Ctrl-C ends it")
        assert program.stop() == 0
    for name in ("data_dir", "images_dir"):
        assert (folder / name).stat().st_mode & 0o777 == 0o700
        assert f"{folder / name} could be read by others (rights 755)" in program.all
    for name in ("bridge.sqlite3", "outbox/outbox.db"):
        assert (folder / "data_dir" / name).stat().st_mode & 0o777 == 0o600

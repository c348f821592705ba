"""What others could read is closed to them, unless the folder is not ours alone."""

import logging
import os
from pathlib import Path

import pytest

from functions.shared.runtime.private_files import tighten, wider_than_owner
from tests.support.access_lists import give_right


@pytest.fixture(autouse=True)
def started_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a folder and with a home that are no part of what is looked at."""
    for name in ("started", "home"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / "started")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))


def rights(path: Path) -> int:
    return path.stat().st_mode & 0o7777


def a_folder(path: Path, mode: int = 0o755) -> Path:
    path.mkdir()
    path.chmod(mode)
    return path


def a_database(path: Path) -> Path:
    for ending in ("", "-wal"):
        file = Path(f"{path}{ending}")
        file.touch()
        file.chmod(0o644)
    return path


def test_a_folder_and_its_databases_are_closed_and_it_is_said_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    folder = a_folder(tmp_path / "data")
    database = a_database(folder / "state.sqlite3")
    assert (wider_than_owner(folder), wider_than_owner(folder / "nothing")) == (0o755, None)
    for _ in range(2):
        tighten(folder, [database, folder / "nothing"])
    assert (rights(folder), rights(database), rights(Path(f"{database}-wal"))) == (0o700, 0o600, 0o600)
    assert wider_than_owner(folder) is None
    (said,) = caplog.messages
    assert "could be read by others (rights 755)" in said


@pytest.mark.parametrize("which", ["started", "home", "."])
def test_a_folder_that_is_not_ours_alone_stays_as_it_is(tmp_path: Path, which: str) -> None:
    folder = tmp_path / which
    folder.chmod(0o755)
    database = a_database(folder / "state.sqlite3")
    tighten(folder, [database])
    assert (rights(folder), rights(database)) == (0o755, 0o600)


def test_a_folder_for_all_stays_one(tmp_path: Path) -> None:
    folder = a_folder(tmp_path / "for_all", 0o1777)
    tighten(folder)
    assert rights(folder) == 0o1777


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder to somebody else")
def test_what_belongs_to_somebody_else_stays_as_it_is(tmp_path: Path) -> None:
    folder = a_folder(tmp_path / "theirs")
    os.chown(folder, 65534, 65534)
    tighten(folder)
    assert rights(folder) == 0o755


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder to somebody else")
@pytest.mark.parametrize(("name", "left"), [("photos", 0o755), ("lost+found", 0o700)])
def test_a_folder_in_which_others_own_something_stays_as_it_is(tmp_path: Path, name: str, left: int) -> None:
    folder = a_folder(tmp_path / "disk")
    os.chown(a_folder(folder / name), 65534, 65534)
    tighten(folder)
    assert rights(folder) == left


def test_a_folder_of_the_system_stays_as_it_is() -> None:
    before = rights(Path("/srv"))
    tighten(Path("/srv"))
    assert rights(Path("/srv")) == before


def test_whom_the_owner_has_chosen_keeps_his_right(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder = a_folder(tmp_path / "images", 0o700)
    give_right(folder, "access")
    assert rights(folder) == 0o750  # the bound of what the list gives
    tighten(folder)
    assert rights(folder) == 0o750
    assert wider_than_owner(folder) is None
    assert caplog.messages == []


def test_a_list_that_opens_a_folder_to_all_does_not_keep_it_open(tmp_path: Path) -> None:
    folder = a_folder(tmp_path / "images", 0o700)
    give_right(folder, "access", others=5)
    tighten(folder)
    assert rights(folder) == 0o700

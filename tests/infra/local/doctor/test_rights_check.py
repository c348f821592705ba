"""What others on this machine can read is said, with the command that ends it."""

from pathlib import Path

import pytest

from infra.local.doctor import disk_check
from infra.local.doctor.findings import Outcome
from infra.local.doctor.rights_check import look
from tests.infra.local.doctor.examined import by_subject, found_by, setup_of


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    monkeypatch.chdir(tmp_path)
    for name in ("data", "images"):
        (tmp_path / name).mkdir(mode=0o700)
    return {"DATA_DIR": "data", "IMAGES_DIR": "images"}


def test_of_what_is_for_its_owner_only_or_not_there_nothing_is_said(folders: dict[str, str]) -> None:
    assert look(setup_of(folders)) == []
    assert look(setup_of(dict.fromkeys(folders, "nowhere"))) == []


def test_what_is_wider_is_said_with_what_to_type(folders: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "images").chmod(0o755)
    for name in ("data/bridge.sqlite3", ".env"):
        (tmp_path / name).touch()
        (tmp_path / name).chmod(0o644)
    found = by_subject(look(setup_of(folders)))
    assert set(found) == {"rights of images", "rights of bridge.sqlite3", "rights of .env"}
    assert {it.outcome for it in found.values()} == {Outcome.WARNING}
    assert "(rights 755)" in found["rights of images"].found
    assert found["rights of .env"].advice == "Keep it to its owner: `chmod go-rwx .env`."
    assert "rights of images" not in by_subject(look(setup_of(folders, is_cloud=True)))


def test_it_is_part_of_the_look_at_the_disk(folders: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "data").chmod(0o750)
    assert "rights of data" in found_by(disk_check.run, folders)

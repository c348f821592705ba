"""A backup beside programs that run, and its restore: whole, consistent, and never over one that runs."""

import dataclasses
import io
import os
import sqlite3
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from collector.outbox.model import NewReport
from collector.outbox.outbox import Outbox
from functions.shared.errors import NewerVersionError, PermanentError
from functions.shared.settings import Settings
from infra.local.backup_command import back_up, copy_beside_its_user, restore
from infra.local.stores import OwnLock
from tests.collector.outbox.makers import a_report
from tests.support.clock import HandClock
from tests.support.disk import small_disk
from tests.support.samples import copied
from tests.support.timeouts import TIMEOUT

WRITER = """
import sqlite3, sys, time
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("PRAGMA locking_mode = EXCLUSIVE")
connection.execute("PRAGMA journal_mode = WAL")
connection.execute("CREATE TABLE one (x)")
connection.execute("CREATE TABLE two (x)")
number = 0
while True:
    connection.execute("BEGIN IMMEDIATE")
    for table in ("one", "two"):
        connection.execute(f"INSERT INTO {table} VALUES (?)", (f"{number} " + "x" * 300,))
    connection.execute("COMMIT")
    number += 1
    time.sleep(0.002)
    if number == 20:
        print("writing", flush=True)
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Over what a release left behind: state, frames and films."""
    folder = copied("embedded", tmp_path)
    return Settings(data_dir=folder / "data_dir", images_dir=folder / "images_dir")


def read(path: Path, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(query).fetchall()


def state_of(settings: Settings) -> list[tuple[object, ...]]:
    records = read(settings.data_dir / "bridge.sqlite3", "SELECT * FROM record ORDER BY key")
    messages = read(settings.data_dir / "bridge.sqlite3", "SELECT * FROM message ORDER BY queue, number")
    waiting = read(settings.data_dir / "outbox" / "outbox.db", "SELECT * FROM reports ORDER BY number")
    return [*records, *messages, *waiting]


def pictures_of(settings: Settings) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in settings.images_dir.rglob("*") if path.is_file()}


@pytest.mark.parametrize("is_linked", [False, True])
def test_a_database_that_another_has_to_himself_is_copied_whole_while_he_writes(
    tmp_path: Path, is_linked: bool
) -> None:
    path, copy = tmp_path / "outbox.db", tmp_path / "copy.db"
    if is_linked:
        (tmp_path / "disk").mkdir()
        path.symlink_to(tmp_path / "disk" / "outbox.db")
    with subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE) as writer:
        try:
            assert writer.stdout is not None
            assert writer.stdout.readline() == b"writing\n"
            copy_beside_its_user(path, copy)
            assert writer.poll() is None
        finally:
            writer.kill()
            writer.wait(TIMEOUT)
    ((ones,),), ((twos,),) = (read(copy, f"SELECT count(*) FROM {table}") for table in ("one", "two"))
    assert ones == twos
    assert int(str(ones)) >= 20


def test_what_was_backed_up_is_there_again_with_pictures_if_they_were_asked_for(
    settings: Settings, tmp_path: Path
) -> None:
    file = tmp_path / "bridge.tar"
    before, pictures = state_of(settings), pictures_of(settings)
    said = back_up(settings, file, with_images=True)
    assert f"with {len(pictures) + 1} pictures" in said  # one frame waits in the outbox
    assert file.stat().st_mode & 0o777 == 0o600
    elsewhere = Settings(data_dir=tmp_path / "new" / "data", images_dir=tmp_path / "new" / "images")
    restore(elsewhere, file)
    assert state_of(elsewhere) == before
    assert sorted(pictures_of(elsewhere).values()) == sorted(pictures.values())
    assert len(list((elsewhere.data_dir / "outbox" / "frames").iterdir())) == 1
    assert {path.name for path in elsewhere.data_dir.iterdir()} == {
        "bridge.sqlite3",
        "outbox",
        "running.lock",
    }


def test_without_pictures_it_is_small_and_what_was_there_is_moved_aside(
    settings: Settings, tmp_path: Path
) -> None:
    file = tmp_path / "bridge.tar"
    back_up(settings, file, with_images=False)
    with tarfile.open(file) as archive:
        assert archive.getnames() == ["backup.json", "data/outbox/outbox.db", "data/bridge.sqlite3"]
    before, pictures = state_of(settings), pictures_of(settings)
    with closing(sqlite3.connect(settings.data_dir / "bridge.sqlite3")) as connection, connection:
        connection.execute("DELETE FROM record")
    assert str(settings.data_dir / "before-restore-") in restore(settings, file)
    assert state_of(settings) == before
    assert pictures_of(settings) == pictures
    (aside,) = settings.data_dir.glob("before-restore-*")
    assert read(aside / "bridge.sqlite3", "SELECT count(*) FROM record") == [(0,)]


def test_a_restored_collector_has_a_new_name_so_that_no_number_comes_again(
    settings: Settings, tmp_path: Path
) -> None:
    file, clock = tmp_path / "bridge.tar", HandClock()

    def next_report() -> tuple[str, int]:
        outbox = Outbox(settings.data_dir / "outbox", 10_000_000, clock.wall, clock.monotonic)
        report = outbox.add_report(NewReport(a_report(), durable=True))
        outbox.close()
        return report.collector_id, report.sequence

    back_up(settings, file, with_images=False)
    given_since = next_report()
    restore(settings, file)
    again = next_report()
    assert again[0] != given_since[0]


def test_over_one_that_runs_nothing_is_restored(settings: Settings, tmp_path: Path) -> None:
    file = tmp_path / "bridge.tar"
    back_up(settings, file, with_images=False)
    before = state_of(settings)
    lock = OwnLock(settings.data_dir)
    with pytest.raises(PermanentError, match="another run uses"):
        restore(settings, file)
    lock.release()
    assert state_of(settings) == before
    assert not list(settings.data_dir.glob("*restore*"))


def test_a_backup_of_a_newer_version_is_refused_and_nothing_is_changed(
    settings: Settings, tmp_path: Path
) -> None:
    file = tmp_path / "bridge.tar"
    with closing(sqlite3.connect(settings.data_dir / "bridge.sqlite3")) as connection:
        connection.execute("PRAGMA user_version = 99")
    back_up(settings, file, with_images=False)
    elsewhere = Settings(data_dir=tmp_path / "new", images_dir=tmp_path / "images")
    with pytest.raises(NewerVersionError):
        restore(elsewhere, file)
    assert [path.name for path in elsewhere.data_dir.iterdir()] == ["running.lock"]


@pytest.mark.parametrize(
    "name",
    ["../evil", "/etc/evil", "data/../../evil", "data/outbox/frames/../../x", "images/a/../b", "other"],
)
def test_an_archive_that_is_none_of_ours_gets_nothing_written(tmp_path: Path, name: str) -> None:
    file = tmp_path / "bad.tar"
    with tarfile.open(file, "w") as archive:
        archive.addfile(tarfile.TarInfo(name))
    settings = Settings(data_dir=tmp_path / "in" / "data", images_dir=tmp_path / "in" / "images")
    with pytest.raises(PermanentError, match="no backup of this program"):
        restore(settings, file)
    left = {path.name for path in tmp_path.rglob("*")}
    assert left == {"bad.tar", "in", "data", "running.lock"}


def test_what_is_no_archive_and_a_file_that_is_there_already_are_refused(
    settings: Settings, tmp_path: Path
) -> None:
    file = tmp_path / "bridge.tar"
    file.write_bytes(b"no archive")
    with pytest.raises(PermanentError, match="there already"):
        back_up(settings, file, with_images=False)
    with pytest.raises(PermanentError, match="no backup"):
        restore(settings, file)
    nowhere = Settings(data_dir=tmp_path / "nothing", images_dir=tmp_path / "images")
    with pytest.raises(PermanentError, match="nothing is kept"):
        back_up(nowhere, tmp_path / "other.tar", with_images=False)
    assert not list(tmp_path.glob(".*"))


def test_of_a_picture_that_is_a_link_the_content_is_kept(settings: Settings, tmp_path: Path) -> None:
    file = tmp_path / "bridge.tar"
    picture = next(path for path in settings.images_dir.rglob("*") if path.is_file())
    os.link(picture, picture.with_name("hard.jpg"))
    (tmp_path / "elsewhere.jpg").write_bytes(b"elsewhere")
    picture.with_name("soft.jpg").symlink_to(tmp_path / "elsewhere.jpg")
    back_up(settings, file, with_images=True)
    elsewhere = Settings(data_dir=tmp_path / "new" / "data", images_dir=tmp_path / "new" / "images")
    restore(elsewhere, file)
    restored = elsewhere.images_dir / picture.parent.relative_to(settings.images_dir)
    assert (restored / "hard.jpg").read_bytes() == picture.read_bytes()
    assert (restored / "soft.jpg").read_bytes() == b"elsewhere"
    assert not (restored / "soft.jpg").is_symlink()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root restores for somebody else")
def test_what_root_restores_belongs_to_the_service(settings: Settings, tmp_path: Path) -> None:
    file, service = tmp_path / "bridge.tar", 61_234
    back_up(settings, file, with_images=True)
    (settings.data_dir / "running.lock").unlink(missing_ok=True)
    for folder in (settings.data_dir, settings.images_dir):
        os.chown(folder, service, service)
    restore(settings, file)
    restored = [*settings.data_dir.rglob("*"), *settings.images_dir.rglob("*")]
    assert len(restored) > 10
    assert {(it.stat().st_uid, it.stat().st_gid) for it in restored} == {(service, service)}


def changed(file: Path, name: str, content: bytes) -> None:
    """The archive with another content of that file."""
    entries = []
    with tarfile.open(file) as archive:
        for entry in archive:
            data = archive.extractfile(entry)
            assert data is not None
            entries.append((entry, content if entry.name == name else data.read()))
    with tarfile.open(file, "w") as archive:
        for entry, data_of in entries:
            entry.size = len(data_of)
            archive.addfile(entry, io.BytesIO(data_of))


@pytest.mark.parametrize("name", ["data/bridge.sqlite3", "data/outbox/outbox.db"])
@pytest.mark.parametrize("fault", ["no database", "torn", "another's"])
def test_a_damaged_database_takes_the_place_of_none(
    settings: Settings, tmp_path: Path, name: str, fault: str
) -> None:
    file = tmp_path / "bridge.tar"
    back_up(settings, file, with_images=False)
    with tarfile.open(file) as archive:
        whole = archive.extractfile(name)
        assert whole is not None
        content = whole.read()
    if fault == "torn":
        content = content[:4096] + b"\xaa" * (len(content) - 4096)
    elif fault == "no database":
        content = b"no database" * 1000
    else:
        with closing(sqlite3.connect(tmp_path / "other.db")) as connection:
            connection.execute("CREATE TABLE other (x)")
            connection.execute("PRAGMA user_version = 1")
        content = (tmp_path / "other.db").read_bytes()
    changed(file, name, content)
    before = state_of(settings)
    with pytest.raises(PermanentError, match=f"its {Path(name).name} is damaged or none of ours"):
        restore(settings, file)
    assert state_of(settings) == before
    assert not list(settings.data_dir.glob("*restore*"))


@pytest.mark.parametrize(
    "about",
    [
        {"GNU.sparse.map": "0,1", "GNU.sparse.size": str(2**20)},  # a few bytes that become any number
        {"GNU.sparse.map": "x", "GNU.sparse.size": "x"},
        {"path": "images/a/b/c\0.jpg"},
    ],
)
def test_an_archive_made_to_do_harm_is_refused_in_words(
    settings: Settings, tmp_path: Path, about: dict[str, str]
) -> None:
    file = tmp_path / "bridge.tar"
    back_up(settings, file, with_images=False)
    with tarfile.open(file, "a") as archive:
        entry = tarfile.TarInfo("images/a/b/c")
        entry.size, entry.pax_headers = 1, about
        archive.addfile(entry, io.BytesIO(b"x"))
    elsewhere = Settings(data_dir=tmp_path / "data", images_dir=tmp_path / "images")
    with pytest.raises(PermanentError, match="no backup of this program"):
        restore(elsewhere, file)
    assert [path.name for path in elsewhere.data_dir.iterdir()] == ["running.lock"]


def test_a_backup_that_finds_no_room_changes_nothing(settings: Settings, tmp_path: Path) -> None:
    file = tmp_path / "bridge.tar"
    back_up(settings, file, with_images=False)
    with small_disk(tmp_path / "disk", "100k") as disk:
        elsewhere = Settings(data_dir=disk.folder / "data", images_dir=disk.folder / "images")
        with pytest.raises(PermanentError, match="MB more than are free"):
            restore(elsewhere, file)
        assert [path.name for path in elsewhere.data_dir.iterdir()] == ["running.lock"]


def test_pictures_that_find_no_place_leave_the_state_as_it_was(settings: Settings, tmp_path: Path) -> None:
    file = tmp_path / "bridge.tar"
    back_up(settings, file, with_images=True)
    with closing(sqlite3.connect(settings.data_dir / "bridge.sqlite3")) as connection, connection:
        connection.execute("DELETE FROM record")
    before = state_of(settings)
    no_room = pytest.raises(PermanentError, match="MB more than are free")
    with small_disk(tmp_path / "disk", "16k") as disk, no_room:
        restore(dataclasses.replace(settings, images_dir=disk.folder), file)
    with small_disk(tmp_path / "other", "8m") as disk:
        (disk.folder / "A1-mini").write_text("in the way")
        with pytest.raises(OSError, match="A1-mini"):
            restore(dataclasses.replace(settings, images_dir=disk.folder), file)
    assert state_of(settings) == before


def test_pictures_need_no_room_on_the_disk_of_the_state(settings: Settings, tmp_path: Path) -> None:
    file = tmp_path / "bridge.tar"
    large = next(path for path in settings.images_dir.rglob("*") if path.is_file())
    large.write_bytes(bytes(3_000_000))
    back_up(settings, file, with_images=True)
    images_dir = tmp_path / "images"
    with small_disk(tmp_path / "disk", "2m") as disk:
        restore(Settings(data_dir=disk.folder / "data", images_dir=images_dir), file)
    assert (images_dir / large.relative_to(settings.images_dir)).stat().st_size == 3_000_000
    assert not list(images_dir.glob(".*"))


@pytest.fixture(autouse=True)
def rights_of_this_process() -> Iterator[None]:
    """Both commands set the rights of what they make, for the whole process."""
    before = os.umask(0o022)
    yield
    os.umask(before)

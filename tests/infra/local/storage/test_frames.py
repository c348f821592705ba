"""The frame contract on real files, and what only the embedded store promises."""

import errno
import os
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from functions.shared.domain.keys import frame_key, job_prefix, latest_key
from functions.shared.errors import BridgeError, NotFoundError, PermanentError, TransientError
from functions.shared.runtime.private_files import access_list
from infra.local.storage.frames import FileFrameStore
from tests.support.access_lists import give_right
from tests.support.contracts.frames import HOSTILE_KEYS, NOON, PREFIX, FramesContract
from tests.support.descriptors import no_more_files, no_right_to

KEY = frame_key(PREFIX, NOON, 1)


@pytest.fixture
def frames(tmp_path: Path) -> FileFrameStore:
    return FileFrameStore(tmp_path / "images")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "source"
    path.write_bytes(b"jpeg")
    return path


class TestFileFrames(FramesContract):
    @pytest.fixture
    def frames(self, tmp_path: Path) -> FileFrameStore:
        return FileFrameStore(tmp_path / "images")


def test_a_frame_lies_where_the_settings_say(frames: FileFrameStore, source: Path) -> None:
    frames.put(KEY, source)
    assert (frames.images_dir / "A1M-1" / "benchy" / KEY.rsplit("/", 1)[1]).read_bytes() == b"jpeg"


def test_the_newest_frame_of_an_idle_printer_lies_apart_and_is_listed_apart(
    frames: FileFrameStore, source: Path
) -> None:
    frames.put(latest_key("A1M-1"), source)
    assert [frame.key for frame in frames.list("latest/")] == ["latest/A1M-1.jpg"]
    assert list(frames.list("images/")) == []


def test_a_frame_is_moved_and_not_copied(frames: FileFrameStore, source: Path) -> None:
    inode = source.stat().st_ino
    frames.put(KEY, source)
    assert (frames.images_dir / KEY.removeprefix("images/")).stat().st_ino == inode


def test_whoever_was_given_a_right_to_the_folder_may_read_what_is_put_there(
    frames: FileFrameStore, source: Path
) -> None:
    frames.images_dir.mkdir()
    give_right(frames.images_dir, "default")
    source.chmod(0o600)
    os.utime(source, (NOON, NOON))
    frames.put(KEY, source)
    target = frames.images_dir / KEY.removeprefix("images/")
    readers = {tag: rights & bound_of(target) for tag, rights in access_list(target, "access")}
    assert readers[0x02] == 4  # the user that the list names
    assert (target.read_bytes(), target.stat().st_mtime, source.exists()) == (b"jpeg", NOON, False)


def bound_of(path: Path) -> int:
    return path.stat().st_mode >> 3 & 7


def test_a_frame_from_another_file_system_is_stored_whole_and_leaves_nothing_behind(
    frames: FileFrameStore, tmp_path: Path
) -> None:
    memory = Path("/dev/shm")
    if not memory.is_dir() or memory.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("no second file system here")
    source = memory / f"frame-{os.getpid()}-{threading.get_ident()}"
    source.write_bytes(b"from afar")
    frames.put(KEY, source)
    assert not source.exists()
    assert frames.get(KEY) == b"from afar"
    folder = frames.images_dir / "A1M-1" / "benchy"
    assert [path.name for path in folder.iterdir()] == [KEY.rsplit("/", 1)[1]]


def test_a_copy_that_breaks_off_leaves_the_source_and_no_piece(
    frames: FileFrameStore, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk and a second file system cannot be had in a test run; their errors can."""
    replace = os.replace

    def across(origin: Path, target: Path) -> None:
        if origin == source:
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        replace(origin, target)

    def full(origin: Path, target: Path) -> None:
        target.write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "replace", across)
    with monkeypatch.context() as disk:
        disk.setattr(shutil, "copyfile", full)
        with pytest.raises(TransientError, match="No space left"):
            frames.put(KEY, source)
    assert source.exists()
    assert list((frames.images_dir / "A1M-1" / "benchy").iterdir()) == []
    frames.put(KEY, source)
    assert frames.get(KEY) == b"jpeg"


def test_something_in_the_way_is_a_fault_for_good_and_keeps_the_source(
    frames: FileFrameStore, source: Path
) -> None:
    frames.images_dir.mkdir()
    (frames.images_dir / "A1M-1").write_text("a file where a folder should be")
    with pytest.raises(PermanentError):
        frames.put(KEY, source)
    assert source.exists()
    with pytest.raises(NotFoundError):
        frames.get(KEY)


def test_a_folder_is_no_frame(frames: FileFrameStore, source: Path) -> None:
    frames.put(KEY, source)
    with pytest.raises(NotFoundError):
        frames.get("images/A1M-1/benchy")


def test_puts_and_a_clean_up_of_empty_folders_do_not_disturb_each_other(
    frames: FileFrameStore, tmp_path: Path
) -> None:
    is_over = threading.Event()
    sources = tmp_path / "sources"
    sources.mkdir()

    def clean_up() -> None:
        while not is_over.is_set():
            for folder in (frames.images_dir / "A1M-1" / "benchy", frames.images_dir / "A1M-1"):
                try:
                    folder.rmdir()
                except OSError:
                    continue

    with ThreadPoolExecutor(1) as pool:
        cleaner = pool.submit(clean_up)
        try:
            for number in range(200):
                path = sources / f"{number}"
                path.write_bytes(b"x")
                try:
                    frames.put(KEY, path)
                except TransientError:
                    assert path.exists()  # lost the race five times: tried again later, nothing is lost
                    continue
                (frames.images_dir / KEY.removeprefix("images/")).unlink()
        finally:
            is_over.set()
        cleaner.result(10)


any_key = st.one_of(
    st.text(st.characters(), max_size=60),
    st.lists(
        st.sampled_from(["images", "latest", "..", ".", "", "a", "/", "\\", "\x00", "~", "x.jpg", "etc"]),
        max_size=8,
    ).map("/".join),
    st.sampled_from(HOSTILE_KEYS),
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(key=any_key)
def test_no_key_leads_out_of_the_folder(tmp_path: Path, key: str) -> None:
    room = tmp_path / "room"
    shutil.rmtree(room, ignore_errors=True)
    room.mkdir()
    source = room / "source"
    source.write_bytes(b"x")
    frames = FileFrameStore(room / "images")
    try:
        frames.put(key, source)
    except BridgeError:
        assert source.exists()
    else:
        assert frames.get(key) == b"x"
    assert sorted(path.name for path in room.iterdir()) in (["images"], ["source"], ["images", "source"])
    list(frames.list(key))


def test_a_listing_of_a_long_job_keeps_the_order_of_time(frames: FileFrameStore) -> None:
    prefix = job_prefix("A1M-1", "long")
    folder = frames.images_dir / prefix.removeprefix("images/")
    folder.mkdir(parents=True)
    for number in range(3000):
        key = frame_key(prefix, NOON + number * 7, number)
        (frames.images_dir / key.removeprefix("images/")).touch()
    times = [frame.taken_at for frame in frames.list(prefix)]
    assert times == [NOON + number * 7 for number in range(3000)]


def test_a_folder_that_cannot_be_read_is_not_an_empty_one(frames: FileFrameStore, source: Path) -> None:
    assert list(frames.list(PREFIX)) == []  # it is not there: that is empty
    frames.put(KEY, source)
    with no_more_files(), pytest.raises(TransientError, match="Too many open files"):
        list(frames.list(PREFIX))
    with no_right_to(frames.images_dir / "A1M-1"), pytest.raises(TransientError, match="Permission denied"):
        list(frames.list(PREFIX))
    assert [frame.key for frame in frames.list(PREFIX)] == [KEY]


def test_a_source_that_cannot_be_looked_at_is_not_gone(frames: FileFrameStore, tmp_path: Path) -> None:
    folder = tmp_path / "outbox"
    folder.mkdir()
    (folder / "frame").write_bytes(b"jpeg")
    frames.images_dir.mkdir()
    with no_right_to(folder), pytest.raises(TransientError):
        frames.put(KEY, folder / "frame")
    frames.put(KEY, folder / "frame")
    assert frames.get(KEY) == b"jpeg"

"""What every FrameStore back end must do. A back end binds this class to itself with a `frames` fixture."""

from pathlib import Path

import pytest

from functions.shared.domain.keys import (
    film_key,
    frame_key,
    job_prefix,
    latest_key,
    printer_prefix,
    thumbnail_key,
)
from functions.shared.errors import NotFoundError, PermanentError
from functions.shared.ports import FrameStore, StoredFrame

NOON = 1_750_000_000.0
PREFIX = job_prefix("A1M-1", "benchy")
HOSTILE_KEYS = (
    "", "/", "images", "images/", "/etc/passwd", "../x.jpg", "images/../x.jpg", "images/a/../../../x.jpg",
    "images/./x.jpg", "images//x.jpg", "images/a/", "images/a\x00b.jpg", "images/a\nb.jpg",
    "images\\..\\x.jpg",
    "images/..\\x.jpg", "images/.hidden/x.jpg", "images/a/.x.jpg", "images/é.jpg", "images/\ud800.jpg",
    "images/" + "x" * 300 + ".jpg", "latest/../x.jpg", "latest/a/../../x.jpg", "other/x.jpg", "C:/x.jpg",
)  # fmt: skip


class FramesContract:
    @pytest.fixture
    def frames(self) -> FrameStore:
        raise NotImplementedError("the back end binds this")

    @pytest.fixture
    def outbox(self, tmp_path: Path) -> Path:
        folder = tmp_path / "outbox"
        folder.mkdir()
        return folder

    def put(self, frames: FrameStore, outbox: Path, key: str, content: bytes = b"jpeg") -> str:
        source = outbox / "source"
        source.write_bytes(content)
        frames.put(key, source)
        assert not source.exists()
        return key

    def test_a_frame_is_read_back_as_it_was_put(self, frames: FrameStore, outbox: Path) -> None:
        content = bytes(range(256)) * 500
        key = self.put(frames, outbox, frame_key(PREFIX, NOON, 1), content)
        assert frames.get(key) == content

    def test_a_stored_film_can_be_read_in_parts(self, frames: FrameStore, outbox: Path) -> None:
        key = self.put(frames, outbox, film_key(PREFIX, NOON), b"0123456789")
        with frames.open(key) as stream:
            assert stream.read(3) == b"012"
            stream.seek(0, 2)
            assert stream.tell() == 10
            stream.seek(7)
            assert stream.read() == b"789"

    def test_what_is_not_stored_is_said_to_be_missing(self, frames: FrameStore) -> None:
        key = frame_key(PREFIX, NOON, 1)
        with pytest.raises(NotFoundError):
            frames.get(key)
        with pytest.raises(NotFoundError), frames.open(key):
            raise AssertionError("it was opened")

    def test_a_later_put_takes_the_place_of_an_earlier_one(self, frames: FrameStore, outbox: Path) -> None:
        self.put(frames, outbox, latest_key("A1M-1"), b"old")
        self.put(frames, outbox, latest_key("A1M-1"), b"new")
        assert frames.get(latest_key("A1M-1")) == b"new"

    def test_a_put_repeated_after_a_crash_finds_its_source_gone_and_is_content(
        self, frames: FrameStore, outbox: Path
    ) -> None:
        key = self.put(frames, outbox, frame_key(PREFIX, NOON, 1), b"kept")
        frames.put(key, outbox / "source")
        assert frames.get(key) == b"kept"

    def test_a_put_without_a_source_says_so(self, frames: FrameStore, outbox: Path) -> None:
        with pytest.raises(NotFoundError):
            frames.put(frame_key(PREFIX, NOON, 1), outbox / "never there")

    def test_a_listing_has_the_frames_of_one_job_in_the_order_of_time(
        self, frames: FrameStore, outbox: Path
    ) -> None:
        keys = [frame_key(PREFIX, NOON + seconds, seconds) for seconds in (30, 10, 20)]
        for key in keys:
            self.put(frames, outbox, key, b"12345")
        self.put(frames, outbox, frame_key(job_prefix("A1M-1", "other"), NOON, 1))
        self.put(frames, outbox, frame_key(job_prefix("P1S", "benchy"), NOON, 1))
        listed = list(frames.list(PREFIX))
        assert [frame.key for frame in listed] == sorted(keys)
        assert [frame.taken_at for frame in listed] == [NOON + 10, NOON + 20, NOON + 30]
        assert {frame.size for frame in listed} == {5}

    def test_a_listing_of_a_printer_has_the_frames_of_all_its_jobs(
        self, frames: FrameStore, outbox: Path
    ) -> None:
        for printer in ("A1", "A1M-1"):
            for job in ("benchy", None):
                self.put(frames, outbox, frame_key(job_prefix(printer, job), NOON, 1))
        listed = [frame.key for frame in frames.list(printer_prefix("A1"))]
        assert listed == [frame_key(job_prefix("A1", job), NOON, 1) for job in ("benchy", None)]

    def test_a_listing_includes_both_ends_of_its_time_span(self, frames: FrameStore, outbox: Path) -> None:
        keys = [self.put(frames, outbox, frame_key(PREFIX, NOON + n, n)) for n in range(5)]
        assert [frame.key for frame in frames.list(PREFIX, NOON + 1, NOON + 3)] == keys[1:4]
        assert [frame.key for frame in frames.list(PREFIX, since=NOON + 3)] == keys[3:]
        assert [frame.key for frame in frames.list(PREFIX, until=NOON + 1)] == keys[:2]

    def test_a_frame_of_the_second_in_which_the_span_begins_belongs_to_it(
        self, frames: FrameStore, outbox: Path
    ) -> None:
        key = self.put(frames, outbox, frame_key(PREFIX, NOON + 1.9, 1))
        assert [frame.key for frame in frames.list(PREFIX, NOON + 1.5, NOON + 2)] == [key]

    def test_films_and_foreign_files_are_not_listed(self, frames: FrameStore, outbox: Path) -> None:
        self.put(frames, outbox, film_key(PREFIX, NOON))
        self.put(frames, outbox, f"{PREFIX}holiday.jpg")
        key = self.put(frames, outbox, frame_key(PREFIX, NOON, 1))
        assert [frame.key for frame in frames.list(PREFIX)] == [key]

    def test_the_films_of_a_job_are_listed_with_the_times_of_their_names(
        self, frames: FrameStore, outbox: Path
    ) -> None:
        other = job_prefix("A1M-1", "benchy 2")
        for number, at in ((1, NOON), (2, NOON + 3600)):
            self.put(frames, outbox, film_key(PREFIX, at), bytes(number))
        self.put(frames, outbox, thumbnail_key(film_key(PREFIX, NOON)))
        self.put(frames, outbox, frame_key(PREFIX, NOON, 1))
        self.put(frames, outbox, film_key(other, NOON))
        assert list(frames.films(PREFIX)) == [
            StoredFrame(film_key(PREFIX, at), size, at) for size, at in ((1, NOON), (2, NOON + 3600))
        ]
        assert list(frames.films(job_prefix("A1M-1", "nothing"))) == []

    def test_a_listing_of_nothing_is_empty(self, frames: FrameStore) -> None:
        assert list(frames.list(PREFIX)) == []

    @pytest.mark.parametrize("key", HOSTILE_KEYS)
    def test_a_key_that_is_none_is_refused_and_touches_nothing(
        self, frames: FrameStore, outbox: Path, key: str
    ) -> None:
        source = outbox / "source"
        source.write_bytes(b"mine")
        with pytest.raises(PermanentError):
            frames.put(key, source)
        assert source.read_bytes() == b"mine"
        with pytest.raises(NotFoundError):
            frames.get(key)
        assert list(frames.list(key if ".." in key else "../")) == []

"""What an answer costs: each record is read once, lists as lists, and no image is decoded for its time."""

from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from functions.api.app import create_app
from functions.shared.domain.keys import CHATS, COLLECTORS, INSPECTIONS, PRINTERS, inspection_key, printer_key
from functions.shared.latest_pictures import LatestPicture
from functions.shared.live import Live, LiveStatus
from functions.shared.ports import FrameStore, RecordStore, Stored, StoredFrame
from tests.functions.api.bridge_data import NOW, RUNNING, BridgeData, asking
from tests.support.edge_material import jpeg

NAMES = ("A1M-1", "P1S-2", "..")
EVERY_PATH = (
    "/",
    "/docs",
    "/api/",
    "/api/overview",
    "/api/printers",
    "/api/printer/A1M-1",
    "/api/printer/A1M-1/image",
    "/api/printer/~..",
    "/api/printer/~../image",
    "/api/printer/nobody",
    "/api/printer/~nobody/image",
    "/api/printer/%3F",
    "/api/printer/listed-only",
    "/api/health",
)


class CountingRecords:
    """A RecordStore that counts how often each record is read, alone or in a list."""

    def __init__(self, inner: RecordStore) -> None:
        self._inner = inner
        self.gets: Counter[str] = Counter()
        self.lists: Counter[str] = Counter()
        self.reads: Counter[str] = Counter()

    def get(self, key: str) -> Stored | None:
        self.gets[key] += 1
        self.reads[key] += 1
        return self._inner.get(key)

    def list(self, prefix: str, after: str = "", limit: int | None = None) -> list[Stored]:
        self.lists[prefix] += 1
        found = self._inner.list(prefix, after, limit)
        self.reads.update(stored.key for stored in found)
        return found

    def put(
        self, key: str, value: dict[str, Any], expected_version: int, expires_at: float | None = None
    ) -> int:
        raise AssertionError(f"an answer writes {key}")

    def put_if_absent(self, key: str, expires_at: float) -> bool:
        raise AssertionError(f"an answer writes {key}")


class CountingFrames:
    """A FrameStore that counts how often a frame is read."""

    def __init__(self, inner: FrameStore) -> None:
        self._inner = inner
        self.gets = 0

    def get(self, key: str) -> bytes:
        self.gets += 1
        return self._inner.get(key)

    def put(self, key: str, source: Path) -> None:
        raise AssertionError(f"an answer writes {key}")

    def open(self, key: str) -> AbstractContextManager[BinaryIO]:
        raise AssertionError(f"an answer opens {key}")

    def list(
        self, prefix: str, since: float | None = None, until: float | None = None
    ) -> Iterator[StoredFrame]:
        raise AssertionError(f"an answer lists {prefix}")

    def films(self, prefix: str) -> Iterator[StoredFrame]:
        raise AssertionError(f"an answer lists the films of {prefix}")


class CountingLive(Live):
    """The memory, which counts the images it was asked for and the statuses it gave out."""

    def __init__(self) -> None:
        super().__init__()
        self.frames_asked = 0
        self.statuses_asked: Counter[str] = Counter()

    def frame(self, printer_id: str) -> LatestPicture | None:
        self.frames_asked += 1
        return super().frame(printer_id)

    def status(self, printer_id: str) -> LiveStatus | None:
        self.statuses_asked[printer_id] += 1
        return super().status(printer_id)


class Reads:
    """One answer of a bridge with three printers and two collectors, and what was read for it."""

    def __init__(self, data: BridgeData) -> None:
        self.data = data
        self.records = CountingRecords(data.records)
        self.frames = CountingFrames(data.frames)
        self.live = CountingLive() if data.live is not None else None
        data.live = self.live

    async def status_of(self, path: str) -> int:
        app = create_app(self.records, self.frames, self.live, self.data.clock)
        async with asking(app) as client:
            return (await client.get(path)).status_code


def filled(data: BridgeData) -> Reads:
    reads = Reads(data)
    for name in NAMES:
        frame = data.put_frame(name, jpeg(), NOW - 30)
        data.put_record(name, status=RUNNING, received_at=NOW - 5, state="RUNNING", frame=frame)
        data.put_inspection(name, verdict="fine", last_look_at=NOW - 60)
        if reads.live is not None:
            data.put_live(name, RUNNING, NOW - 1)
            data.put_image(name, jpeg(), NOW - 2)
    data.put_collector("pi", NOW - 10, *NAMES, "listed-only")
    data.put_collector("nas", NOW - 20, "A1M-1")
    return reads


@pytest.fixture(params=["embedded", "cloud"])
def reads(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Reads]:
    data = BridgeData(tmp_path, is_embedded=request.param == "embedded")
    yield filled(data)
    data.database.close()


@pytest.mark.parametrize("path", EVERY_PATH)
async def test_an_answer_reads_each_record_once(reads: Reads, path: str) -> None:
    assert await reads.status_of(path) in (200, 404)
    assert {key: times for key, times in reads.records.reads.items() if times > 1} == {}
    assert {prefix: times for prefix, times in reads.records.lists.items() if times > 1} == {}
    if reads.live is not None:
        assert set(reads.live.statuses_asked.values()) <= {1}


async def test_a_printer_costs_its_own_records_and_the_list_of_collectors(reads: Reads) -> None:
    assert await reads.status_of("/api/printer/A1M-1") == 200
    assert reads.records.gets == {printer_key("A1M-1"): 1, inspection_key("A1M-1"): 1}
    assert reads.records.lists == {COLLECTORS: 1}
    assert reads.frames.gets == 0


async def test_the_list_and_the_health_answer_read_lists_and_nothing_else(reads: Reads) -> None:
    for path, more in (
        ("/api/printers", {}),
        ("/api/health", {CHATS: 1}),
        ("/api/overview", {CHATS: 1, INSPECTIONS: 1}),
    ):
        reads.records.lists.clear()
        assert await reads.status_of(path) == 200
        assert reads.records.gets == {}
        assert reads.records.lists == {COLLECTORS: 1, PRINTERS: 1, **more}
    assert reads.frames.gets == 0


async def test_an_image_is_read_once_and_only_when_it_is_asked_for(reads: Reads) -> None:
    assert await reads.status_of("/api/printer/A1M-1/image") == 200
    asked_memory = reads.live.frames_asked if reads.live is not None else 0
    assert (asked_memory, reads.frames.gets) == ((1, 0) if reads.live is not None else (0, 1))
    assert reads.records.gets == {printer_key("A1M-1"): 1}


@pytest.mark.parametrize("path", ["/api/overview", "/api/printers", "/api/printer/A1M-1", "/api/health"])
async def test_no_image_is_decoded_to_learn_its_time(bridge: BridgeData, path: str) -> None:
    reads = filled(bridge)
    assert await reads.status_of(path) == 200
    assert reads.live is not None
    assert reads.live.frames_asked == 0

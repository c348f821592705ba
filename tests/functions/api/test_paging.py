"""Of many printers an answer has a page, and says where the next one begins."""

import re
from typing import Any

import pytest

from functions.api.paging import cursor_of, name_before, page_size
from functions.shared.domain.keys import collector_key, listing_key
from functions.shared.read_model import LONGEST_PAGE, PAGE_LIMIT
from tests.functions.api.bridge_data import NOW, RUNNING, BridgeData, asking


async def pages(data: BridgeData, query: str = "") -> list[list[str]]:
    """The names of each page of the list, by following its links."""
    found: list[list[str]] = []
    async with asking(data.app()) as client:
        while True:
            answer = await client.get(f"/api/printers{query}")
            found.append([printer["printer_id"] for printer in answer.json()])
            link = re.fullmatch(r'<(\?[^>]+)>; rel="next"', answer.headers.get("link", ""))
            if link is None:
                return found
            query = link[1]


async def test_a_household_has_one_page(cloud: BridgeData) -> None:
    for name in ("b", "A", "c"):
        cloud.put_record(name)
    assert await pages(cloud) == [["A", "b", "c"]]


async def test_every_printer_is_on_one_page(cloud: BridgeData) -> None:
    names = [f"P{number:03d}" for number in range(45)]
    for name in names:
        cloud.put_record(name)
    found = await pages(cloud, "?limit=20")
    assert [len(page) for page in found] == [20, 20, 5]
    assert [name for page in found for name in page] == names


async def test_what_only_memory_or_a_collector_knows_is_on_one_page_too(bridge: BridgeData) -> None:
    for number in range(0, 30, 3):
        bridge.put_record(f"P{number:03d}")
        bridge.put_live(f"P{number + 1:03d}", RUNNING, NOW)
    bridge.put_collector("c1", NOW, *(f"P{number + 2:03d}" for number in range(0, 30, 3)))
    found = await pages(bridge, "?limit=7")
    assert [name for page in found for name in page] == [f"P{number:03d}" for number in range(30)]
    assert [len(page) for page in found] == [7, 7, 7, 7, 2]


async def test_health_gives_a_page_of_printers_and_judges_by_all_collectors(cloud: BridgeData) -> None:
    for number in range(12):
        cloud.put_record(f"P{number:03d}", received_at=NOW - 5, status=RUNNING)
    cloud.put_collector("gone", NOW - 2000, "P000")
    cloud.put_collector("here", NOW - 5, "P001")
    async with asking(cloud.app()) as client:
        first = (await client.get("/api/health?limit=10")).json()
        second = (await client.get(f"/api/health?limit=10&cursor={first['next_cursor']}")).json()
    assert [len(answer["printers"]) for answer in (first, second)] == [10, 2]
    assert first["status"] == second["status"] == "stale"
    assert second["next_cursor"] is None
    assert len(second["collectors"]) == 2


def test_no_wish_is_refused_and_none_is_unbounded() -> None:
    assert [page_size(wish) for wish in (None, "", "x", "0", "7", "9999", "9" * 400, "-3", "٣")] == [
        PAGE_LIMIT,
        PAGE_LIMIT,
        PAGE_LIMIT,
        1,
        7,
        LONGEST_PAGE,
        PAGE_LIMIT,
        PAGE_LIMIT,
        PAGE_LIMIT,
    ]
    for name in ("A1M-1", "a/b c", "打印机", "\ud800"):
        assert name_before(cursor_of(name)) == name
    for cursor in (None, "", "!", "a", "gA", "é", cursor_of("x" * 2000)):
        assert name_before(cursor) == ""


def put_long_list(data: BridgeData, collector_id: str, names: list[str], **facts: Any) -> None:
    """As the tracker keeps it in the cloud."""
    printers = [{"printer_id": name, "model": "A1", "is_online": True, **facts} for name in names]
    data.records.put(listing_key(collector_id), {"printers": printers, "digest": "d"}, 0)
    data.put_collector(collector_id, NOW - 10)
    stored = data.records.get(collector_key(collector_id))
    assert stored is not None
    del stored.value["status"]["printers"]
    data.records.put(stored.key, {**stored.value, "listing": "d", "sequence": 7}, stored.version)


def update(data: BridgeData, collector_id: str, **fields: Any) -> None:
    stored = data.records.get(collector_key(collector_id))
    assert stored is not None
    data.records.put(stored.key, {**stored.value, **fields}, stored.version)


async def test_a_printer_of_a_long_list_is_looked_for_in_its_own_collector_s(cloud: BridgeData) -> None:
    names = [f"P{number:03d}" for number in range(30)]
    put_long_list(cloud, "other", ["P003"], is_connected=True)
    put_long_list(cloud, "own", names, is_connected=False)
    quiet = {"received_at": NOW - 500, "sequences": [["other", 1], ["own", 2]]}
    cloud.put_record("P003", status=RUNNING, **quiet)
    async with asking(cloud.app()) as client:
        view = (await client.get("/api/printer/P003")).json()
        listed_only = await client.get("/api/printer/P004")
        unknown = await client.get("/api/printer/nobody")
        update(cloud, "own", received_at=NOW - 2000)
        lost = (await client.get("/api/printer/P003")).json()
    assert view["problem"] == "no connection to BambUI for this printer"
    assert (listed_only.status_code, listed_only.json()["detail"]) == (404, "no status yet")
    assert (unknown.status_code, unknown.json()["detail"]) == (404, "unknown printer")
    assert lost["problem"] == "the collector has not been heard of for 33 min"


async def test_of_long_lists_health_says_what_liveness_has_found(cloud: BridgeData) -> None:
    for name in ("one", "two"):
        put_long_list(cloud, name, [f"P{number:03d}" for number in range(30)])
    async with asking(cloud.app()) as client:

        async def status() -> str:
            body = (await client.get("/api/health")).json()
            return str(body["status"])

        assert await status() == "ok"
        update(cloud, "one", rivals=["two"])
        update(cloud, "two", rivals=["one"])
        assert await status() == "doubled"
        update(cloud, "one", rivals=[], received_at=NOW - 2000)
        update(cloud, "two", rivals=[])
        assert await status() == "stale"
        update(cloud, "one", liveness={"forgotten_sequence": 7})
        assert await status() == "ok"


@pytest.mark.parametrize("name", ["P\ud800-1", "P\udfff"])
async def test_a_name_that_is_shown_with_a_question_mark_is_found_by_its_beginning(
    bridge: BridgeData, name: str
) -> None:
    bridge.put_live(name, RUNNING, NOW)
    bridge.put_record(name, status=RUNNING, received_at=NOW)
    async with asking(bridge.app()) as client:
        shown = name.replace("\ud800", "%3F").replace("\udfff", "%3F")
        assert (await client.get(f"/api/printer/{shown}")).status_code == 200

"""One answer has all that a wall of printers shows, and says when it is the same as before."""

import gzip
import json
from typing import Any

import pytest

from functions.api.overview import MOST, refresh_seconds
from tests.functions.api.bridge_data import NOW, RUNNING, BridgeData, asking
from tests.functions.api.serving import served
from tests.support.edge_material import jpeg

MANY = [f"P{number:03d}" for number in range(MOST + 30)]


async def asked(data: BridgeData, query: str = "", **headers: str) -> tuple[int, Any, str]:
    """Status, what was said, and its tag."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    async with asking(data.app()) as client:
        response = await client.get(f"/api/overview{query}", headers=named)
    return response.status_code, response.json() if response.content else None, response.headers["etag"]


def fill(data: BridgeData) -> None:
    frame = data.put_frame("P1", jpeg(), NOW - 30)
    job = {"name": "benchy", "percent": 62, "remaining_minutes": 72}
    data.put_record(
        "P1", status=RUNNING, received_at=NOW - 5, state="RUNNING", frame=frame, job=job, model="A1M"
    )
    data.put_inspection(
        "P1", verdict="suspicious", category="spaghetti", confidence=0.81, last_look_at=NOW - 60
    )
    data.put_collector("pi", NOW - 10, "P1", "never-heard")


async def test_a_card_has_what_the_printer_s_own_answer_has(cloud: BridgeData) -> None:
    fill(cloud)
    _, said, _ = await asked(cloud)
    async with asking(cloud.app()) as client:
        one = (await client.get("/api/printer/P1")).json()
    unheard, card = said["printers"]
    shared = card.keys() & one.keys() - {"image"}
    assert {"state", "problem", "job", "temperatures", "errors", "received_at"} <= shared
    assert {name: card[name] for name in shared} == {name: one[name] for name in shared}
    assert card["image"]["taken_at"] == one["image"]["taken_at"]
    assert card["last_look"]["verdict"] == "suspicious (spaghetti, 81 % sure)"
    assert (unheard["printer_id"], unheard["has_status"], unheard["image"]) == ("never-heard", False, None)
    assert said["health"]["status"] == "ok"
    assert said["next_cursor"] is None


@pytest.mark.parametrize("kind", ["bridge", "cloud"])
async def test_what_is_the_same_is_said_without_a_body_however_much_later(
    kind: str, request: pytest.FixtureRequest
) -> None:
    data: BridgeData = request.getfixturevalue(kind)
    fill(data)
    _, first, tag = await asked(data)
    assert tag.startswith('W/"')
    data.clock.skip(50)
    assert await asked(data, if_none_match=tag) == (304, None, tag)
    assert await asked(data, if_none_match=f'"other", {tag[2:]}') == (304, None, tag)
    _, again, same = await asked(data)
    assert (again.pop("at") != first.pop("at"), again, same) == (True, first, tag)
    data.put_record("P1", status=RUNNING | {"mc_percent": 63}, received_at=NOW + 50, state="RUNNING")
    status, changed, other = await asked(data, if_none_match=tag)
    assert (status, other != tag) == (200, True)
    assert changed["printers"] != first["printers"]


async def test_a_new_picture_alone_is_news(bridge: BridgeData) -> None:
    fill(bridge)
    tags = [(await asked(bridge))[2]]
    for seconds in (3, 2):
        bridge.put_image("P1", jpeg(), NOW - seconds)
        tags.append((await asked(bridge))[2])
    assert len(set(tags)) == 3


def put_many(data: BridgeData) -> None:
    for name in MANY:
        data.put_record(name, status=RUNNING, received_at=NOW, state="RUNNING")
        data.put_inspection(name, verdict="fine", last_look_at=NOW - 60)


async def test_many_printers_come_in_parts_with_their_checks(cloud: BridgeData) -> None:
    put_many(cloud)
    _, first, _ = await asked(cloud)
    _, second, _ = await asked(cloud, f"?cursor={first['next_cursor']}")
    assert [it["printer_id"] for it in first["printers"]] == MANY[:MOST]
    assert [it["printer_id"] for it in second["printers"]] == MANY[MOST:]
    assert second["next_cursor"] is None
    assert all(it["last_look"]["verdict"] == "fine" for it in first["printers"] + second["printers"])
    _, few, _ = await asked(cloud, f"?cursor={first['next_cursor']}&limit=2")
    assert [it["printer_id"] for it in few["printers"]] == MANY[MOST : MOST + 2]


@pytest.mark.parametrize(
    "query", ["?cursor=zzz", "?limit=0", "?limit=-3", "?limit=x", f"?limit={'9' * 5000}"]
)
async def test_whatever_is_asked_for_is_answered(cloud: BridgeData, query: str) -> None:
    put_many(cloud)
    status, said, _ = await asked(cloud, query)
    assert status == 200
    assert 1 <= len(said["printers"]) <= MOST


def test_a_large_answer_is_compressed_for_who_takes_that(cloud: BridgeData) -> None:
    for name in MANY[:50]:
        cloud.put_record(name, status=RUNNING, received_at=NOW, state="RUNNING", job={"name": "benchy"})
    with served(cloud.app()) as server:
        plain, packed = server.ask("/api/overview"), server.ask("/api/overview", Accept_Encoding="gzip, br")
    assert plain.headers["Content-Encoding"] is None
    assert packed.headers["Content-Encoding"] == "gzip"
    assert plain.headers["ETag"] == packed.headers["ETag"]
    assert json.loads(gzip.decompress(packed.body))["printers"] == json.loads(plain.body)["printers"]
    assert len(packed.body) < len(plain.body) / 8


async def test_how_often_to_ask_is_said(cloud: BridgeData, bridge: BridgeData) -> None:
    for data, expected in ((bridge, (3.0, None)), (cloud, (15.0, 25.0))):
        _, said, _ = await asked(data)
        assert (said["refresh_seconds"], said["seconds_a_picture"]) == expected
    assert refresh_seconds(50, is_embedded=False) == 20

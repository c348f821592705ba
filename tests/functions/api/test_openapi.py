"""The served document describes what is really served."""

from typing import Any

import httpx

from tests.functions.api.bridge_data import NOW, RUNNING, BridgeData, asking
from tests.functions.api.schema_check import schema_faults
from tests.support.edge_material import jpeg


def errors_of(response: httpx.Response, document: dict[str, Any], route: str) -> list[str]:
    answers = document["paths"][route]["get"]["responses"]
    described = answers[str(response.status_code)]
    kind = response.headers["content-type"].split(";")[0]
    assert kind in described["content"], f"{route}: {kind} is not described"
    if kind != "application/json":
        return []
    return schema_faults(response.json(), described["content"][kind]["schema"], document)


async def test_every_answer_is_as_the_document_says(bridge: BridgeData) -> None:
    assert bridge.live is not None
    bridge.live.put_printer("bare", None, None)
    bridge.put_live(
        "full", RUNNING | {"print_error": 0x0300_8004, "hms": [{"attr": 1, "code": 0x20001}]}, NOW
    )
    bridge.put_image("full", jpeg(), NOW)
    bridge.put_inspection("full", last_look_at=NOW - 60, verdict="suspicious", category="spaghetti")
    bridge.put_live("empty", {"gcode_state": "IDLE"}, NOW)
    job = {"id": "j", "name": "n", "started_at": NOW - 50, "ended_at": NOW, "result": "ended", "percent": 3}
    silence = {"silent_since": NOW - 50, "received_at": NOW - 80, "state": "IDLE", "state_inferred": True}
    bridge.put_record("silent", status=RUNNING, job=job, **silence)
    bridge.put_collector("c1", NOW - 10_000, "full")
    bridge.put_film("filmed", NOW, b"film")
    checked = 0
    async with asking(bridge.app()) as client:
        document = (await client.get("/openapi.json")).json()
        for route, names in {
            "/api/": [""],
            "/api/overview": [""],
            "/api/printers": [""],
            "/api/health": [""],
            "/api/printer/{printer_id}": ["full", "empty", "silent", "bare", "nobody"],
            "/api/printer/{printer_id}/image": ["full", "bare", "nobody"],
            "/api/printer/{printer_id}/film": ["filmed", "nobody"],
            "/api/printer/{printer_id}/film.mp4": ["filmed"],
        }.items():
            for name in names:
                response = await client.get(route.replace("{printer_id}", name))
                assert errors_of(response, document, route) == []
                checked += 1
        assert checked == 15
        bridge.clock.pass_time(10_000)
        response = await client.get("/api/health")
        assert response.status_code == 503
        assert errors_of(response, document, "/api/health") == []


async def test_the_check_finds_what_does_not_fit(bridge: BridgeData) -> None:
    async with asking(bridge.app()) as client:
        document = (await client.get("/openapi.json")).json()
    schema = {"$ref": "#/components/schemas/PrinterSummary"}
    good = {"printer_id": "a", "model": None, "is_online": True, "has_status": False}
    assert schema_faults(good, schema, document) == []
    assert schema_faults(good | {"has_status": "yes"}, schema, document)
    assert schema_faults(good | {"more": 1}, schema, document)
    assert schema_faults({"printer_id": "a"}, schema, document)


async def test_every_route_and_field_is_described(bridge: BridgeData) -> None:
    async with asking(bridge.app()) as client:
        document = (await client.get("/openapi.json")).json()
        assert (await client.get("/docs")).status_code == 200
    assert sorted(document["paths"]) == [
        "/api/",
        "/api/health",
        "/api/jobs",
        "/api/jobs.csv",
        "/api/jobs/{job_id}",
        "/api/jobs/{job_id}/film",
        "/api/jobs/{job_id}/image",
        "/api/jobs/{job_id}/thumbnail",
        "/api/overview",
        "/api/printer/{printer_id}",
        "/api/printer/{printer_id}/film",
        "/api/printer/{printer_id}/film.mp4",
        "/api/printer/{printer_id}/image",
        "/api/printer/{printer_id}/job",
        "/api/printer/{printer_id}/messages",
        "/api/printers",
        "/api/samples",
        "/api/stats",
    ]
    for route, methods in document["paths"].items():
        assert set(methods) == {"get"}
        assert methods["get"]["summary"], route
        assert methods["get"]["description"], route
    views = ("PrinterView", "OverviewView", "OverviewPrinter", "FilmView", "SampleView")
    of_jobs = (
        "JobsView",
        "JobDetailView",
        "PauseView",
        "CheckView",
        "CurveView",
        "StatsView",
        "MessagesView",
    )
    for view in (*views, *of_jobs):
        fields = document["components"]["schemas"][view]["properties"]
        bare = [name for name, it in fields.items() if not ({"description", "examples", "$ref"} & it.keys())]
        assert bare == []


async def test_a_404_is_described_with_its_words(bridge: BridgeData) -> None:
    async with asking(bridge.app()) as client:
        document = (await client.get("/openapi.json")).json()
    described = document["paths"]["/api/printer/{printer_id}/image"]["get"]["responses"]["404"]
    assert set(described["content"]["application/json"]["examples"]) == {"unknown printer", "no image yet"}


async def test_no_answer_is_described_that_is_never_given(bridge: BridgeData) -> None:
    async with asking(bridge.app("k")) as client:
        document = (await client.get("/openapi.json", headers={"x-api-key": "k"})).json()
        refused = (await client.get("/api/printers")).json()
    for route, methods in document["paths"].items():
        operation = methods["get"]
        is_open = route == "/api/"
        assert "422" not in operation["responses"]
        assert ("401" in operation["responses"], "security" in operation) == (not is_open, not is_open)
        if not is_open:
            assert operation["responses"]["401"]["content"]["application/json"]["example"] == refused
        for parameter in operation.get("parameters", []):
            assert parameter["description"]
    assert not {"HTTPValidationError", "ValidationError"} & document["components"]["schemas"].keys()


async def test_behind_a_stage_the_document_names_it(cloud: BridgeData) -> None:
    async with asking(cloud.app(root_path="/stage")) as client:
        document = (await client.get("/stage/openapi.json")).json()
        page = await client.get("/stage/")
        listed = await client.get("/stage/api/printers")
        stripped = await client.get("/api/printers")
    assert document["servers"] == [{"url": "/stage"}]
    assert (page.status_code, listed.json(), stripped.json()) == (200, [], [])

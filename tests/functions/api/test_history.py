"""Past jobs by the API: lists, one job, its film and photos, the running one, what was told."""

import json
from typing import Any

import pytest

from functions.shared import job_listing
from functions.shared.domain.job_curve import CurvePoint, encode_curve
from functions.shared.domain.keys import latest_key, thumbnail_key, told_key
from functions.shared.messages.report import FrameReference
from functions.shared.messages.told_messages import ToldMessage, ToldMessages, told_to_json
from tests.functions.api.bridge_data import NOW, RUNNING, BridgeData, asking
from tests.functions.api.kept_jobs import FILM, HOUR, archive, frame_of, keep_check, keep_film, keep_job
from tests.functions.api.serving import served
from tests.functions.api.test_openapi import errors_of
from tests.support.edge_material import jpeg

KEY = "a key that is long enough"
DAY = 86_400.0


async def asked(data: BridgeData, path: str, key: str = "") -> Any:
    headers = {"x-api-key": key} if key else {}
    async with asking(data.app(key), **headers) as client:
        response = await client.get(path)
        assert response.status_code == 200, response.text
        return response.json()


async def ids(data: BridgeData, query: str) -> list[str]:
    return [job["id"] for job in (await asked(data, f"/api/jobs?{query}"))["jobs"]]


async def test_a_job_in_the_list_is_as_it_was(bridge: BridgeData) -> None:
    keep_film(bridge, keep_job(bridge, "j1"))
    answer = await asked(bridge, "/api/jobs")
    (job,) = answer["jobs"]
    assert (answer["at"], answer["next_cursor"]) == ("2025-11-22T13:08:00Z", None)
    film, image, thumbnail = job.pop("film"), job.pop("image"), job.pop("thumbnail")
    assert job == {
        "id": "j1",
        "printer_id": "A1M-1",
        "model": "A1M",
        "name": "Part j1",
        "result": "finished",
        "reason": None,
        "started_at": "2025-11-22T09:07:00Z",
        "start_is_known": True,
        "ended_at": "2025-11-22T13:07:00Z",
        "end_is_known": True,
        "duration_seconds": 14_400.0,
        "percent": 100,
        "layer": 240,
        "total_layers": 240,
        "paused_seconds": 90.0,
    }
    assert (film["size"], film["address"]) == (len(FILM), "api/jobs/j1/film?at=1763816820000")
    assert image["taken_at"] == "2025-11-22T13:06:59Z"
    assert image["address"] == "api/jobs/j1/image?at=1763816819000"
    assert thumbnail["address"] == "api/jobs/j1/thumbnail?at=1763816820000"
    assert {it["good_until"] for it in (film, thumbnail)} == {"2025-11-29T13:07:00Z"}


async def test_one_job_is_whole(bridge: BridgeData) -> None:
    keep_job(bridge, "j1", result="failed", reason="It is stuck", codes=("0300-4006",))
    keep_check(bridge, "j1", category="none", confidence=0.04, summary="All well")
    keep_check(bridge, "j1", id="c2", verdict="defect", category="spaghetti", confidence=7.0)
    job = await asked(bridge, "/api/jobs/j1")
    assert [error["code"] for error in job["errors"]] == ["0300-4006", "0300-8004"]
    assert job["errors"][1]["text"].startswith("Filament ran out")
    assert job["pauses"] == [
        {
            "began_at": "2025-11-22T09:17:00Z",
            "ended_at": "2025-11-22T09:18:30Z",
            "seconds": 90.0,
            "reason": "Paused by the user",
        }
    ]
    assert [(it["verdict"], it["category"], it["confidence"]) for it in job["checks"]] == [
        ("fine", None, 0.04),
        ("defect", "spaghetti", None),
    ]
    assert job["curve"] == {
        "seconds": [0, 3600, 14_400],
        "percent": [None, 25, 100],
        "nozzle": [25.0, 220.0, 210.0],
        "bed": [24.0, 60.0, 60.0],
        "chamber": [None, 41.0, None],
    }
    assert (job["film"], job["image"], job["thumbnail"], job["download"]) == (None, None, None, None)


async def test_a_film_is_a_file_named_after_its_printer_and_job(bridge: BridgeData) -> None:
    keep_film(bridge, keep_job(bridge, "j1", name="cat/dog"))
    job = await asked(bridge, "/api/jobs/j1")
    assert job["download"] == {"name": "A1M-1 cat_dog.mp4", "address": job["film"]["address"]}


async def test_the_list_can_be_narrowed_and_goes_on_page_by_page(bridge: BridgeData) -> None:
    for number in range(8):
        result = "failed" if number % 4 == 1 else "finished"
        keep_job(bridge, f"j{number}", NOW - 60 - number * DAY, "B2" if number % 2 else "A1", result=result)
    assert await ids(bridge, "") == [f"j{number}" for number in range(8)]
    assert await ids(bridge, "printer=B2&limit=2") == ["j1", "j3"]
    assert await ids(bridge, "printer=nobody") == []
    assert await ids(bridge, "result=failed") == ["j1", "j5"]
    assert await ids(bridge, "since=2025-11-20") == ["j0", "j1", "j2"]
    assert await ids(bridge, "until=2025-11-17") == ["j5", "j6", "j7"]
    assert await ids(bridge, "since=2025-11-19T13:07:00Z&until=2025-11-20T13:07:00Z") == ["j2", "j3"]
    assert await ids(bridge, "since=2025-11-20T14:07:00%2B01:00") == ["j0", "j1", "j2"]
    assert await ids(bridge, "since=yesterday&until=&limit=-3&cursor=%00") == [f"j{it}" for it in range(8)]
    page = await asked(bridge, "/api/jobs?limit=3")
    following = await asked(bridge, f"/api/jobs?limit=100&cursor={page['next_cursor']}")
    assert [job["id"] for job in following["jobs"]] == [f"j{number}" for number in range(3, 8)]
    assert following["next_cursor"] is None


async def test_a_printer_may_be_named_as_it_is_shown(bridge: BridgeData) -> None:
    bridge.put_record("x\ud83dy", status=RUNNING, received_at=NOW)
    keep_job(bridge, "j1", printer_id="x\ud83dy")
    assert await ids(bridge, "printer=x%3Fy") == ["j1"]
    assert (await asked(bridge, "/api/stats?printer=x%3Fy"))["printers"][0]["printer_id"] == "x?y"


def test_films_and_photos_are_given_by_addresses_that_need_no_key(bridge: BridgeData) -> None:
    keep_film(bridge, keep_job(bridge, "j1"))
    with served(bridge.app(KEY)) as server:
        assert server.ask("/api/jobs").status == 401
        assert server.ask("/api/jobs/j1/film").status == 401
        (job,) = json.loads(server.ask("/api/jobs", x_api_key=KEY).body)["jobs"]
        whole = server.ask("/" + job["film"]["address"])
        assert (whole.status, whole.body) == (200, FILM)
        part = server.ask("/" + job["film"]["address"], Range="bytes=300-309")
        assert (part.status, part.body) == (206, FILM[300:310])
        for what, shade in (("image", 7), ("thumbnail", 9)):
            picture = server.ask("/" + job[what]["address"])
            assert (picture.status, picture.body) == (200, jpeg(shade))
            assert picture.headers["Content-Type"] == "image/jpeg"
            again = server.ask("/" + job[what]["address"], If_None_Match=picture.headers["ETag"])
            assert again.status == 304
            other = job[what]["address"].replace(what, "film")
            assert server.ask("/" + other).status == 401, "it opens nothing else"
            assert server.ask("/api/jobs/j1/" + what + "?at=5", x_api_key=KEY).status == 404


async def test_what_is_gone_has_no_address(bridge: BridgeData) -> None:
    end = keep_job(bridge, "j1", frame=frame_of(bridge, "A1M-1", NOW - 61))
    key = keep_film(bridge, end, has_photo=False)

    async def there() -> list[bool]:
        job = await asked(bridge, "/api/jobs/j1")
        return [job[what] is not None for what in ("film", "image", "thumbnail")]

    assert await there() == [True, True, True]
    (bridge.folder / thumbnail_key(key)).unlink()  # a full disk has them go early
    job = await asked(bridge, "/api/jobs/j1")
    assert job["thumbnail"]["address"] == job["image"]["address"]
    bridge.clock.pass_time(8 * DAY)
    assert await there() == [True, False, False], "frames are kept for a week"
    bridge.clock.pass_time(23 * DAY)
    assert await there() == [False, False, False]
    async with asking(bridge.app()) as client:
        for what, detail in (("film", "no film of this job"), ("image", "no photo of this job")):
            response = await client.get(f"/api/jobs/j1/{what}")
            assert (response.status_code, response.json()) == (404, {"detail": detail})


async def test_a_film_that_is_not_its_printers_own_is_not_shown(bridge: BridgeData) -> None:
    other = keep_job(bridge, "j2", printer_id="B2")
    end = keep_job(bridge, "j1", frame=frame_of(bridge, "B2", NOW - 61))
    keep_film(bridge, other)
    stored = bridge.records.get("job#j2/film")
    assert stored is not None
    bridge.records.put("job#j1/film", stored.value, 0)
    job = await asked(bridge, f"/api/jobs/{end.job_id}")
    assert (job["film"], job["image"]) == (None, None)


@pytest.mark.parametrize("job_id", ["j9", "~", "%2E%2E", "a" * 70, "j1%2Fend", "%00"])
async def test_an_unknown_job_is_said_to_be_one(bridge: BridgeData, job_id: str) -> None:
    keep_job(bridge, "j1")
    async with asking(bridge.app()) as client:
        for what in ("", "/film", "/image", "/thumbnail"):
            response = await client.get(f"/api/jobs/{job_id}{what}")
            assert response.status_code == 404
        if job_id == "j9":
            assert response.json() == {"detail": "unknown job"}


async def test_the_running_job_is_shown_with_what_waits_in_the_record(bridge: BridgeData) -> None:
    job = {
        "id": "j1",
        "name": "Benchy",
        "percent": 30,
        "paused_seconds": 90.0,
        "course": {
            "curve": encode_curve([CurvePoint(7000, 30, 220)]),
            "pauses": [{"began_at": NOW - 30, "reason": "Paused by the user"}],
            "codes": ["0300-8001"],
        },
    }
    bridge.put_record("A1M-1", status=RUNNING, received_at=NOW, model="A1M", job=job)
    first = await asked(bridge, "/api/printer/A1M-1/job")
    assert first["curve"]["seconds"] == [7000]
    keep_job(bridge, "j1")
    stored = bridge.records.get("job#j1/end")
    assert stored is not None
    bridge.records.put("job#j1/end", {}, stored.version, NOW - 60)  # it came back
    keep_check(bridge, "j1")
    shown = await asked(bridge, "/api/printer/A1M-1/job")
    assert (shown["result"], shown["ended_at"], shown["duration_seconds"]) == (None, None, 7200.0)
    assert shown["paused_seconds"] == 120.0
    assert shown["curve"]["seconds"] == [0, 3600, 7000]
    assert [(it["ended_at"], it["seconds"]) for it in shown["pauses"]][1:] == [(None, None)]
    assert [error["code"] for error in shown["errors"]] == ["0300-8004", "0300-8001"]
    assert len(shown["checks"]) == 1


async def test_the_last_job_is_shown_when_none_runs_even_one_from_before_the_upgrade(
    bridge: BridgeData,
) -> None:
    job = {"id": "j1", "phase": "ended", "result": "failed", "ended_at": NOW - 60, "percent": 40}
    bridge.put_record("A1M-1", status=RUNNING, received_at=NOW, job=job)
    old = await asked(bridge, "/api/printer/A1M-1/job")
    assert (old["result"], old["ended_at"], old["percent"]) == ("failed", "2025-11-22T13:07:00Z", 40)
    assert (old["curve"]["seconds"], old["film"]) == ([], None)
    keep_job(bridge, "j1")
    assert await asked(bridge, "/api/printer/A1M-1/job") == await asked(bridge, "/api/jobs/j1")
    bridge.put_record("idle", status=RUNNING, received_at=NOW)
    async with asking(bridge.app()) as client:
        for name, detail in (("idle", "no job yet"), ("nobody", "unknown printer")):
            response = await client.get(f"/api/printer/{name}/job")
            assert (response.status_code, response.json()) == (404, {"detail": detail})


async def test_what_was_told_within_a_day_is_shown(bridge: BridgeData) -> None:
    bridge.put_record("a/b", status=RUNNING, received_at=NOW)
    told = tuple(ToldMessage(f"m{at}", NOW - at * HOUR, f"{at} h\nago <b>") for at in (1, 23, 25))
    bridge.records.put(told_key("a/b"), told_to_json(ToldMessages(told)), 0)
    answer = await asked(bridge, "/api/printer/a%2Fb/messages")
    assert [(it["text"], it["severity"]) for it in answer["messages"]] == [
        ("1 h\nago <b>", "notice"),
        ("23 h\nago <b>", "notice"),
    ]
    bridge.put_record("quiet", status=RUNNING, received_at=NOW)
    assert (await asked(bridge, "/api/printer/quiet/messages"))["messages"] == []


async def test_figures_of_all_by_printer_and_by_month(bridge: BridgeData) -> None:
    keep_job(bridge, "j1", NOW - 60)
    keep_job(bridge, "j2", NOW - 3 * DAY, result="failed", reason="clog")
    keep_job(bridge, "j3", NOW - 40 * DAY, "B2", end_is_known=False, result="ended")
    keep_job(bridge, "j4", NOW - 60, "B2", result="never_began")
    answer = await asked(bridge, "/api/stats")
    figures = {
        "jobs": 2,
        "finished": 1,
        "failed": 1,
        "cancelled": 0,
        "ended": 0,
        "success_rate": 0.5,
        "hours": 8.0,
        "mean_seconds": 14_400.0,
        "longest_seconds": 14_400.0,
    }
    assert answer["months"][0] == {"month": "2025-11", **figures}
    reasons = [{"reason": "clog", "jobs": 1}]
    assert answer["printers"][0] == {"printer_id": "A1M-1", "reasons": reasons, **figures}
    nothing = {"success_rate": None, "hours": 0.0, "mean_seconds": None, "longest_seconds": None}
    assert answer["printers"][1] == {
        "printer_id": "B2",
        "reasons": [],
        "jobs": 1,
        "finished": 0,
        "failed": 0,
        "cancelled": 0,
        "ended": 1,
        **nothing,
    }
    assert (answer["all"]["jobs"], answer["all"]["reasons"]) == (3, reasons)
    assert (await asked(bridge, "/api/stats?since=2025-11-20"))["all"]["jobs"] == 1
    assert (await asked(bridge, "/api/stats?until=2025-11-19"))["all"]["jobs"] == 2
    assert (await asked(bridge, "/api/stats?until=2025-11-22T00:00:00Z"))["all"]["jobs"] == 2
    assert (await asked(bridge, "/api/stats?printer=B2"))["all"]["jobs"] == 1
    assert answer["is_partial"] is False


async def test_figures_of_which_some_are_missing_say_so(
    bridge: BridgeData, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep_job(bridge, "j1", NOW - 60)
    keep_job(bridge, "j2", NOW - 40 * DAY)
    monkeypatch.setattr(job_listing, "FIGURES_LIMIT", 1)
    answer = await asked(bridge, "/api/stats")
    assert (answer["all"]["jobs"], answer["is_partial"]) == (1, True)


async def test_an_end_that_nobody_saw_is_told_as_one(bridge: BridgeData) -> None:
    keep_job(bridge, "j1", end_is_known=False, result="ended")
    (line,) = (await asked(bridge, "/api/jobs"))["jobs"]
    whole = await asked(bridge, "/api/jobs/j1")
    for job in (line, whole):
        assert (job["end_is_known"], job["duration_seconds"]) == (False, None)


async def test_the_last_picture_of_a_job_is_none_that_changes_later(bridge: BridgeData) -> None:
    key = latest_key("A1M-1")
    source = bridge.folder / "new.part"
    source.write_bytes(jpeg(3))
    bridge.frames.put(key, source)
    keep_job(bridge, "j1", frame=FrameReference(key, NOW - 61, 600))
    (line,) = (await asked(bridge, "/api/jobs"))["jobs"]
    assert (line["image"], line["thumbnail"]) == (None, None)


async def test_each_answer_is_as_the_document_says(bridge: BridgeData) -> None:
    keep_film(bridge, keep_job(bridge, "j1", result="failed", reason="x"))
    keep_check(bridge, "j1")
    bridge.put_record("A1M-1", status=RUNNING, received_at=NOW, job={"id": "running"})
    archive(bridge)
    async with asking(bridge.app()) as client:
        document = (await client.get("/openapi.json")).json()
        for route, paths in {
            "/api/jobs": ["/api/jobs"],
            "/api/jobs.csv": ["/api/jobs.csv"],
            "/api/stats": ["/api/stats"],
            "/api/jobs/{job_id}": ["/api/jobs/j1", "/api/jobs/j9"],
            "/api/jobs/{job_id}/film": ["/api/jobs/j1/film", "/api/jobs/j9/film"],
            "/api/jobs/{job_id}/image": ["/api/jobs/j1/image"],
            "/api/jobs/{job_id}/thumbnail": ["/api/jobs/j1/thumbnail"],
            "/api/printer/{printer_id}/job": ["/api/printer/A1M-1/job", "/api/printer/nobody/job"],
            "/api/printer/{printer_id}/messages": ["/api/printer/A1M-1/messages"],
        }.items():
            for path in paths:
                assert errors_of(await client.get(path), document, route) == []

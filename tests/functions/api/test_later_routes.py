"""The routes of past jobs are there for whoever asks, and for the document, though they are made later."""

import asyncio
import threading
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from starlette.routing import Router

from functions.api.app import DescribedApp, create_app
from functions.api.later_routes import LaterRoutes
from tests.support.memory_backend import MemoryFrames, MemoryRecords
from tests.support.timeouts import TIMEOUT

PAST = {
    "/api/jobs": (200, "jobs"),
    "/api/jobs.csv": (200, "printer"),
    "/api/stats": (200, "is_partial"),
    "/api/samples": (200, "[]"),
    "/api/jobs/unknown": (404, "unknown job"),
    "/api/jobs/unknown/film": (404, "unknown job"),
    "/api/printer/A1M-1/job": (404, "unknown printer"),
    "/api/printer/A1M-1/messages": (404, "unknown printer"),
}
SITE = ["/", "/docs", "/web/app.js", "/openapi.json"]
PICTURES = ["/api/printer/A1M-1/image", "/api/printer/A1M-1/film", "/api/printer/A1M-1/film.mp4"]
PRESENT = ["/api/", "/api/printers", "/api/overview", "/api/health", "/api/printer/A1M-1"]
OTHERS = [
    ("POST", "/api/jobs"),
    ("POST", "/api/printers"),
    ("POST", "/"),
    ("GET", "/api"),
    ("GET", "/api/jobs/"),
    ("GET", "/api/nothing"),
    ("GET", "/nothing"),
    ("GET", "/web/nothing"),
    ("GET", "/metrics"),
    ("GET", "/image"),
    ("GET", "/api/printer/a%2Fimage"),
    ("GET", "/api/printer/image"),
]


def app(routes_later: bool = True, root_path: str = "") -> DescribedApp:
    records, frames = MemoryRecords(), MemoryFrames()
    made = create_app(records, frames, None, lambda: 1e9, "", root_path, routes_later=routes_later)
    assert isinstance(made, DescribedApp)
    return made


def ask(application: FastAPI, path: str, method: str = "GET") -> httpx.Response:
    async def asked() -> httpx.Response:
        transport = httpx.ASGITransport(application)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            return await client.request(method, path)

    return asyncio.run(asked())


def paths(application: FastAPI) -> list[str]:
    return [route.path for route in application.router.routes if hasattr(route, "path")]


@pytest.mark.parametrize("path", PAST)
def test_the_first_who_asks_for_what_is_past_is_answered(path: str) -> None:
    application = app()
    assert path not in paths(application)
    status, text = PAST[path]
    for _ in range(2):
        answer = ask(application, path)
        assert answer.status_code == status
        assert text in answer.text
    assert len(paths(application)) == len(set(paths(application))), "each is made once"


@pytest.mark.parametrize("path", PRESENT)
def test_who_asks_for_what_is_now_waits_for_no_other(path: str) -> None:
    application = app()
    before = paths(application)
    assert ask(application, path).status_code in (200, 404, 503)
    assert paths(application) == before


@pytest.mark.parametrize(
    ("path", "kind"), [("/", "/web/{name}"), (PICTURES[0], "/api/printer/{printer_id}/film")]
)
def test_who_asks_for_one_kind_waits_for_that_alone(path: str, kind: str) -> None:
    application = app()
    before = paths(application)
    ask(application, path)
    made = set(paths(application)) - set(before)
    assert kind in made
    assert not made & {"/api/jobs", "/api/stats"}
    assert len(made) == 3


@pytest.mark.parametrize("root_path", ["", "/prod", "/api"])
def test_every_answer_is_the_same_as_if_they_were_there_from_the_start(root_path: str) -> None:
    for method, path in [("GET", it) for it in [*PAST, *PICTURES, *PRESENT, *SITE]] + OTHERS:
        ours, theirs = (ask(app(it, root_path), root_path + path, method) for it in (True, False))
        assert (ours.status_code, ours.text) == (theirs.status_code, theirs.text), (method, path)


def test_the_document_has_them_in_the_same_order() -> None:
    later, at_once = app().openapi(), app(False).openapi()
    assert later == at_once
    assert list(later["paths"]) == list(at_once["paths"])
    assert "/api/jobs/{job_id}" in later["paths"]


def test_two_who_ask_at_once_have_them_made_once() -> None:
    begun, goes_on = threading.Event(), threading.Event()
    made: list[Any] = []

    def make() -> None:
        begun.set()
        assert goes_on.wait(TIMEOUT)
        made.append(len(made))

    router = Router()
    routes = LaterRoutes(router, make)
    router.routes.append(routes)
    threads = [threading.Thread(target=routes.complete) for _ in range(2)]
    for thread in threads:
        thread.start()
    assert begun.wait(TIMEOUT)
    goes_on.set()
    for thread in threads:
        thread.join(TIMEOUT)
    assert made == [0]


def test_what_could_not_be_made_is_tried_again() -> None:
    tries = []

    def make() -> None:
        tries.append(1)
        if len(tries) == 1:
            raise MemoryError

    router = Router()
    routes = LaterRoutes(router, make)
    router.routes.append(routes)
    with pytest.raises(MemoryError):
        routes.complete()
    routes.complete()
    routes.complete()
    assert len(tries) == 2

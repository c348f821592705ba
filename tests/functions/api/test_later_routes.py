"""The routes of past jobs are there for whoever asks, and for the document, though they are made later."""

import asyncio
import threading
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

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
PRESENT = [
    "/",
    "/api/",
    "/api/printers",
    "/api/overview",
    "/api/health",
    "/api/printer/A1M-1",
]
DOCUMENT = "/openapi.json"


def app(*, history_later: bool = True) -> DescribedApp:
    made = create_app(
        MemoryRecords(), MemoryFrames(), None, lambda: 1e9, bucket=None, history_later=history_later
    )
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
def test_who_asks_for_what_is_now_does_not_wait_for_them(path: str) -> None:
    application = app()
    assert ask(application, path).status_code != 500
    assert not any("jobs" in it for it in paths(application))


def test_every_answer_is_the_same_as_if_they_were_there_from_the_start() -> None:
    later, at_once = app(), app(history_later=False)
    for method, path in [("GET", it) for it in [*PAST, *PRESENT, DOCUMENT]] + [
        ("POST", "/api/jobs"),
        ("POST", "/api/printers"),
        ("GET", "/api/jobs/"),
        ("GET", "/api/nothing"),
        ("GET", "/metrics"),
    ]:
        ours, theirs = ask(later, path, method), ask(at_once, path, method)
        assert (ours.status_code, ours.text) == (theirs.status_code, theirs.text), (method, path)


def test_the_document_has_them_in_the_same_order() -> None:
    later, at_once = app().openapi(), app(history_later=False).openapi()
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

    routes = LaterRoutes(make)
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

    routes = LaterRoutes(make)
    with pytest.raises(MemoryError):
        routes.complete()
    routes.complete()
    routes.complete()
    assert len(tries) == 2

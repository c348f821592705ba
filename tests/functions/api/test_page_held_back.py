"""The page where a gateway takes only so many requests: it waits as it is told, and then asks less often.

In a real browser, before a real server that plays its answers one after another. A wait of a second or more
is over at once; how long it was is noted.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from fastapi import FastAPI, Request, Response
from starlette.responses import JSONResponse

from functions.api.web_files import WebFiles
from tests.functions.api.serving import served
from tests.support.chromium import ABSENT, Tab, find_chromium
from tests.support.edge_material import jpeg
from tests.support.timeouts import wait_until

pytestmark = pytest.mark.skipif(find_chromium() is None, reason=ABSENT)

REFRESH_MS = 15_000
OVERVIEW = "api/overview"
HELD_BACK = {"status": 429, "value": {"detail": "too many requests"}, "headers": {"Retry-After": "4"}}
QUOTA = {
    "status": 429,
    "value": {"detail": "too many requests for today"},
    "headers": {"Retry-After": "3600"},
}
# Time passes only by waiting. After so many refreshes no timer is ever over.
BROWSER = """
window.told = { pauses: [], notices: [] };
let passed = 0;
const begin = Date.parse("2025-11-22T13:08:00Z"), real = window.setTimeout;
Date.now = () => begin + passed;
performance.now = () => passed;
window.setTimeout = (run, milliseconds, ...more) => {
  if (!(milliseconds >= 1000)) return real(run, milliseconds, ...more);
  told.pauses.push(milliseconds);
  told.notices.push(document.getElementById("notice").textContent);
  passed += milliseconds;
  return told.pauses.length < REFRESHES ? real(run, 0) : 0;
};
window.setInterval = () => 0;
sessionStorage.setItem("printer-bridge-key", "k");
if (IS_HIDDEN) Object.defineProperty(document, "hidden", { get: () => true });
"""


@dataclass
class Told:
    """What came to the server, and what the page did."""

    asked: list[str] = field(default_factory=list)
    tags: list[str | None] = field(default_factory=list)
    pictures: list[str] = field(default_factory=list)
    pauses: list[int] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    refused: str = ""


@dataclass
class Player:
    """Plays `answers` one after another, the last one for ever."""

    tab: Tab
    answers: list[dict[str, Any]] = field(default_factory=list)
    told: Told = field(default_factory=Told)
    port: int = 0

    def app(self) -> FastAPI:
        app, web = FastAPI(), WebFiles()

        @app.get("/")
        def page() -> Response:
            return web.page(None, "")

        @app.get("/web/{name}")
        def file(name: str) -> Response:
            return web.file(name, None, None, "") or Response(status_code=404)

        @app.get("/pictures/{name}")
        def picture(name: str) -> Response:
            self.told.pictures.append(name)
            if name == "broken":
                return Response(status_code=403)
            return Response(jpeg(), media_type="image/jpeg")

        @app.get("/api/{path:path}")
        def answer(path: str, request: Request) -> Response:
            self.told.asked.append(f"api/{path}")
            self.told.tags.append(request.headers.get("if-none-match"))
            it = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
            status = it.get("status", 200)
            if status == 304:
                return Response(status_code=304)
            return JSONResponse(
                json.loads(json.dumps(it.get("value", {})).replace("PORT", str(self.port))),
                status,
                it.get("headers"),
            )

        return app

    def played(self, *answers: dict[str, Any], refreshes: int, hidden: bool = False) -> Told:
        """What the page asked and how it waited, until it has refreshed so often or asks for a key."""
        self.answers, self.told = list(answers), Told()
        script = self.tab.run_before(
            BROWSER.replace("REFRESHES", str(refreshes)).replace("IS_HIDDEN", json.dumps(hidden))
        )
        self.tab.go("about:blank")
        self.tab.go(f"http://127.0.0.1:{self.port}/")
        asks = "!document.getElementById('key-form').hidden"
        done = f"(told.pauses.length >= {refreshes} || {asks} || document.hidden)"
        wait_until(
            lambda: self.tab.run(f"document.readyState === 'complete' && {done}") is True,
            lambda: str(self.told),
        )
        self.told.pauses, self.told.notices = self.tab.run("[told.pauses, told.notices]")
        self.told.refused = self.tab.run("document.getElementById('key-refused').textContent")
        self.tab.stop_running(script)
        self.tab.run("sessionStorage.clear()")
        return self.told


@pytest.fixture(scope="module")
def player(page_tab: Tab) -> Iterator[Player]:
    player = Player(page_tab)
    page_tab.show_as(1280, 860)
    with served(player.app()) as server:
        player.port = server.port
        yield player
        page_tab.go("about:blank")


def said(
    *addresses: str,
    tag: str = 'W/"1"',
    seconds_a_picture: float | None = REFRESH_MS / 1000,
    taken_at: str | None = None,
) -> dict[str, Any]:
    """An overview with a printer for each picture, taken when its last letter says unless told otherwise."""
    printers = [
        {
            "printer_id": f"P{number}",
            "has_status": False,
            "image": {
                "taken_at": taken_at or f"2025-11-22T13:07:{ord(address[-1]) % 60:02d}Z",
                "address": f"http://127.0.0.1:PORT/pictures/{address}",
            },
        }
        for number, address in enumerate(addresses)
    ]
    value = {
        "at": "2025-11-22T13:08:00Z",
        "refresh_seconds": REFRESH_MS / 1000,
        "seconds_a_picture": seconds_a_picture,
        "health": {"is_open": False},
        "printers": printers,
        "next_cursor": None,
    }
    return {"value": value, "headers": {"ETag": tag}}


def test_a_refresh_is_one_request_and_comes_as_often_as_the_bridge_says(player: Player) -> None:
    told = player.played(said(), refreshes=3)
    assert (told.asked, told.pauses) == ([OVERVIEW] * 3, [REFRESH_MS] * 3)
    assert set(told.notices) == {""}


def test_it_says_what_it_has_and_shows_that_on_when_nothing_has_changed(player: Player) -> None:
    told = player.played(said("a"), {"status": 304}, refreshes=3)
    assert told.tags == [None, 'W/"1"', 'W/"1"']
    assert told.pictures == ["a"]
    assert told.pauses == [REFRESH_MS] * 3


def test_first_pictures_come_at_once_and_newer_ones_one_at_a_time_in_turn(player: Player) -> None:
    told = player.played(said("a1", "b1", "c1"), said("a2", "b2", "c2"), said("a3", "b3", "c2"), refreshes=4)
    loaded = list(dict.fromkeys(told.pictures))
    assert set(loaded[:3]) == {"a1", "b1", "c1"}
    assert loaded[3:] == ["a2", "b3", "c2"]


def test_another_address_of_the_same_picture_is_not_loaded(player: Player) -> None:
    at = "2025-11-22T13:08:00Z"
    told = player.played(
        said("a1", seconds_a_picture=None, taken_at=at),
        said("a2", seconds_a_picture=None, taken_at=at),
        refreshes=2,
    )
    assert told.pictures == ["a1"]


def test_where_pictures_cost_nothing_all_of_them_come(player: Player) -> None:
    told = player.played(
        said("a1", "b1", seconds_a_picture=None), said("a2", "b2", seconds_a_picture=None), refreshes=2
    )
    assert set(told.pictures) == {"a1", "b1", "a2", "b2"}


def test_for_a_picture_that_is_refused_another_address_is_asked_for_and_not_for_ever(player: Player) -> None:
    told = player.played(said("broken"), said("broken"), {"status": 404}, said("broken"), refreshes=9)
    assert told.tags[1] is None, "the same answer would have the same address"
    assert told.pictures == ["broken"]
    others = [path for path in told.asked if path != OVERVIEW]
    assert set(others) == {"api/printer/P0/image"}, "what S3 does not have, the bridge may"
    assert len(others) < 5, "more and more rarely"


def test_a_hidden_page_asks_nothing(player: Player) -> None:
    told = player.played(said(), refreshes=1, hidden=True)
    assert (told.asked, told.pauses) == ([], [])


def test_who_is_held_back_waits_as_told_and_says_so(player: Player) -> None:
    told = player.played(said(), HELD_BACK, said(), refreshes=3)
    assert told.pauses[:2] == [REFRESH_MS, 2 * REFRESH_MS]
    assert REFRESH_MS < told.pauses[2] < 2 * REFRESH_MS, "and comes back to its pace"
    assert any("Held back (429): too many requests" in text for text in told.notices)
    assert told.notices[-1] == ""


def test_who_is_refused_for_ever_asks_once_a_minute_and_when_the_day_is_used_up_once_an_hour(
    player: Player,
) -> None:
    assert player.played(HELD_BACK, refreshes=7).pauses[-1] == 60_000
    told = player.played(QUOTA, refreshes=2)
    assert told.pauses[-1] == 3_600_000
    assert "for today" in told.notices[-1]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({"status": 401, "value": {"detail": "API key missing or wrong"}}, "was not accepted"),
        ({"status": 403, "value": {"message": "Forbidden"}}, "gateway refused that key (403)"),
        ({"status": 403, "value": {"detail": "API key missing or wrong"}}, "gateway refused that key (403)"),
    ],
)
def test_a_key_that_is_refused_is_asked_for_anew_and_it_is_said_by_whom(
    player: Player, answer: dict[str, Any], words: str
) -> None:
    told = player.played(answer, refreshes=1)
    assert words in told.refused
    assert (told.asked, told.pauses) == ([OVERVIEW], []), "nothing more until there is one"


def test_any_other_refusal_is_no_matter_of_the_key(player: Player) -> None:
    foreign = {"status": 403, "value": {"detail": "a page of another site may not ask here"}}
    told = player.played(foreign, refreshes=1)
    assert told.refused == ""
    assert "No answer" in told.notices[-1]

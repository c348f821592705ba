"""Every view of the page and every state of it, in light and dark, on desk and phone, in a real browser.

Each is looked through by axe-core, must not scroll sideways, and looks as it did when somebody last looked at
it (`tests/support/screenshots.py`).
"""

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.functions.api.bridge_data import NOW, BridgeData
from tests.functions.api.made_up_history import MadeUpHistory
from tests.functions.api.page_scene import FAILED, PRINTING
from tests.functions.api.page_stage import Stage, overflow, staged, with_everything
from tests.functions.api.test_names import HOSTILE
from tests.support.accessibility import faults
from tests.support.chromium import ABSENT, Tab, find_chromium
from tests.support.edge_material import jpeg
from tests.support.page_in_a_browser import shown
from tests.support.screenshots import difference

pytestmark = pytest.mark.skipif(find_chromium() is None, reason=ABSENT)

SHOTS = Path(__file__).with_name("page_shots")
PRINTER = "#/printer/" + quote(PRINTING)
VIEWS = {"wall": "#/", "printer": PRINTER, "history": "#/history", "job": "#/job/j0"}
HOSTILE_WORDS = "<img src=x onerror=\"window.caught='name'\"><b>&amp;</b>{{7*7}}"


@pytest.fixture(scope="module")
def stage(page_tab: Tab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with with_everything(page_tab, tmp_path_factory.mktemp("stage")) as stage:
        yield stage


@pytest.fixture(autouse=True)
def anew(stage: Stage) -> None:
    stage.reset()


def looks_right(stage: Stage, name: str) -> None:
    assert overflow(stage.tab) <= 0
    assert difference(stage.tab.screenshot(), SHOTS / f"{name}.png") == ""


@pytest.mark.parametrize("is_phone", [False, True], ids=["desk", "phone"])
@pytest.mark.parametrize("is_dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("view", VIEWS)
def test_a_view_with_all_that_it_can_show(stage: Stage, view: str, is_dark: bool, is_phone: bool) -> None:
    stage.open(VIEWS[view], is_dark=is_dark, is_phone=is_phone)
    stage.settle()
    if is_dark == is_phone:  # what axe-core sees depends on the colours and on the size, not on both together
        assert faults(stage.tab) == []
    looks_right(stage, f"{view}-{'dark' if is_dark else 'light'}-{'phone' if is_phone else 'desk'}")


def no_answer(stage: Stage) -> None:
    stage.refuse("/api/overview", 503, "the store cannot be read just now")


def nobody(stage: Stage) -> None:
    overview = {
        "at": "2025-11-22T13:08:00Z",
        "refresh_seconds": 3,
        "seconds_a_picture": None,
        "next_cursor": None,
    }
    stage.answer("/api/overview", overview | {"health": {"is_open": True}, "printers": []})
    stage.history.is_empty = True


def no_data(stage: Stage) -> None:
    for path in ("/api/jobs", "/api/stats", f"/api/printer/{PRINTING}"):
        stage.refuse(path, 500, "internal error")


def refused(stage: Stage) -> None:
    stage.refuse("/api/overview", 403, "a page of another site may not ask here")


def held_back(stage: Stage) -> None:
    stage.refuse("/api/", 429, "too many requests", Retry_After="40")


def key_needed(stage: Stage) -> None:
    stage.refuse("/api/", 401, "API key missing or wrong")


def is_loading(stage: Stage) -> None:
    stage.answers["/api/"] = None


def is_empty(stage: Stage) -> None:
    stage.history.is_empty = True


STATES: dict[str, tuple[str, Callable[[Stage], None], str, str]] = {
    # what it is: the view, what is so, where it is seen and in which words
    "wall-loading": ("#/", is_loading, ".skeletons", ""),
    "wall-empty": ("#/", nobody, ".blank-state", "No printer has been heard of yet"),
    "wall-filtered": ("#/?q=nobody", lambda _: None, ".blank-state", "No printer matches"),
    "wall-unreachable": ("#/", no_answer, "#notice", "No answer from the bridge"),
    "wall-refused": ("#/", refused, "#notice", "refuses this page (403) a page of another site"),
    "wall-held-back": ("#/", held_back, "#notice", "Held back (429): too many requests"),
    "key": ("#/", key_needed, "#key-form", "asks for its API key"),
    "printer-unknown": ("#/printer/nobody", lambda _: None, ".blank-state", "No printer of that name"),
    "printer-empty": (PRINTER, is_empty, ".section", "No job has been seen yet"),
    "printer-failed": (PRINTER, no_data, ".failed", "could not be read"),
    "history-loading": ("#/history", is_loading, ".loading", "Loading"),
    "history-empty": ("#/history", is_empty, ".history", "No job has ended yet"),
    "history-filtered": ("#/history?result=failed", is_empty, ".history", "No job matches"),
    "history-held-back": (
        "#/history",
        held_back,
        ".held",
        "Held back: too many requests. Asked again in 40 s",
    ),
    "job-unknown": ("#/job/nobody", lambda _: None, ".job-view", "not known"),
    "job-without-film": ("#/job/j6", lambda _: None, ".job-view", "neither film nor photo"),
    "nowhere": ("#/no/where", lambda _: None, ".blank-state", "There is nothing here"),
}


@pytest.mark.parametrize(("number", "name"), list(enumerate(STATES)), ids=list(STATES))
def test_a_state_is_said_in_words(stage: Stage, number: int, name: str) -> None:
    view, make_so, query, words = STATES[name]
    make_so(stage)
    stage.open(view, is_dark=number % 2 == 1, is_phone=number % 4 < 2)
    stage.wait_for(query, words)
    assert faults(stage.tab) == []
    assert overflow(stage.tab) <= 0
    stage.answers.clear()  # let go of who waits


@pytest.mark.parametrize("view", VIEWS)
def test_letters_twice_as_large_need_no_scrolling_sideways(stage: Stage, view: str) -> None:
    stage.open(VIEWS[view], size=(640, 430))
    stage.settle()
    assert overflow(stage.tab) <= 0
    stage.tab.show_as(320, 568, is_phone=True)
    assert overflow(stage.tab) <= 0


def test_the_same_job_without_a_film_shows_its_last_picture(stage: Stage) -> None:
    film, stage.history.film = stage.history.film, b""
    stage.open("#/job/j0")
    assert "no film" in stage.wait_for(".photo")
    stage.history.film = film


@pytest.mark.parametrize("view", [*VIEWS, "running"])
def test_names_and_words_of_printers_are_text_on_every_view(stage: Stage, view: str, tmp_path: Path) -> None:
    data = BridgeData(tmp_path)
    for shade, name in enumerate([*HOSTILE, HOSTILE_WORDS]):
        data.put_live(
            name,
            {
                "gcode_state": f"RUN{HOSTILE_WORDS}",
                "subtask_name": name,
                "mc_percent": 5,
                "print_error": 50364437,
            },
            NOW,
        )
        data.put_image(name, jpeg(shade), NOW)
        data.put_inspection(name, last_look_at=NOW, verdict=HOSTILE_WORDS, note=HOSTILE_WORDS)
    history = MadeUpHistory(rename=HOSTILE_WORDS)
    address = {
        "printer": "#/printer/" + quote(HOSTILE_WORDS, safe=""),
        "running": "#/printer/" + quote("..", safe=""),
        "job": "#/job/j1",
    }
    with closing(data.database), staged(data, history, stage.tab) as hostile:
        tab = hostile.open(address.get(view, VIEWS.get(view, "")), is_phone=True)
        hostile.wait_for("#view h1" if view in ("wall", "history") else ".section, .panel", "")
        hostile.settle()
        text = tab.run("document.body.innerText")
        assert tab.run("window.caught ?? null") is None
        assert tab.run("document.querySelectorAll('main b, main img[src=x]').length") == 0
        if view != "running":
            assert "onerror" in text
        assert overflow(tab) <= 0


def test_a_link_of_an_error_leads_only_to_the_web(stage: Stage) -> None:
    line = stage.history.lines()[1]
    whole = stage.history.whole(line)
    whole["errors"] = [
        {"code": "0300-8002", "text": None, "severity": "attention", "link": "javascript:window.caught=1"}
    ]
    told = {"text": "Filament ran out", "severity": "attention", "link": "https://wiki.example/hms"}
    whole["errors"] += [told | {"code": code} for code in ("0300-8015", "0300-8004")]
    stage.answer("/api/jobs/j1", whole)
    stage.open("#/job/j1")
    assert stage.wait_for(".errors", "Filament").splitlines() == [
        "Error 0300-8002",
        "Filament ran out (0300-8015, 0300-8004)",
    ], "what two codes say is told once"
    assert shown(stage.tab, ".errors li:first-child a") is None


def test_an_old_picture_is_never_shown_as_live(stage: Stage) -> None:
    stage.open("#/printer/" + quote("A1 attic"))
    stage.settle()
    assert "12 min old" in stage.wait_for("figcaption", "old")
    assert "grayscale(1)" in stage.tab.run("getComputedStyle(document.querySelector('.picture img')).filter")
    stage.open("#/printer/" + quote(FAILED))
    assert stage.wait_for("figcaption", "live") == "live"
    assert stage.tab.run("getComputedStyle(document.querySelector('.picture img')).filter") == "none"

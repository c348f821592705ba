"""The page that stays open: what it goes on asking, what it keeps, and what it no longer tells.

In a real browser before a real server; time passes when a test says so.
"""

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest

from functions.api.json_values import utc_time
from tests.functions.api.bridge_data import NOW, RUNNING, BridgeData
from tests.functions.api.page_scene import PRINTING
from tests.functions.api.page_stage import Stage, staged, with_everything
from tests.functions.api.test_page_in_a_browser import now, until, until_asked
from tests.support.chromium import ABSENT, Tab, find_chromium
from tests.support.edge_material import jpeg
from tests.support.page_in_a_browser import come_back, shown

pytestmark = pytest.mark.skipif(find_chromium() is None, reason=ABSENT)

OVERVIEW, JOB = "/api/overview", f"/api/printer/{PRINTING}/job"
PRINTER = "#/printer/" + quote(PRINTING)
PLOT, TITLE = "document.querySelector('.plot')", "document.title"
# Waits of twenty seconds and more are over at once, and that time has passed.
HASTE = """(() => {
  let passed = 0;
  const real = window.setTimeout, monotonic = performance.now.bind(performance), date = Date.now;
  Date.now = () => date() + passed;
  performance.now = () => monotonic() + passed;
  window.setTimeout = (run, ms, ...more) => {
    if (!(ms >= 20000)) return real(run, ms, ...more);
    passed += ms;
    return real(run, 0);
  };
})()"""


@pytest.fixture(scope="module")
def stage(page_tab: Tab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with with_everything(page_tab, tmp_path_factory.mktemp("stage")) as stage:
        yield stage


@pytest.fixture(autouse=True)
def anew(request: pytest.FixtureRequest) -> None:
    if "stage" in request.fixturenames:
        request.getfixturevalue("stage").reset()


def pass_time(stage: Stage, seconds: int) -> None:
    """For what is asked for again; the page's clock stands."""
    now(
        stage, f"(() => {{ const at = performance.now() + {seconds * 1000}; performance.now = () => at; }})()"
    )


def running(stage: Stage, **facts: Any) -> dict[str, Any]:
    line = stage.history.lines()[0] | {"ended_at": None, "result": None, "percent": 62}
    return stage.history.whole(line) | facts


def test_a_search_and_a_table_that_are_held_back_go_on_from_where_they_are(stage: Stage) -> None:
    stage.history.has_gap, stage.history.held_back_once = True, "/api/jobs?result=failed&cursor=0"
    stage.open("#/history?result=failed")
    until(stage, "document.querySelectorAll('.job-line').length", 5)
    asked = [it for it in stage.history.asked if it.startswith("/api/jobs?")]
    assert ["cursor" in it for it in asked] == [False, True, True]
    now(
        stage,
        """(() => { window.taken = []; const real = URL.createObjectURL;
        URL.createObjectURL = (blob) => { taken.push(blob); return real(blob); }; })()""",
    )
    stage.history.held_back_once = "cursor=second"
    stage.tab.click(".download")
    until(stage, "window.taken.length", 1)
    rows = ["id,name", *(f"j{number},made up" for number in range(1, 34, 8))]
    assert now(stage, "taken[0].text()").split("\r\n")[:-1] == rows


def test_figures_say_what_they_count(stage: Stage) -> None:
    stage.history.is_partial = True
    stage.open("#/history?result=failed&since=2025-11-01&until=2025-11-22")
    words = stage.wait_for(".history .hint", "UTC")
    assert "whatever the result" in words
    assert "the oldest months are missing" in words
    (asked,) = [it for it in stage.history.asked if it.startswith("/api/stats")]
    assert asked == "/api/stats?since=2025-11-01&until=2025-11-22", "whole days, whatever the zone"
    labels = "[...document.querySelectorAll('.months svg > text')].map((it) => it.textContent)"
    assert now(stage, labels)[-2:] == ["Nov", "2025"]
    assert len(now(stage, labels)) == 2 * 12, "each month has its place, whether any job ended in it or not"


def test_what_nobody_saw_is_not_told_as_seen(stage: Stage) -> None:
    whole = stage.history.whole(stage.history.lines()[5])
    whole["pauses"] = [{"began_at": whole["started_at"], "ended_at": None, "seconds": None, "reason": None}]
    stage.answer("/api/jobs/j5", whole)
    stage.open("#/job/j5")
    assert "Ended\nby Thu, 13:08" in stage.wait_for(".rows", "Ended").replace("\n\n", "\n")
    stage.wait_for(".job-view", "length not known")
    stage.open("#/history")
    stage.settle()
    facts = "[...document.querySelectorAll('.facts')].map((it) => it.textContent.replaceAll('\\u00a0', ' '))"
    assert [it.split(" · ")[0] for it in now(stage, facts)[:6:5]] == [
        "ended today, 12:08",
        "ended by Thu, 13:08",
    ]


def test_a_film_that_never_comes_is_not_asked_for_for_ever(stage: Stage) -> None:
    ended = utc_time(NOW - 1740)
    assert ended is not None
    line = stage.history.lines()[0] | {"film": None, "ended_at": ended.isoformat()}
    stage.answer("/api/jobs/j0", stage.history.whole(line))
    stage.refuse(OVERVIEW, 503)
    haste = stage.tab.run_before(HASTE)
    stage.open("#/job/j0")
    until_asked(stage, "/api/jobs/j0", 3)
    now(stage, "new Promise((done) => setTimeout(done, 100))")
    assert stage.asked.count("/api/jobs/j0") == 3
    stage.tab.stop_running(haste)


def test_who_reads_the_curve_of_a_running_job_goes_on_reading(stage: Stage) -> None:
    stage.answer(JOB, running(stage, duration_seconds=7200))
    stage.open(PRINTER)
    stage.settle()
    now(stage, f"{PLOT}.focus(), {PLOT}.dataset.mark = 'first'")
    stage.tab.press("ArrowLeft")
    read = now(stage, f"{PLOT}.getAttribute('aria-valuetext')")
    stage.wait_for(".tooltip", "progress")
    stage.answer(JOB, running(stage, duration_seconds=7212))
    pass_time(stage, 60)
    come_back(stage.tab)
    until_asked(stage, JOB, 2)
    until(stage, "!document.querySelector('[aria-busy=true]')")
    assert now(stage, f"{PLOT}.dataset.mark") == "first", "nothing of it has changed"
    longer = {name: [*values, values[-1]] for name, values in running(stage)["curve"].items()}
    longer["seconds"][-1] += 60
    stage.answer(JOB, running(stage, curve=longer))
    pass_time(stage, 60)
    come_back(stage.tab)
    until(stage, f"{PLOT}.getAttribute('aria-valuemax')", "121")
    assert now(stage, f"document.activeElement === {PLOT}")
    assert now(stage, f"{PLOT}.getAttribute('aria-valuetext')") == read
    stage.wait_for(".tooltip", "progress")


def test_a_tab_that_hears_nothing_tells_nothing(stage: Stage) -> None:
    icon = "document.querySelector('link[rel=icon]').href"
    stage.open(PRINTER)
    until(stage, f"{TITLE}.startsWith('⚠ 3 · 6')")
    stage.settle()
    stage.refuse(OVERVIEW, 503)
    come_back(stage.tab)
    until(stage, TITLE, f"{PRINTING} · Printers")
    assert "b3261e" not in now(stage, icon)
    stage.answers.clear()
    come_back(stage.tab)
    until(stage, f"{TITLE}.startsWith('⚠ 3 · 6')")
    now(stage, "Object.defineProperty(document, 'hidden', { get: () => true, configurable: true }), 0")
    come_back(stage.tab)
    assert now(stage, TITLE) == f"{PRINTING} · Printers"
    now(stage, "delete document.hidden")
    come_back(stage.tab)
    until(stage, f"{TITLE}.startsWith('⚠ 3 · 6')")


def test_who_comes_back_after_a_minute_sees_the_history_of_now(stage: Stage) -> None:
    stage.open("#/history")
    stage.settle()
    come_back(stage.tab)
    until_asked(stage, OVERVIEW, 2)
    assert (stage.asked.count("/api/jobs"), stage.asked.count("/api/stats")) == (1, 1)
    pass_time(stage, 61)
    come_back(stage.tab)
    until_asked(stage, "/api/jobs", 2)
    until_asked(stage, "/api/stats", 2)


def test_a_printer_is_shown_whole_as_soon_as_it_is_known(bridge: BridgeData, page_tab: Tab) -> None:
    with staged(bridge, None, page_tab) as stage:
        stage.open("#/printer/P1")
        stage.wait_for(".blank-state", "No printer of that name")
        stage.asked.clear()
        bridge.put_live("P1", RUNNING, NOW)
        bridge.put_image("P1", jpeg(), NOW + 3600)
        come_back(page_tab)
        until_asked(stage, "/api/printer/P1/messages")
        assert stage.wait_for("figcaption", "time") == "time unknown", "its clock is wrong: it is not live"
        assert now(stage, "document.querySelector('.picture').dataset.freshness") == "old"


def test_the_next_job_has_a_film_of_its_own(bridge: BridgeData, page_tab: Tab) -> None:
    bridge.put_film("P1", NOW - 600, b"no film")
    with staged(bridge, None, page_tab) as stage:
        stage.open("#/printer/P1")
        stage.wait_for("button.film")
        page_tab.click("button.film")
        until(stage, "Boolean(document.querySelector('video'))")
        assert shown(page_tab, "button.film") is None
        job = {"id": "the next", "name": "Vase", "started_at": NOW - 500, "ended_at": NOW - 60}
        bridge.put_record("P1", status=RUNNING, received_at=NOW, state="FINISH", job=job)
        now(stage, "document.querySelector('video').pause()")
        come_back(page_tab)
        assert stage.wait_for("button.film") == "Film of the last job"
        assert now(stage, "document.querySelector('video')") is None

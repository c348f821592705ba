"""The page as a person uses it, in a real browser before a real server: clicks, keys, addresses, films."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.functions.api.bridge_data import NOW, RUNNING, BridgeData
from tests.functions.api.kept_jobs import keep_check, keep_film, keep_job
from tests.functions.api.made_up_history import MadeUpHistory
from tests.functions.api.page_scene import FAILED, FINISHED, OFF, PAUSED, PRINTING, fill
from tests.functions.api.page_stage import Stage, film_of, staged, with_everything
from tests.support.chromium import ABSENT, Tab, find_chromium
from tests.support.edge_material import jpeg
from tests.support.page_in_a_browser import come_back, give_key, picture_sizes, shown
from tests.support.timeouts import wait_until

pytestmark = pytest.mark.skipif(find_chromium() is None, reason=ABSENT)

KEY = "a key that is long enough"
IMAGE, OVERVIEW = "/api/printer/P1/image", "/api/overview"
SIDE = 48
PRINTER = "#/printer/" + quote(PRINTING)


@pytest.fixture(scope="module")
def stage(page_tab: Tab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with with_everything(page_tab, tmp_path_factory.mktemp("stage")) as stage:
        yield stage


@pytest.fixture(autouse=True)
def anew(request: pytest.FixtureRequest) -> None:
    if "stage" in request.fixturenames:
        request.getfixturevalue("stage").reset()


@contextmanager
def opened(data: BridgeData, key: str, tab: Tab, history: MadeUpHistory | None = None) -> Iterator[Stage]:
    with staged(data, history or MadeUpHistory(), tab, key) as stage:
        stage.open()
        yield stage


def now(stage: Stage, script: str) -> Any:
    return stage.tab.run(script)


def until(stage: Stage, script: str, expected: Any = True) -> None:
    wait_until(
        lambda: now(stage, script) == expected,
        lambda: f"{script}: {now(stage, script)!r}, {stage.asked[-20:]}",
    )


def until_asked(stage: Stage, path: str, times: int = 1) -> None:
    wait_until(lambda: stage.asked.count(path) >= times, lambda: str(stage.asked))


def choose(stage: Stage, query: str, value: str) -> None:
    """In the first such control, which has no keys or clicks of its own in a browser without a window."""
    it = f"document.querySelector({query!r})"
    now(stage, f"{it}.value = {value!r}; {it}.dispatchEvent(new Event('change'))")


def test_with_a_key_set_the_page_loads_asks_for_it_and_then_shows_all(
    bridge: BridgeData, page_tab: Tab
) -> None:
    bridge.put_live("P1", RUNNING | {"subtask_name": "benchy"}, NOW)
    bridge.put_image("P1", jpeg(50, SIDE), NOW)
    with opened(bridge, KEY, page_tab) as stage:
        stage.wait_for("#key-form")
        assert shown(page_tab, "#key-refused") is None
        assert shown(page_tab, "article") is None
        assert now(stage, "document.activeElement.id") == "key"
        give_key(page_tab, "a wrong one, mistyped")
        assert "not accepted" in stage.wait_for("#key-refused", "not accepted")
        give_key(page_tab, KEY)
        assert "62 %" in stage.wait_for("article", "benchy")
        wait_until(lambda: picture_sizes(page_tab) == [[SIDE, SIDE]], lambda: str(stage.asked))
        assert shown(page_tab, "#key-form") is None
        # Kept for the session: loaded again, nobody is asked. And nowhere else.
        page_tab.run("location.reload()")
        until_asked(stage, "/", 2)
        stage.wait_for("article", "benchy")
        assert now(stage, "[localStorage.length, document.cookie, location.href.includes('key')]") == [
            0,
            "",
            False,
        ]
        # Every question of the other views has the key too.
        page_tab.run("location.hash = '#/history'")
        stage.wait_for(".figures", "Jobs")
        assert KEY in {it.get("x-api-key") for it in stage.headers}
    images = [it for path, it in zip(stage.asked, stage.headers, strict=True) if path == IMAGE]
    assert images
    assert all("x-api-key" not in it for it in images), "an address that opens its picture by itself"


def test_a_key_that_no_longer_holds_is_asked_for_on_any_view(bridge: BridgeData, page_tab: Tab) -> None:
    with opened(bridge, "", page_tab) as stage:
        stage.open("#/history")
        stage.wait_for(".figures", "Jobs")
        until(stage, "Boolean(document.querySelector('.more'))")
        stage.refuse("/api/", 401, "API key missing or wrong")
        page_tab.run("document.querySelector('.more').click()")
        stage.wait_for("#key-form")
        assert shown(page_tab, "#view") is None
        stage.answers.clear()
        give_key(page_tab, "any")
        stage.wait_for(".figures", "Jobs")


def test_a_new_picture_is_loaded_and_no_other_ever_again(bridge: BridgeData, page_tab: Tab) -> None:
    bridge.put_live("P1", RUNNING, NOW)
    bridge.put_image("P1", jpeg(50, SIDE), NOW)
    with opened(bridge, "", page_tab) as stage:
        wait_until(lambda: picture_sizes(page_tab) == [[SIDE, SIDE]], lambda: str(stage.asked))
        assert stage.asked.count(IMAGE) == 1
        come_back(page_tab)
        until_asked(stage, OVERVIEW, 2)
        bridge.clock.skip(30)
        bridge.put_image("P1", jpeg(50, 2 * SIDE), NOW + 30)
        come_back(page_tab)
        wait_until(lambda: picture_sizes(page_tab) == [[2 * SIDE, 2 * SIDE]], lambda: str(stage.asked))
        data = Counter(path for path in stage.asked if path.startswith("/api/"))
    assert set(data) == {OVERVIEW, IMAGE}, "the wall asks nothing else"
    assert data[IMAGE] == 2


def test_a_bridge_that_went_away_is_said_and_what_it_said_is_grey(bridge: BridgeData, page_tab: Tab) -> None:
    bridge.put_live("P1", RUNNING, NOW)
    bridge.put_image("P1", jpeg(50, SIDE), NOW)
    with opened(bridge, "", page_tab) as stage:
        wait_until(lambda: picture_sizes(page_tab) == [[SIDE, SIDE]], lambda: str(stage.asked))
        stage.refuse(OVERVIEW, 500, "internal error")
        come_back(page_tab)
        stage.wait_for("#notice", "What is shown is old")
        assert "grayscale(1)" in now(stage, "getComputedStyle(document.querySelector('.picture img')).filter")
        stage.answers.clear()
        come_back(page_tab)
        until(stage, "document.body.classList.contains('is-old')", False)
        assert shown(page_tab, "#notice") is None
    come_back(page_tab)


def test_the_wall_has_problems_first_and_is_filtered_by_words_and_by_group(stage: Stage) -> None:
    stage.open()
    stage.settle()
    names = "[...document.querySelectorAll('#cards .name')].map((it) => it.textContent)"
    assert now(stage, names)[:2] == [PAUSED, FAILED]
    assert now(stage, names)[-1] == OFF
    stage.tab.click(".chip[data-group=printing]")
    until(stage, names, [PRINTING])
    assert now(stage, "location.hash") == "#/?show=printing"
    stage.tab.click(".chip[data-group='']")
    stage.tab.click("input[type=search]")
    stage.tab.write("BENCHY")
    until(stage, names, [FINISHED])
    assert now(stage, "location.hash") == "#/?q=BENCHY"
    stage.open("#/?show=done&q=benchy")  # as it was sent to somebody
    stage.wait_for("#cards article", FINISHED)
    assert now(stage, names) == [FINISHED]


def test_a_question_that_is_held_back_for_seconds_is_asked_again_by_itself(stage: Stage) -> None:
    stage.refuse("/api/stats", 429, "too many requests", Retry_After="0.3")
    stage.open("#/history")
    stage.wait_for(".loading", "as soon as the bridge takes another question")
    stage.answers.clear()
    stage.wait_for(".figures", "Jobs")


def test_views_have_addresses_and_back_and_forward_lead_through_them(stage: Stage) -> None:
    stage.open()
    stage.settle()
    stage.tab.click(f"#cards a[href='{PRINTER}']")
    until(stage, "document.querySelector('#view h1')?.textContent", PRINTING)
    assert now(stage, "document.activeElement.tagName") == "H1", "who listens hears where they are"
    stage.tab.click(".job-line a")
    stage.wait_for(".rows", "Took")
    address = now(stage, "location.hash")
    assert address.startswith("#/job/")
    now(stage, "history.back()")
    until(stage, "document.querySelector('#view h1')?.textContent", PRINTING)
    now(stage, "history.back()")
    until(stage, "document.querySelector('#view h1')?.textContent", "Your printers")
    now(stage, "history.forward()")
    now(stage, "history.forward()")
    stage.wait_for(".rows", "Took")
    assert now(stage, "location.hash") == address
    stage.tab.click("nav a[data-view=history]")
    until(stage, "document.querySelector('nav a[aria-current=page]')?.dataset.view", "history")


def test_all_of_it_works_by_the_keyboard_alone(stage: Stage) -> None:
    stage.open()
    stage.settle()
    stage.tab.press("Tab")
    assert now(stage, "document.activeElement.className") == "skip"
    assert now(stage, "document.activeElement.getBoundingClientRect().top") >= 0, "seen when it has the focus"
    stage.tab.press("Enter")
    assert now(stage, "document.activeElement.id") == "main"
    for _ in range(20):
        stage.tab.press("Tab")
        if now(stage, "document.activeElement.matches('.card a.name')"):
            break
    stage.tab.press("Enter")
    until(stage, "document.querySelector('#view h1')?.textContent", PAUSED)
    stage.wait_for(".plot")
    now(stage, "document.querySelector('.plot').focus()")
    before = now(stage, "document.querySelector('.plot').getAttribute('aria-valuetext')")
    stage.tab.press("ArrowLeft")
    assert now(stage, "document.querySelector('.plot').getAttribute('aria-valuetext')") != before
    assert "progress" in stage.wait_for(".tooltip")


def test_a_refresh_leaves_the_focus_where_it_is(stage: Stage) -> None:
    stage.open()
    stage.settle()
    now(stage, f"document.querySelector(`a[href='{PRINTER}']`).focus()")
    stage.data.put_live(PRINTING, RUNNING | {"subtask_name": "Phone stand (blue)", "mc_percent": 63}, NOW)
    come_back(stage.tab)
    stage.wait_for("#cards", "63 %")
    assert now(stage, "document.activeElement.getAttribute('href')") == PRINTER


def test_the_tab_tells_of_trouble_and_progress(stage: Stage) -> None:
    stage.open(PRINTER)
    until(stage, "document.title.startsWith('⚠ 3 · 6')")
    assert now(stage, "document.title").endswith(f"% · {PRINTING} · Printers")
    assert "b3261e" in now(stage, "document.querySelector('link[rel=icon]').href")
    told = now(stage, "document.getElementById('trouble').textContent")
    assert f"{PAUSED}: Filament ran out" in told


def test_times_are_in_the_browsers_zone_and_it_says_which(stage: Stage) -> None:
    stage.open("#/job/j0")
    assert "today, 12:08" in stage.wait_for(".rows", "Ended")
    assert stage.wait_for("#zone") == "Times are in the zone of this browser: Europe/Berlin"


def test_the_history_is_filtered_gone_through_and_taken_along(stage: Stage) -> None:
    stage.open("#/history")
    stage.settle()
    count = "document.querySelectorAll('.job-line').length"
    assert now(stage, count) == 30
    stage.tab.click(".more")
    until(stage, count, 34)
    assert shown(stage.tab, ".more") is None
    assert now(
        stage, "document.activeElement.closest('.job-line') === document.querySelectorAll('.job-line')[30]"
    )
    choose(stage, "label:nth-of-type(2) select", "failed")
    until(stage, count, 5)
    assert now(stage, "location.hash") == "#/history?result=failed"
    choose(stage, "input[type=date]", "2025-11-22")
    until(stage, count, 1)
    asked = stage.history.asked[-2:]
    assert "/api/stats?since=2025-11-22" in asked
    (jobs,) = (it for it in asked if it.startswith("/api/jobs?"))
    assert "since=2025-11-21T23%3A00%3A00.000Z" in jobs, "its midnight is the browser's"
    now(
        stage,
        """(() => { window.taken = []; const real = URL.createObjectURL;
        URL.createObjectURL = (blob) => { taken.push(blob); return real(blob); }; })()""",
    )
    stage.tab.click(".download")
    until(stage, "window.taken.length", 1)
    assert now(stage, "taken[0].text()") == "id,name\r\nj1,made up\r\n", "in parts, as the cloud gives it"
    asked = [it for it in stage.history.asked if it.startswith("/api/jobs.csv")]
    assert ["result=failed" in it for it in asked] == [True, True]


def test_what_is_found_only_far_back_is_found(stage: Stage) -> None:
    stage.history.has_gap = True
    stage.open("#/history?result=failed")
    until(stage, "document.querySelectorAll('.job-line').length", 5)


def test_jobs_that_were_kept_are_shown_by_the_bridges_own_history(bridge: BridgeData, page_tab: Tab) -> None:
    fill(bridge)
    for number in range(3):
        keep_film(bridge, keep_job(bridge, f"j{number}", NOW - number * 86_400, printer_id=PRINTING))
    keep_check(bridge, "j0", verdict="suspicious", category="spaghetti", confidence=0.7, summary="Strands")
    keep_job(bridge, "j9", NOW - 7200, printer_id=PAUSED, result="failed", reason="filament ran out")
    with staged(bridge, None, page_tab) as stage:
        stage.open("#/history")
        stage.settle()
        names = "[...document.querySelectorAll('.job-line a')].map((it) => it.textContent)"
        assert now(stage, names) == ["Part j0", "Part j9", "Part j1", "Part j2"]
        assert "75 %" in stage.wait_for(".figures", "Success rate")
        assert "Filament ran out" in stage.wait_for(".job-lines", "Part j9")
        page_tab.click(".job-line a")
        stage.wait_for(".job-view", "70 % sure · Strands")
        assert "Paused by the user" in stage.wait_for(".job-view", "Pauses")
        stage.wait_for(".plot")
        poster = now(stage, "document.querySelector('video, figure').outerHTML")
        assert "api/jobs/j0/" in poster
        stage.open(PRINTER)
        stage.settle()
        assert now(stage, names) == ["Part j0", "Part j1", "Part j2"]
        stage.open("#/job/nobody")
        stage.wait_for(".empty", "not known")


def test_a_film_plays_from_where_one_likes_and_can_be_had(stage: Stage) -> None:
    stage.open("#/job/j0")
    film = "document.querySelector('video')"
    until(stage, f"Math.round({film}?.duration)", 20)
    now(stage, f"{film}.currentTime = 15")
    until(stage, f"{film}.seeking", False)
    assert now(stage, f"{film}.currentTime") >= 15
    now(stage, f"{film}.muted = true, {film}.play()")
    until(stage, f"{film}.currentTime > 15")
    assert now(stage, f"{film}.error") is None
    assert now(stage, "document.querySelector('a[download]').download") == "A1 Benchy.mp4"
    assert now(stage, "document.querySelector('a[download]').pathname") == "/api/jobs/j0/film"
    now(stage, f"{film}.pause()")


def test_the_film_of_the_last_job_is_there_without_a_history(
    bridge: BridgeData, page_tab: Tab, tmp_path: Path
) -> None:
    bridge.put_film("P1", NOW - 60, film_of(tmp_path))
    history = MadeUpHistory()
    history.is_empty = True
    with opened(bridge, KEY, page_tab, history) as stage:
        give_key(page_tab, KEY)
        stage.wait_for("article")
        page_tab.click("article a.name")
        page_tab.click("button.film")
        until(stage, "Math.round(document.querySelector('video')?.duration)", 20)
        now(stage, "document.querySelector('video').pause()")


def test_a_curve_tells_what_was_when(stage: Stage) -> None:
    stage.open("#/job/j2")
    stage.settle()
    plot = "document.querySelector('.plot')"
    now(stage, f"{plot}.scrollIntoView({{ block: 'center' }})")
    left, top, width = now(
        stage, f"(({{ left, top, width }}) => [left, top, width])({plot}.getBoundingClientRect())"
    )
    stage.tab.call("Input.dispatchMouseEvent", type="mouseMoved", x=left + width / 2, y=top + 60)
    words = stage.wait_for(".tooltip", "progress")
    assert "progress 49 %" in words or "progress 50 %" in words or "progress 48 %" in words
    assert "nozzle 220 °C" in words
    axis = now(stage, "[...document.querySelectorAll('.plot text')].map((it) => it.textContent)")
    assert {"0 %", "50 %", "100 %", "250°", "start", "1 h", "3 h"} <= set(axis)


def data_of(stage: Stage) -> list[str]:
    """What was asked for of it; a picture or a file may still be on its way."""
    return [it for it in stage.asked if it.startswith("/api/") and not it.endswith("/image")]


@pytest.mark.parametrize("view", ["#/", PRINTER, "#/history", "#/job/j0"])
def test_nothing_polls_while_hidden(stage: Stage, view: str) -> None:
    stage.open(view)
    stage.settle()
    timers = "window.begun"
    now(
        stage,
        """(() => { window.begun = 0; const real = window.setTimeout;
        window.setTimeout = (run, ms, ...more) => {
            if (ms >= 250) begun += 1;
            return real(run, ms, ...more);
        };
        Object.defineProperty(document, 'hidden', { get: () => true, configurable: true });
        document.dispatchEvent(new Event('visibilitychange')); })()""",
    )
    asked = data_of(stage)
    # What was to come next comes now, and asks nothing.
    now(stage, "new Promise((done) => setTimeout(done, 30))")
    assert data_of(stage) == asked
    assert now(stage, timers) == 0


def test_the_shell_is_kept_and_no_data(stage: Stage) -> None:
    stage.open()
    stage.settle()
    until(stage, "navigator.serviceWorker.ready.then((it) => Boolean(it.active))")
    until(stage, "caches.keys().then((all) => all.length)", 1)
    kept = (
        "caches.keys().then(([it]) => caches.open(it)).then((it) => it.keys())"
        ".then((all) => all.map((it) => new URL(it.url).pathname).sort())"
    )
    until(stage, kept, ["/", "/web/app.js"])
    stage.answers["/api/"] = (503, {}, {})
    stage.refuse("/", 503)
    now(stage, "location.reload()")
    stage.wait_for("#notice", "No answer from the bridge")
    assert now(stage, kept) == ["/", "/web/app.js"]
    gone = "navigator.serviceWorker.getRegistrations().then((all) => all.map((it) => it.unregister()))"
    now(stage, f"{gone}.then((all) => Promise.all(all)).then((all) => all.length)")

"""The page where a gateway takes only so many requests: it waits as it is told, and then asks less often.

Its script is run by Node with a document of nothing. Node is no part of the project; without it
this is skipped.
"""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from functions import api
from tests.support.timeouts import TIMEOUT

PAGE = Path(api.__file__).with_name("page.html")
NODE = shutil.which("node")
REFRESH_MS = 15_000
OVERVIEW = "api/overview"
# Plays the page's refreshes one after the other; a timer is over at once, and its length noted.
BROWSER = """
const { script, answers, refreshes, hidden } = JSON.parse(require("fs").readFileSync(0));
const nothing = new Proxy(function () {}, {
  get: (_, name) => (name === Symbol.toPrimitive ? () => "" : name === Symbol.iterator ? undefined : nothing),
  set: () => true, apply: () => nothing,
});
const box = { bottom: 0, top: 0 };
const element = new Proxy(
  {
    isConnected: true, classList: nothing, src: "", addEventListener: () => {},
    getBoundingClientRect: () => box,
  },
  {
    get: (own, name) => (name in own ? own[name] : nothing),
    set: (own, name, value) => ((own[name] = value), true),
  },
);
const told = { asked: [], tags: [], pictures: [], pauses: [], notices: [], refused: [], state: null };
const paper = (list) => ({ set textContent(text) { list.push(text); }, hidden: true });
const notice = paper(told.notices), refused = paper(told.refused);
let refreshed = 0, now = Date.parse("2025-11-22T13:08:00Z");
Date.now = performance.now = () => now;
const respond = ({ status = 200, value = {}, headers = {} }) => ({
  status, ok: status < 300, json: async () => value, headers: { get: (name) => headers[name] ?? null },
});
global.fetch = async (path, { headers }) => {
  told.asked.push(path);
  told.tags.push(headers["If-None-Match"] ?? null);
  return respond(answers.length > 1 ? answers.shift() : answers[0]);
};
global.innerHeight = 1000;
global.Image = class {
  set src(address) { told.pictures.push(address.split("/").pop()); this.address = address; }
  get src() { return this.address; }
  async decode() { if (this.address.includes("broken")) throw new Error("not to be decoded"); }
};
global.document = {
  hidden, body: element, addEventListener: () => {}, createElement: () => element,
  getElementById: (id) => (id === "notice" ? notice : id === "key-refused" ? refused : id === "card"
    ? { content: { firstElementChild: { cloneNode: () => ({ ...element, dataset: {}, isConnected: true,
        getBoundingClientRect: () => box, querySelector: () => element, remove: () => {} }) } } } : element),
};
global.sessionStorage = { getItem: () => "k", setItem: () => {}, removeItem: () => {} };
global.clearTimeout = () => {};
const end = () => process.stdout.write(JSON.stringify(told), () => process.exit(0));
global.setTimeout = (run, milliseconds) => {
  told.pauses.push(milliseconds);
  now += milliseconds;
  refreshed += 1;
  if (refreshed < refreshes) setImmediate(run);
  else end();
  return 1;
};
new Function(script)();
let rounds = 0;
const look = () => (++rounds > 1000 ? end() : setImmediate(look));
look(); // until nothing more is asked
"""
HELD_BACK = {"status": 429, "value": {"detail": "too many requests"}, "headers": {"Retry-After": "4"}}
QUOTA = {
    "status": 429,
    "value": {"detail": "too many requests for today"},
    "headers": {"Retry-After": "3600"},
}


def said(
    *addresses: str, tag: str = 'W/"1"', seconds_a_picture: float | None = REFRESH_MS / 1000
) -> dict[str, Any]:
    """An overview with a printer for each picture."""
    printers = [
        {
            "printer_id": f"P{number}",
            "has_status": False,
            "image": {"taken_at": "2025-11-22T13:08:00Z", "address": f"https://frames.example/{address}"},
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


def played(*answers: dict[str, Any], refreshes: int, hidden: bool = False) -> dict[str, Any]:
    """What the page asked and how it waited; the last answer stays."""
    assert NODE is not None
    (script,) = re.findall(r"<script>(.*?)</script>", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    given = json.dumps({"script": script, "answers": answers, "refreshes": refreshes, "hidden": hidden})
    done = subprocess.run([NODE, "-e", BROWSER], input=given, capture_output=True, text=True, timeout=TIMEOUT)
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


pytestmark = pytest.mark.skipif(NODE is None, reason="there is no Node here to run the page's script")


def test_a_refresh_is_one_request_and_comes_as_often_as_the_bridge_says() -> None:
    told = played(said(), refreshes=3)
    assert (told["asked"], told["pauses"]) == ([OVERVIEW] * 3, [REFRESH_MS] * 3)
    assert set(told["notices"]) == {""}


def test_it_says_what_it_has_and_shows_that_on_when_nothing_has_changed() -> None:
    told = played(said("a"), {"status": 304}, refreshes=3)
    assert told["tags"] == [None, 'W/"1"', 'W/"1"']
    assert told["pictures"] == ["a"]
    assert told["pauses"] == [REFRESH_MS] * 3


def test_first_pictures_come_at_once_and_newer_ones_one_at_a_time_in_turn() -> None:
    told = played(said("a1", "b1", "c1"), said("a2", "b2", "c2"), said("a3", "b3", "c2"), refreshes=4)
    loaded = list(dict.fromkeys(told["pictures"]))
    assert set(loaded[:3]) == {"a1", "b1", "c1"}
    assert loaded[3:] == ["a2", "b3", "c2"]


def test_where_pictures_cost_nothing_all_of_them_come() -> None:
    told = played(
        said("a1", "b1", seconds_a_picture=None), said("a2", "b2", seconds_a_picture=None), refreshes=2
    )
    assert set(told["pictures"]) == {"a1", "b1", "a2", "b2"}


def test_for_a_picture_that_is_refused_another_address_is_asked_for_and_not_for_ever() -> None:
    told = played(said("broken"), said("broken"), {"status": 404}, said("broken"), refreshes=9)
    assert told["tags"][1] is None, "the same answer would have the same address"
    assert told["pictures"] == ["broken"]
    others = [path for path in told["asked"] if path != OVERVIEW]
    assert set(others) == {"api/printer/P0/image"}, "what S3 does not have, the bridge may"
    assert len(others) < 5, "more and more rarely"


def test_a_hidden_page_asks_nothing() -> None:
    told = played(said(), refreshes=1, hidden=True)
    assert (told["asked"], told["pauses"]) == ([], [])


def test_who_is_held_back_waits_as_told_and_says_so() -> None:
    told = played(said(), HELD_BACK, said(), refreshes=3)
    assert told["pauses"][:2] == [REFRESH_MS, 2 * REFRESH_MS]
    assert REFRESH_MS < told["pauses"][2] < 2 * REFRESH_MS, "and comes back to its pace"
    assert any("Held back (429): too many requests" in text for text in told["notices"])
    assert told["notices"][-1] == ""


def test_who_is_refused_for_ever_asks_once_a_minute_and_when_the_day_is_used_up_once_an_hour() -> None:
    assert played(HELD_BACK, refreshes=7)["pauses"][-1] == 60_000
    told = played(QUOTA, refreshes=2)
    assert told["pauses"][-1] == 3_600_000
    assert "for today" in told["notices"][-1]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({"status": 401, "value": {"detail": "API key missing or wrong"}}, "was not accepted"),
        ({"status": 403, "value": {"message": "Forbidden"}}, "gateway refused that key (403)"),
        ({"status": 403, "value": {"detail": "API key missing or wrong"}}, "gateway refused that key (403)"),
    ],
)
def test_a_key_that_is_refused_is_asked_for_anew_and_it_is_said_by_whom(
    answer: dict[str, Any], words: str
) -> None:
    told = played(answer, refreshes=1)
    assert words in told["refused"][-1]
    assert (told["asked"], told["pauses"]) == ([OVERVIEW], []), "nothing more until there is one"


def test_any_other_refusal_is_no_matter_of_the_key() -> None:
    foreign = {"status": 403, "value": {"detail": "a page of another site may not ask here"}}
    told = played(foreign, refreshes=1)
    assert told["refused"] == []
    assert "No answer" in told["notices"][-1]

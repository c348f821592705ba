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
REFRESH_MS = 3000
# Plays the page's refreshes one after the other; a timer is over at once, and its length noted.
BROWSER = """
const { script, refusals, refreshes } = JSON.parse(require("fs").readFileSync(0));
const nothing = new Proxy(function () {}, {
  get: (_, name) => (name === Symbol.toPrimitive ? () => "" : name === Symbol.iterator ? undefined : nothing),
  set: () => true, apply: () => nothing,
});
const element = new Proxy({ isConnected: true, classList: nothing, addEventListener: () => {} }, {
  get: (own, name) => (name in own ? own[name] : nothing),
  set: (own, name, value) => ((own[name] = value), true),
});
const told = { asked: [], waits: [], pauses: [], notice: null };
let left = refusals, refreshed = 0, next = null;
const answer = (status, value, headers = {}) => ({
  status, ok: status < 300, json: async () => value, blob: async () => ({}),
  headers: { get: (name) => headers[name] ?? null },
});
const printers = ["A", "B"].map((name) => ({ printer_id: name, has_status: true }));
const bare = { job: null, state: "IDLE", temperatures: {}, errors: [], age_seconds: 1, image: null };
global.fetch = async (path) => {
  if (left > 0) { left -= 1; return answer(429, { detail: "too many" }, { "Retry-After": "2" }); }
  told.asked.push(path);
  return answer(200, path === "api/printers" ? printers : bare);
};
global.document = {
  hidden: false, body: element, addEventListener: () => {}, createElement: () => element,
  getElementById: (id) => (id === "notice" ? notice : element),
};
const notice = { set textContent(text) { told.notice = text; }, hidden: true };
global.sessionStorage = { getItem: () => null, setItem: () => {}, removeItem: () => {} };
global.clearTimeout = () => {};
global.setTimeout = (run, milliseconds) => {
  if (run.name !== "refresh") { told.waits.push(milliseconds); setImmediate(run); return 1; }
  told.pauses.push(milliseconds);
  refreshed += 1;
  if (refreshed < refreshes) setImmediate(run);
  else process.stdout.write(JSON.stringify(told), () => process.exit(0));
  return 1;
};
new Function(script)();
"""


def played(refusals: int, refreshes: int) -> dict[str, Any]:
    """What the page asked and how it waited, when its first requests are refused."""
    assert NODE is not None
    (script,) = re.findall(r"<script>(.*?)</script>", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    given = json.dumps({"script": script, "refusals": refusals, "refreshes": refreshes})
    done = subprocess.run([NODE, "-e", BROWSER], input=given, capture_output=True, text=True, timeout=TIMEOUT)
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


needs_node = pytest.mark.skipif(NODE is None, reason="there is no Node here to run the page's script")


@needs_node
def test_nobody_who_is_not_held_back_waits() -> None:
    told = played(refusals=0, refreshes=2)
    assert (told["waits"], told["pauses"], told["notice"]) == ([], [REFRESH_MS] * 2, "")


@needs_node
def test_what_is_refused_is_asked_again_and_all_of_it_is_shown() -> None:
    told = played(refusals=3, refreshes=1)
    assert told["waits"] == [2000] * 3
    assert {"api/printers", "api/printer/A", "api/printer/B"} <= set(told["asked"])
    assert (told["pauses"], told["notice"]) == ([2 * REFRESH_MS], "")


@needs_node
def test_it_comes_more_often_again_when_it_is_let() -> None:
    pauses = played(refusals=1, refreshes=12)["pauses"]
    assert pauses[0] == 2 * REFRESH_MS
    assert pauses == sorted(pauses, reverse=True)
    assert pauses[-1] == REFRESH_MS


@needs_node
def test_who_is_refused_for_ever_is_told_and_asks_once_a_minute() -> None:
    told = played(refusals=1000, refreshes=7)
    assert told["asked"] == []
    assert "No answer from the bridge" in told["notice"]
    assert told["pauses"][-1] == 60_000

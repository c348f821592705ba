"""The page for a person as a person uses it: what stands on it, and the key typed in."""

import json
from typing import Any

from tests.support.chromium import Tab
from tests.support.timeouts import wait_until


def shown(tab: Tab, query: str) -> str | None:
    """The text of the first such element, or None if it is hidden or there is none."""
    found: str | None = tab.run(
        f"(() => {{ const it = document.querySelector({json.dumps(query)});"
        " return it && it.checkVisibility() ? it.innerText : null; })()"
    )
    return found


def wait_for(tab: Tab, query: str, words: str = "") -> str:
    """The text of that element, when it is shown and has those words in it."""
    wait_until(
        lambda: words in (shown(tab, query) or "") and shown(tab, query) is not None, lambda: _all(tab)
    )
    return shown(tab, query) or ""


def give_key(tab: Tab, key: str) -> None:
    wait_for(tab, "#key-form")
    tab.run(
        f"document.querySelector('#key').value = {json.dumps(key)};"
        "document.querySelector('#key-form').requestSubmit()"
    )


def picture_sizes(tab: Tab) -> list[list[int]]:
    """Width and height of every picture that is really there."""
    found: list[list[int]] = tab.run(
        "[...document.querySelectorAll('#cards img')].filter((it) => !it.hidden && it.complete)"
        ".map((it) => [it.naturalWidth, it.naturalHeight])"
    )
    return found


def come_back(tab: Tab) -> None:
    """As if it had been hidden until now: it asks at once, and not when its time has come."""
    tab.run("document.dispatchEvent(new Event('visibilitychange'))")


def _all(tab: Tab) -> str:
    text: Any = tab.run("document.body.innerText + ' ' + location.href")
    return str(text)

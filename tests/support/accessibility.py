"""Faults of accessibility in what a browser shows, as axe-core finds them."""

import gzip
import json
from functools import cache
from pathlib import Path
from typing import Any

from tests.support.chromium import Tab

_AXE = Path(__file__).with_name("axe") / "axe.min.js.gz"
_RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
}


@cache
def _axe() -> str:
    return gzip.decompress(_AXE.read_bytes()).decode()


def faults(tab: Tab) -> list[str]:
    """Of all that is shown now: how bad, the rule, and where."""
    if tab.run("typeof axe") == "undefined":
        tab.run(f"{_axe()}; 0")
    found: list[dict[str, Any]] = tab.run(
        f"axe.run(document, {json.dumps(_RULES)}).then((it) => it.violations)"
    )
    return [
        f"{it['impact']} {it['id']}: {node['target']} {node.get('failureSummary', '')}"
        for it in found
        for node in it["nodes"]
    ]

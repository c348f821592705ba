"""Variables that nobody reads and whose names look like those of settings: typing mistakes. Pure."""

import difflib
from collections.abc import Mapping

from functions.bridge.settings import declarations

_ALIKE = 0.8
_FAMILIES = ("TELEGRAM_", "OPENROUTER_", "TIMELAPSE_", "AI_CHECK")


def strangers(environment: Mapping[str, str]) -> list[tuple[str, str]]:
    """Such names in the order of the alphabet, each with the setting that it looks like."""
    ours = [declaration.variable for declaration in declarations()]
    found = []
    for name in sorted(set(environment) - set(ours)):
        alike = difflib.get_close_matches(name.upper(), ours, n=1, cutoff=_ALIKE)
        if not alike and name.upper().startswith(_FAMILIES):
            alike = difflib.get_close_matches(name.upper(), ours, n=1, cutoff=0.0)
        if alike:
            found.append((name, alike[0]))
    return found

"""Several collectors in one stack, each with a key that reaches its own site alone: what is whose, by name.

At the site `berlin` the printer `A1M-1` of BambUI is `berlin.A1M-1` to everybody else. A site's name has no
dot, so no name of one site is one of another; which site a report is from, its sender's key says.
"""

import re

SITE_LIMIT = 24
_SITE = re.compile(rf"[a-z0-9]{{1,{SITE_LIMIT}}}")


def is_site(name: str) -> bool:
    return _SITE.fullmatch(name) is not None


def name_at(site: str, printer: str) -> str:
    """Of BambUI's printer there; without a site it keeps its name."""
    return f"{site}.{printer}" if site else printer


def name_in_bambui(site: str, printer_id: str) -> str:
    """The reverse."""
    return printer_id.removeprefix(f"{site}.") if site else printer_id


def is_at(site: str, printer_id: str) -> bool:
    """Whether it is a printer of that site; without one every printer is."""
    return not site or printer_id.startswith(f"{site}.")


def key_beginnings(site: str) -> tuple[str, ...]:
    """How the folders of its printers begin; the second where nothing of a name can be in a key."""
    return f"{site}.", f"{site}~"

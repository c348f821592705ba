"""Is a request meant for this bridge, and was it made by a page of this bridge's own? Pure rules.

A page from anywhere can send a browser that runs in this network to any address in it (DNS rebinding: a name
of the attacker's that suddenly means 192.168.1.5). Such a request has the attacker's name as its host. Names
that nobody can register are safe, and so are bare addresses. Sources: RFC 6761, 6762, 8375; ICANN's reserved
`internal`, and its decisions never to delegate `home`, `corp` and `mail`.
"""

from collections.abc import Iterable
from ipaddress import ip_address
from urllib.parse import urlsplit

_OWN_ENDINGS = (
    "corp",
    "home",
    "home.arpa",
    "internal",
    "intranet",
    "lan",
    "local",
    "localdomain",
    "localhost",
    "private",
)


def is_own_host(host: str, allowed: Iterable[str] = ()) -> bool:
    """Whether the value of a Host header can only mean a computer of the user's own.

    `allowed`: further names, in lower case; `.example.org` stands for every name that ends so, `*` for any.
    """
    name = host_name(host)
    if name is None:
        return False
    if _is_address(name) or "." not in name or name.endswith(tuple("." + it for it in _OWN_ENDINGS)):
        return True
    return any(it == "*" or name == it or (it.startswith(".") and name.endswith(it)) for it in allowed)


def host_name(host: str) -> str | None:
    """The name or address in a Host header, without port and brackets, in lower case; None: it is none."""
    try:
        name = urlsplit(f"//{host}").hostname
    except ValueError:
        return None
    if not name or any(character in host for character in "/\\?#@ \t"):
        return None
    return name.rstrip(".") or None


def is_foreign(host: str, site: str | None, origin: str | None, mode: str | None, target: str | None) -> bool:
    """Whether a page of another site made the request, by what browsers say of it.

    `site`, `mode`, `target`: Sec-Fetch-Site, -Mode and -Dest, which a browser sends over HTTPS and to
    localhost only; `origin`: Origin. None: not said. To follow a link to the page is no such request.
    """
    if site is not None:
        is_link = mode == "navigate" and target == "document"
        return site == "cross-site" and not is_link
    if origin is None:
        return False
    try:
        made_by = urlsplit(origin).hostname
    except ValueError:
        return True
    return made_by is None or made_by.rstrip(".") != host_name(host)


def _is_address(name: str) -> bool:
    try:
        ip_address(name.partition("%")[0])
    except ValueError:
        return False
    return True

"""Pages of printers as a client asks for them. As all over the API, no wish is refused: it is bounded."""

import base64
import binascii

from functions.shared.read_model import LONGEST_PAGE, PAGE_LIMIT

_CURSOR_BYTES = 900  # no record has a longer name


def cursor_of(name: str) -> str:
    """Where the page behind that name begins, in letters of a URL; of any name."""
    return base64.urlsafe_b64encode(name.encode("utf-8", "surrogatepass")).decode().rstrip("=")


def name_before(cursor: str | None) -> str:
    """The name; a cursor that was made up begins with the first page, as none does."""
    try:
        name = base64.urlsafe_b64decode((cursor or "") + "=" * (-len(cursor or "") % 4))
        return name.decode("utf-8", "surrogatepass") if len(name) <= _CURSOR_BYTES else ""
    except (binascii.Error, ValueError):
        return ""


def page_size(limit: str | None) -> int:
    """How many printers."""
    wished = int(limit) if limit and limit.isascii() and limit.isdigit() and len(limit) < 10 else PAGE_LIMIT
    return max(1, min(wished, LONGEST_PAGE))

"""The done-marks that workers leave: the stores' own word on how many messages were sent."""

from collections.abc import Iterable

_MARK, _ORDER = "done/", "timelapse"


def count_marks(keys: Iterable[str]) -> int:
    """How many of these record keys mark a message; an order for a film has a mark too, which is none."""
    return sum(key.startswith(_MARK) and key.split("/")[-2] != _ORDER for key in keys)

"""The done-marks that workers leave: the stores' own word on how many messages were sent."""

from collections.abc import Iterable

_MARK, _ORDER, _ANSWER = "done/", "timelapse", "done/update/"


def count_marks(keys: Iterable[str]) -> int:
    """How many of these record keys mark a message of notify's: orders for a film and answers to what people
    ask have marks too."""
    marks = [key for key in keys if key.startswith(_MARK) and not key.startswith(_ANSWER)]
    return sum(key.split("/")[-2] != _ORDER for key in marks)

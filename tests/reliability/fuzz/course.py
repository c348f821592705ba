"""What both kinds of fuzzing share: chance that depends on nothing but seed and number, and sizes."""

import gc
import sys
import types
from collections.abc import Sequence
from random import Random

LENGTH = 500  # messages of one course: a printer's state lives that long
_NOT_STATE = (type, types.ModuleType, types.FunctionType, types.BuiltinFunctionType, types.CodeType)


class Chances:
    """Sources of chance of one seed; `kind` tells the two fuzzers apart."""

    def __init__(self, seed: int, kind: str) -> None:
        self._base = f"{kind}/{seed}/"

    def of(self, number: int) -> Random:
        """For one message."""
        return Random(f"{self._base}{number}")

    def of_course(self, number: int) -> Random:
        """For what holds throughout a course."""
        return Random(f"{self._base}course/{number}")


def size_of(*roots: object, without: Sequence[object] = ()) -> int:
    """Bytes of all that is reachable and is neither code nor a class, nor only reached through `without`."""
    seen = {id(item) for item in without}
    total = 0
    waiting: list[object] = list(roots)
    while waiting:
        item = waiting.pop()
        if id(item) in seen or isinstance(item, _NOT_STATE):
            continue
        seen.add(id(item))
        total += sys.getsizeof(item)
        waiting += gc.get_referents(item)
    return total

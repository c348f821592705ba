"""A vision model whose key is kept elsewhere and may be changed while this runs."""

from collections.abc import Callable
from typing import Protocol

from functions.inspection.model import AccessProblemError, Answer, VisionModel
from functions.inspection.prompt import Question


class ReadKey(Protocol):
    def __call__(self, *, is_refused: bool = False) -> str:
        """The key; read anew if the one we have is refused. Raises TransientError."""
        ...


class FreshKeyModel:
    """A VisionModel: one made with the key, made anew when that changes. `asked` counts the questions."""

    def __init__(self, read_key: ReadKey, make: Callable[[str], VisionModel]) -> None:
        self._read_key = read_key
        self._make = make
        self._made: tuple[str, VisionModel] | None = None
        self.asked = 0

    def ask(self, question: Question) -> Answer:
        key = self._read_key()
        try:
            return self._ask(key, question)
        except AccessProblemError:
            newer = self._read_key(is_refused=True)
            if newer == key:
                raise
        return self._ask(newer, question)

    def _ask(self, key: str, question: Question) -> Answer:
        if self._made is None or self._made[0] != key:
            self._made = (key, self._make(key))
        self.asked += 1
        return self._made[1].ask(question)

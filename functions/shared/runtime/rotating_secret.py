"""A secret that a person may change while the program runs, and what is made with it."""

from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

ClientT = TypeVar("ClientT")


class ReadSecret(Protocol):
    def __call__(self, *, is_refused: bool = False) -> str:
        """The secret; read anew if the one we have is refused. Raises TransientError."""
        ...


class RotatingSecret(Generic[ClientT]):
    """Keeps a client made with the secret, and makes it anew when that has changed."""

    def __init__(self, read: ReadSecret, make: Callable[[str], ClientT]) -> None:
        self._read = read
        self._make = make
        self._made: tuple[str, ClientT] | None = None

    def client(self) -> ClientT:
        """With the secret as it is known now. Raises TransientError if it cannot be had."""
        return self._made_with(self._read())

    def client_after_refusal(self, refused: ClientT) -> ClientT | None:
        """Another client if the secret has changed meanwhile, None if the refused one is the newest.

        Raises TransientError if it cannot be had.
        """
        newer = self._made_with(self._read(is_refused=True))
        return None if newer is refused else newer

    def _made_with(self, secret: str) -> ClientT:
        if self._made is None or self._made[0] != secret:
            self._made = (secret, self._make(secret))
        return self._made[1]

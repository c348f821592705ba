"""When it is written down that a message is begun: beside its place in the chat, or not at all at first."""

from concurrent.futures import Executor, Future
from contextlib import suppress

from functions.shared.domain.keys import starts_key
from functions.shared.errors import BridgeError
from functions.shared.starts import Starts


class StartMarks:
    """`pool`: what need not wait for one another is written at once, for a table that is a trip away.
    `spares_writes`: see `NotifyRules`.
    """

    def __init__(self, starts: Starts, pool: Executor | None, *, spares_writes: bool) -> None:
        self._starts = starts
        self._pool = pool
        self._spares_writes = spares_writes

    def are_for(self, receive_count: int) -> bool:
        """Whether the start of a delivery of that number is written down."""
        return receive_count > 1 or not self._spares_writes

    def first_reads(self, effect: str, receive_count: int) -> tuple[str, ...]:
        return (starts_key(effect),) if self.are_for(receive_count) else ()

    def begin_beside(self, effect: str) -> Future[int] | None:
        """Begin to write it while something else is; None: it is written when `begin` is called."""
        return None if self._pool is None else self._pool.submit(self._starts.begin, effect)

    def begin(self, effect: str, beside: Future[int] | None) -> int:
        """How many starts there are that were not taken back. Raises TransientError."""
        return self._starts.begin(effect) if beside is None else beside.result()

    def take_back(self, effect: str, beside: Future[int] | None) -> None:
        """The start that was to be written while the turn was taken, which came to nothing."""
        if beside is None:
            return
        with suppress(BridgeError):
            beside.result()
            self._starts.take_back(effect)

"""The newest picture of a printer, and how a fresh one is had: from memory, or by asking the collector."""

import time
from collections.abc import Callable
from typing import Protocol

from functions.shared.domain.keys import asked_frame_prefix, asked_frame_taken_at
from functions.shared.errors import NotFoundError, PermanentError, TransientError
from functions.shared.messages.edge_command import EdgeCommand, outgoing_command
from functions.shared.ports import FrameStore, Queue
from functions.shared.runtime.clocks import Clock
from functions.shared.value_class import dataclass

# From the wish to the picture, over a queue, a Pi and a bucket: mostly two seconds; who asks waits for five.
LONGEST_WAIT_SECONDS = 4.5
_LOOK_SECONDS = 0.4


@dataclass(frozen=True, slots=True)
class Picture:
    """A JPEG and when it was taken (edge clock)."""

    data: bytes
    taken_at: float


class FreshPictures(Protocol):
    """Blocks; at most some seconds."""

    def ask(self, printer_id: str, wish: str) -> Picture | None:
        """A picture taken after this was asked for; `wish` is the same for a repeat. None: none came."""
        ...


class NoFreshPictures:
    """FreshPictures where the newest in memory is as fresh as can be, or nobody can be asked."""

    def ask(self, printer_id: str, wish: str) -> None:  # noqa: ARG002
        return None


class CollectorPictures:
    """FreshPictures of the collector: asked by its queue, answered by one frame in the store."""

    def __init__(
        self,
        commands: Queue,
        frames: FrameStore,
        clock: Clock,
        monotonic: Clock = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._commands = commands
        self._frames = frames
        self._clock = clock
        self._monotonic = monotonic
        self._sleep = sleep

    def ask(self, printer_id: str, wish: str) -> Picture | None:
        """As the port has it; nothing is raised: the newest that there is serves too."""
        prefix = asked_frame_prefix(printer_id, wish)
        until = self._monotonic() + LONGEST_WAIT_SECONDS
        try:
            self._commands.send([outgoing_command(EdgeCommand(wish, printer_id, prefix))])
            while self._monotonic() < until:
                for stored in self._frames.list(prefix):
                    taken_at = asked_frame_taken_at(stored.key)
                    return Picture(
                        self._frames.get(stored.key), stored.taken_at if taken_at is None else taken_at
                    )
                self._sleep(_LOOK_SECONDS)
        except (NotFoundError, PermanentError, TransientError):
            return None
        return None

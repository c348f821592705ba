"""Numbers that are never given twice, over kills and power cuts, though only one in many is written down."""

import logging

from collector.outbox.database import OutboxDatabase, new_collector_id
from collector.outbox.store import OutboxStore

_log = logging.getLogger(__name__)

BLOCK = 100


class ReservedSequence:
    """Counts up from what an earlier run reserved. After a kill numbers may be left out, none is reused.

    A block is asked for when less than half of the last one is left, so that a disk that is full for a
    while stops nothing at once.
    """

    def __init__(self, reserved: int) -> None:
        self._last = reserved
        self._reserved = reserved

    @property
    def is_short(self) -> bool:
        """Whether the next block should be written down: `block_end`, then `reserve` once that is on disk."""
        return self._reserved - self._last < BLOCK // 2

    @property
    def is_used_up(self) -> bool:
        return self._last >= self._reserved

    @property
    def block_end(self) -> int:
        return self._last + BLOCK

    def reserve(self, reserved: int) -> None:
        self._reserved = reserved

    def take(self) -> int:
        """The next number; over a kill it is only safe if the numbers were not used up."""
        self._last += 1
        return self._last


class SequenceAllocator:
    """The collector's identity and each printer's numbers of reports and frame files. Not thread-safe."""

    def __init__(self, store: OutboxStore) -> None:
        self._store = store
        self.collector_id = store.contents.collector_id
        self._is_identity_saved = True
        saved = store.contents.printers
        self._sequences = {name: ReservedSequence(row.sequences) for name, row in saved.items()}
        self._frames = {name: ReservedSequence(row.frames) for name, row in saved.items()}

    def begin_anew(self) -> None:
        """Go on as another collector, whose numbers nobody has heard yet."""
        self.collector_id = new_collector_id()
        self._is_identity_saved = False
        self._sequences = {}

    def save_identity(self) -> bool:
        """Whether the new identity is on disk."""
        identity = self.collector_id
        self._is_identity_saved = self._store.write(
            lambda database: database.save_identity(identity), synced=True
        )
        return self._is_identity_saved

    def next_sequence(self, printer_id: str, stamp: float) -> int:
        """The next within `collector_id`, which may change by this call if the disk refuses everything.

        `stamp` is the time it is given to: written down along with a reservation.
        """
        if self._sequences.setdefault(printer_id, ReservedSequence(0)).is_short:
            self._reserve_sequences(printer_id, stamp)
        if self._sequences[printer_id].is_used_up and self._is_identity_saved:
            # Counting on unreserved could repeat numbers after a kill; under a new identity it cannot.
            self.begin_anew()
            self._sequences = {printer_id: ReservedSequence(0)}
            _log.warning("no report numbers can be reserved on disk: going on as a new collector")
        return self._sequences[printer_id].take()

    def _reserve_sequences(self, printer_id: str, stamp: float) -> None:
        names = [printer_id] if self._is_identity_saved else list(self._sequences)
        ends = {name: self._sequences[name].block_end for name in names}

        def change(database: OutboxDatabase) -> None:
            if not self._is_identity_saved:
                database.save_identity(self.collector_id)
            for name, end in ends.items():
                database.reserve(name, sequences=end)
            database.save_printer(printer_id, None, stamp)

        if self._store.write(change, synced=True):
            self._is_identity_saved = True
            for name, end in ends.items():
                self._sequences[name].reserve(end)

    def next_frame(self, printer_id: str) -> int | None:
        """The next number of a printer's frames, or None if none can be reserved (the disk is unusable)."""
        numbers = self._frames.setdefault(printer_id, ReservedSequence(0))
        if numbers.is_short:
            end = numbers.block_end
            if self._store.write(lambda database: database.reserve(printer_id, frames=end), synced=True):
                numbers.reserve(end)
        return None if numbers.is_used_up else numbers.take()

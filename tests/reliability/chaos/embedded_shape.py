"""One run over the embedded program: the real process group between a shaken BambUI and a shaken Telegram."""

import contextlib
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from functions.shared.domain.keys import job_prefix, taken_at_of
from tests.reliability.chaos.crowd import fixed_port
from tests.reliability.chaos.faulty_process import FaultyProcess
from tests.reliability.chaos.flaky_telegram import FlakyTelegram
from tests.reliability.chaos.marks import count_marks
from tests.reliability.chaos.printers import SimulatedPrinters
from tests.reliability.chaos.run import DESCRIPTORS, Run, Scene
from tests.reliability.chaos.verdict import Evidence

_UNKNOWN, _DIGEST = "is not a valid Category", '"category":"digest"'


class EmbeddedRun(Run):
    """A run of the shape `embedded`."""

    edge_folder = "bridge"

    @asynccontextmanager
    async def scene(self, printers: SimulatedPrinters, telegram: FlakyTelegram) -> AsyncIterator[Scene]:
        port = fixed_port()
        program = FaultyProcess(
            self.folder / self.edge_folder,
            "infra.local",
            **self.settings | printers.settings,
            TELEGRAM_BOT_TOKEN=telegram.token,
            TELEGRAM_CHAT_ID=telegram.chat_id,
            TELEGRAM_API_URL=telegram.url,
            STATUS_TIMEOUT_SECONDS=str(self.plan.status_timeout),
            PORT=str(port),
        )
        program.descriptors = DESCRIPTORS
        with program:
            yield EmbeddedScene(self, printers, telegram, program, program, port)


class EmbeddedScene(Scene):
    def evidence(self) -> Evidence:
        folder = self.edge.folder
        marks, dead_letters, unknown_digests = _stored(folder / "data" / "bridge.sqlite3")
        return self.evidence_with(
            lambda printer, job: _frames_in(folder / job_prefix(printer, job)),
            marks,
            dead_letters,
            unknown_digests,
        )


def _frames_in(folder: Path) -> int:
    """Frames, not films and their thumbnails."""
    return sum(taken_at_of(path.name) is not None for path in folder.glob("*.jpg"))


def _stored(database: Path) -> tuple[int, int, int]:
    """How many messages are marked as sent; how many were given up; and digests that an older release set
    aside, as it knows of none."""
    with contextlib.closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        keys = [bytes(key).decode() for (key,) in connection.execute("SELECT key FROM record")]
        dead = connection.execute("SELECT reason, body FROM dead_letter").fetchall()
    unknown = [body for reason, body in dead if _UNKNOWN in reason and _DIGEST in body]
    return count_marks(keys), len(dead) - len(unknown), len(unknown)

"""Between what observes (sessions) and what keeps and ships (outbox): the words they share."""

from dataclasses import dataclass
from typing import Protocol

from functions.bridge.contract import Report
from functions.bridge.job_identity import JobMarks


@dataclass(frozen=True, slots=True)
class Picture:
    """A whole JPEG that is to be kept, and when it came (edge clock)."""

    data: bytes
    taken_at: float


@dataclass(frozen=True, slots=True)
class EdgeJob:
    """What the edge remembers of a printer's running or last job, over restarts too.

    `token` tells runs apart (two runs of one name too); `prefix` is the folder of its frames, None until
    it is fixed; `marks` are what it is recognised by after a gap.
    """

    token: str
    started_at: float
    prefix: str | None
    marks: JobMarks
    is_active: bool


class Spool(Protocol):
    """The outbox as a session sees it. Every call may block on the disk: never call it in the event loop."""

    @property
    def collector_id(self) -> str: ...

    def add_report(
        self,
        report: Report,
        *,
        durable: bool,
        job: EdgeJob | None = None,
        picture: Picture | None = None,
        is_overwriting: bool = False,
    ) -> Report:
        """Keep a report, whose `sequence`, `frame` and `frames_kept` are filled in here, and return it.

        A durable one (a change) is on disk with fsync, with `job`, before this returns; another (a
        heartbeat) is only in memory. `picture`, if given, is kept first and named by the report;
        otherwise the newest kept frame of that printer is named, if it is of the same job.
        `is_overwriting`: the picture goes to `latest/<printer>.jpg` (an idle printer in the cloud).
        """
        ...

    def keep_frame(self, printer_id: str, job: EdgeJob, picture: Picture) -> None:
        """Keep a frame of a job for its film."""
        ...

    def recall_job(self, printer_id: str) -> EdgeJob | None:
        """The job last given with a durable report, after a restart too."""
        ...

    def busy_printers(self) -> list[str]:
        """Printers whose job, so recalled, has not ended."""
        ...

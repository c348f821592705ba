"""What an answer is made of, read from memory and stores as the API reads it."""

from typing import Protocol

from functions.chat.commands import matching
from functions.chat.past_jobs import PastJob, newest_first, past_job_of
from functions.shared import job_listing
from functions.shared.domain.keys import token_of
from functions.shared.live import Live
from functions.shared.messages.printer_record import PrinterRecord
from functions.shared.ports import FrameStore, RecordStore
from functions.shared.printer_now import PrinterNow, collector_silence, printer_now
from functions.shared.read_model import LONGEST_PAGE, PAGE_LIMIT, ListedPrinter, Queries
from functions.shared.value_class import dataclass

_JOBS_LIMIT = 200
_PAGES_LIMIT = 20  # 10,000 printers, some 14 s: within the function's time


@dataclass(frozen=True, slots=True)
class Read:
    """As in `Known`."""

    printers: tuple[PrinterNow, ...]
    is_all: bool
    jobs: tuple[PastJob, ...]


class ChatReadings(Protocol):
    """For one answer. Blocks."""

    def read(self, now: float, name: str = "", *, token: str = "", wants_jobs: bool = False) -> Read:
        """The printers, one of that name (as typed) or token (of a button) among them if there is one; past
        jobs if asked for.
        """
        ...


class StoredReadings:
    """ChatReadings over the read model that the API answers from."""

    def __init__(
        self,
        records: RecordStore,
        frames: FrameStore,
        live: Live | None = None,
        started_at: float | None = None,
    ) -> None:
        self._records = records
        self._queries = Queries(records, frames, live)
        self._started_at = started_at

    def read(self, now: float, name: str = "", *, token: str = "", wants_jobs: bool = False) -> Read:
        queries = self._queries
        page = queries.page(limit=PAGE_LIMIT)
        data = queries.read_page(page)
        if name and page.more_after is not None and not matching(name, [it.printer_id for it in data]):
            found = queries.find(name)
            data += [queries.read(found)] if found is not None else []
        if token and page.more_after is not None and token not in {token_of(it.printer_id) for it in data}:
            found = self._behind(page.more_after, token)
            data += [queries.read(found)] if found is not None else []
        printers = tuple(
            printer_now(it, now, collector_silence(queries.watchers(it.printer_id), now, self._started_at))
            for it in data
        )
        jobs = self._jobs([it.record for it in data]) if wants_jobs else []
        return Read(printers, page.more_after is None, tuple(jobs))

    def _behind(self, after: str | None, token: str) -> ListedPrinter | None:
        """A token can only be found by looking through the names."""
        for _ in range(_PAGES_LIMIT):
            if after is None:
                break
            page = self._queries.page(after, LONGEST_PAGE)
            found = next((it for it in page.printers if token_of(it.printer_id) == token), None)
            if found is not None:
                return found
            after = page.more_after
        return None

    def _jobs(self, records: list[PrinterRecord]) -> list[PastJob]:
        """Of the history; and of before there was one, the last that each record remembers."""
        lines = job_listing.page(self._records, job_listing.JobFilter(), None, _JOBS_LIMIT).lines
        kept = [past_job_of(line) for line in lines]
        known = {job.job_id for job in kept}
        kept += [job for job in newest_first(records) if job.job_id not in known]
        return sorted(kept, key=lambda job: job.ended_at, reverse=True)[:_JOBS_LIMIT]

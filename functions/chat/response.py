"""What an answer is made of: what is known, what is asked, and what is to be said and done. Values only."""

from collections.abc import Callable, Mapping
from dataclasses import field
from datetime import tzinfo

from functions.chat.commands import Request
from functions.chat.past_jobs import PastJob
from functions.chat.totals import PrinterTotals
from functions.shared.domain.quiet_hours import QuietHours
from functions.shared.messages.chat_preferences import ChatPreferences
from functions.shared.printer_now import PrinterNow
from functions.shared.telegram.markup import Line, Span
from functions.shared.value_class import dataclass

NAME_LIMIT, JOB_LIMIT = 60, 80
SEPARATOR = " · "

Block = tuple[Line, ...]
Change = Callable[[ChatPreferences], ChatPreferences]


@dataclass(frozen=True, slots=True)
class Button:
    text: str
    data: str


@dataclass(frozen=True, slots=True)
class Known:
    """All that an answer may need. `is_all`: there are no more printers than these; `jobs`: prints that are
    over, newest first; `totals`: by printer; `quiet_hours`: those of the settings; `person`: who asks, as
    they call themselves.
    """

    now: float
    zone: tzinfo
    printers: tuple[PrinterNow, ...] = ()
    is_all: bool = True
    preferences: ChatPreferences = field(default=ChatPreferences())
    jobs: tuple[PastJob, ...] = ()
    totals: Mapping[str, PrinterTotals] = field(default_factory=dict)
    quiet_hours: QuietHours | None = None
    person: str = ""

    def named(self, printer_id: str) -> PrinterNow | None:
        return next((it for it in self.printers if it.printer_id == printer_id), None)


@dataclass(frozen=True, slots=True)
class Response:
    """What is said (`blocks` with `buttons` below the last message), sent (a photo or film of that printer)
    and changed; `toast`: what who pressed a button sees; `dismissed`: printer, job token and category of an
    alert that was none, whose pictures are kept. `film_job`: a job's token, empty: the last.
    """

    blocks: tuple[Block, ...] = ()
    buttons: tuple[tuple[Button, ...], ...] = ()
    photo_of: str | None = None
    film_of: str | None = None
    film_job: str = ""
    change: Change | None = None
    dismissed: tuple[str, str, str] | None = None
    toast: str = ""

    @property
    def changes_something(self) -> bool:
        return self.change is not None or self.dismissed is not None

    @property
    def sends_something(self) -> bool:
        return bool(self.blocks or self.photo_of or self.film_of)


@dataclass(frozen=True, slots=True)
class Ask:
    """One request with what is known; `printers`: those that are meant (empty: all)."""

    request: Request
    known: Known
    printers: tuple[PrinterNow, ...] = field(default=())

    @property
    def one(self) -> PrinterNow | None:
        """The printer that is meant, or the only one there is."""
        if self.printers:
            return self.printers[0]
        return self.known.printers[0] if len(self.known.printers) == 1 and self.known.is_all else None


def said(text: str, icon: str = "") -> Response:
    """One line."""
    return Response(blocks=(((Span(f"{icon} {text}" if icon else text),),),))

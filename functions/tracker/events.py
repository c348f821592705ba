"""What can happen to a watched printer, and how each is told: the table of messages.

The rules (`transitions`) return events and know of no message; `announcements` makes the effects of a
report's events by the rows below. A new message is a kind, its row, and the rule that returns it.
"""

from enum import Enum, auto
from typing import TypeAlias

from functions.shared.domain.faults import Severity
from functions.shared.messages.effects import Category
from functions.shared.messages.printer_record import Job, PrinterRecord
from functions.shared.value_class import dataclass


class EventKind(Enum):
    """What a rule can find in a report."""

    JOB_STARTED = auto()
    JOB_FOUND = auto()  # under way when first seen
    NAME_CHANGED = auto()
    STATE_CHANGED = auto()
    PAUSED = auto()
    PAUSED_ON_PURPOSE = auto()  # by the user or the print file
    RESUMED = auto()
    STEP_PASSED = auto()  # of progress
    PHOTO_DUE = auto()
    CODES_APPEARED = auto()  # of errors
    JOB_FINISHED = auto()
    JOB_FAILED = auto()
    JOB_CANCELLED = auto()
    JOB_NEVER_BEGAN = auto()
    JOB_ENDED = auto()  # by a word that tells no result
    JOB_ENDED_UNSEEN = auto()
    JOB_ENDED_BY_SILENCE = auto()
    CONTACT_LOST = auto()
    CONTACT_RESTORED = auto()
    WENT_OFFLINE = auto()
    CAME_ONLINE = auto()
    CHECK_DUE = auto()  # asks for an inspection, says nothing
    FILM_DUE = auto()  # asks for a timelapse, says nothing


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened in a report, and the job as it then stood.

    `part` tells apart two of one kind in a job (a step, a code), `codes` are those that speak of it,
    `is_late`: it was seen only after a gap. `until` (edge seconds) and `frames_kept` belong to FILM_DUE.
    """

    kind: EventKind
    job: Job | None
    from_state: str | None = None
    to_state: str | None = None
    reason: str | None = None
    codes: tuple[str, ...] = ()
    part: str = ""
    is_late: bool = False
    duration_seconds: float | None = None
    until: float = 0.0
    frames_kept: int | None = None


Outcome: TypeAlias = tuple[PrinterRecord, tuple[Event, ...]]  # of a rule: the record after it, what happened


@dataclass(frozen=True, slots=True)
class Announcement:
    """How an event is told. `severity` is the least: a code told with it may be worse.

    `has_photo`: the newest frame goes with it, if it is fresh. `quiet_beside`: nothing is said when one
    of these happened in the same report, as that message tells it too.
    """

    category: Category
    severity: Severity = Severity.NOTICE
    has_photo: bool = False
    quiet_beside: frozenset[EventKind] = frozenset()


# Messages that tell the codes which appeared in the same report. A code beside a finish, or beside an end
# without a result, is not why the job ended: it is told apart.
TELL_CODES = frozenset(
    {
        EventKind.JOB_STARTED,
        EventKind.JOB_FOUND,
        EventKind.PAUSED,
        EventKind.PAUSED_ON_PURPOSE,
        EventKind.CONTACT_RESTORED,
        EventKind.JOB_FAILED,
        EventKind.JOB_CANCELLED,
        EventKind.JOB_NEVER_BEGAN,
    }
)
_RESTORED = frozenset({EventKind.CONTACT_RESTORED})  # it tells how the job stands now
_SHOW_PHOTO = _RESTORED | {EventKind.PAUSED, EventKind.PAUSED_ON_PURPOSE}
_SHOW_PERCENT = _SHOW_PHOTO | {EventKind.NAME_CHANGED, EventKind.STATE_CHANGED, EventKind.RESUMED}

NOTICE, ATTENTION, CRITICAL = Severity.NOTICE, Severity.ATTENTION, Severity.CRITICAL
_PHOTO, _BARE = True, False

# fmt: off
ANNOUNCEMENTS: dict[EventKind, Announcement] = {
    # What happened             is told as                                 at least   shows   quiet beside
    EventKind.JOB_STARTED:          Announcement(Category.STARTED,          NOTICE,    _BARE),
    EventKind.JOB_FOUND:            Announcement(Category.ALREADY_PRINTING, NOTICE,    _BARE),
    EventKind.NAME_CHANGED:         Announcement(Category.FILE_CHANGED,     NOTICE,    _BARE,  _RESTORED),
    EventKind.STATE_CHANGED:        Announcement(Category.STATE_CHANGED,    NOTICE,    _BARE,  _RESTORED),
    EventKind.PAUSED:               Announcement(Category.PAUSED,           ATTENTION, _PHOTO, _RESTORED),
    EventKind.PAUSED_ON_PURPOSE:    Announcement(Category.PAUSED,           NOTICE,    _PHOTO, _RESTORED),
    EventKind.RESUMED:              Announcement(Category.RESUMED,          NOTICE,    _BARE,  _RESTORED),
    EventKind.STEP_PASSED:          Announcement(Category.PROGRESS,         NOTICE,    _BARE,  _SHOW_PERCENT),
    EventKind.PHOTO_DUE:            Announcement(Category.PHOTO,            NOTICE,    _PHOTO, _SHOW_PHOTO),
    EventKind.CODES_APPEARED:       Announcement(Category.ERROR,            NOTICE,    _PHOTO, TELL_CODES),
    EventKind.JOB_FINISHED:         Announcement(Category.FINISHED,         NOTICE,    _PHOTO),
    EventKind.JOB_FAILED:           Announcement(Category.FAILED,           CRITICAL,  _PHOTO),
    EventKind.JOB_CANCELLED:        Announcement(Category.CANCELLED,        NOTICE,    _PHOTO),
    EventKind.JOB_NEVER_BEGAN:      Announcement(Category.NEVER_BEGAN,      ATTENTION, _PHOTO),
    EventKind.JOB_ENDED:            Announcement(Category.ENDED,            NOTICE,    _PHOTO),
    EventKind.JOB_ENDED_UNSEEN:     Announcement(Category.ENDED,            NOTICE,    _BARE),
    EventKind.JOB_ENDED_BY_SILENCE: Announcement(Category.ENDED,            NOTICE,    _BARE),
    EventKind.CONTACT_LOST:         Announcement(Category.CONTACT_LOST,     ATTENTION, _PHOTO),
    EventKind.CONTACT_RESTORED:     Announcement(Category.CONTACT_RESTORED, NOTICE,    _PHOTO),
    EventKind.WENT_OFFLINE:         Announcement(Category.OFFLINE,          ATTENTION, _BARE),
    EventKind.CAME_ONLINE:          Announcement(Category.ONLINE,           NOTICE,    _BARE),
}
# fmt: on

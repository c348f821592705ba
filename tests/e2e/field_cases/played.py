"""What a person was told in a played case, and questions that a test asks of it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from functions.shared.messages.effects import Category, Notification, Timelapse
from functions.shared.messages.printer_record import PrinterRecord

ENDS = (Category.FINISHED, Category.FAILED, Category.CANCELLED, Category.ENDED)
_ENDED = frozenset({*(category.value for category in ENDS), "never_began"})


@dataclass(frozen=True, slots=True)
class Told:
    """One line of the course: a message, a film or an ordered check, `at` seconds from the begin."""

    at: float
    text: str
    notification: Notification | None = None
    film: Timelapse | None = None
    has_photo: bool = False
    job_state: str | None = None

    @property
    def is_end(self) -> bool:
        """Whether it tells the end of a job, other than one taken from silence."""
        said = self.notification
        return said is not None and said.category in _ENDED and "No contact" not in (said.reason or "")

    @property
    def category(self) -> str:
        """In a word: that of the message, else `film` or `check`."""
        if self.notification is not None:
            return self.notification.category.value
        return "film" if self.film is not None else "check"


@dataclass
class Played:
    """`shown` is the API's answer at the end of the case, `looks` those at the steps that asked for it."""

    told: list[Told] = field(default_factory=list)
    job_ids: list[str] = field(default_factory=list)
    record: PrinterRecord | None = None
    shown: dict[str, Any] = field(default_factory=dict)
    looks: dict[str, dict[str, Any]] = field(default_factory=dict)

    def categories(self, *without: str) -> list[str]:
        """What was told, in order, in a word each."""
        return [told.category for told in self.told if told.category not in without]

    def course(self) -> list[str]:
        """The same without what only says that it goes on."""
        return self.categories("progress", "photo", "check")

    def of(self, *categories: str) -> list[Told]:
        return [told for told in self.told if told.category in categories]

    def only(self, *categories: str) -> Told:
        """The one of those categories."""
        (found,) = self.of(*categories)
        return found

    @property
    def end(self) -> Told:
        """The one message of a job's end, silence not counted."""
        (found,) = [told for told in self.told if told.is_end]
        return found

    @property
    def texts(self) -> str:
        """All messages in one text."""
        return "\n\n".join(told.text for told in self.told if told.notification is not None)

    def steps(self) -> list[int | None]:
        """The percents that progress told of."""
        return [told.notification.job.percent for told in self.of("progress") if told.notification]

    def films(self) -> list[Timelapse]:
        return [told.film for told in self.told if told.film is not None]

    def faults(self) -> list[str]:
        """What is wrong in any case, whatever happened."""
        faults = []
        ended: dict[str | None, str] = {}
        begun: set[str | None] = set()
        step = 0
        for told in self.told:
            said = told.notification
            if said is None:
                if told.film is not None and told.film.job_id not in ended:
                    faults.append(f"a film before its job's end: {told.text}")
                continue
            if "None" in told.text or "nan" in told.text:
                faults.append(f"no words: {told.text}")
            if told.job_state == "PAUSE" and "ready" in told.text:
                faults.append(f"a time promised while paused: {told.text}")
            if told.category == "started":
                if said.job_id in begun:
                    faults.append(f"started twice: {told.text}")
                begun.add(said.job_id)
                step = 0
            if told.category == "progress":
                step = said.job.percent or 0
            if told.category in _ENDED or said.ended:
                if told.is_end and ended.get(said.job_id) == "end":
                    faults.append(f"ended twice: {told.text}")
                ended[said.job_id] = "end" if told.is_end else "silence"
                if said.job.percent is not None and said.job.percent < step:
                    faults.append(f"an end below {step} %: {told.text}")
        return faults

    def transcript(self) -> str:
        """A text for people: the course, and what the API shows at its end."""
        parts = [
            f"{_clock(told.at)}{' [photo]' if told.has_photo else ''}\n{told.text}" for told in self.told
        ]
        shown = "\n".join(f"{key}: {value}" for key, value in _flat(self.shown))
        return "\n\n".join([*parts, f"API at the end\n{shown}"]) + "\n"


def _clock(seconds: float) -> str:
    whole = timedelta(seconds=int(seconds))
    return f"+{whole}" if seconds >= 0 else f"-{-whole}"


def _flat(value: dict[str, Any], before: str = "") -> Iterable[tuple[str, Any]]:
    for key, inner in value.items():
        if isinstance(inner, dict):
            yield from _flat(inner, f"{before}{key}.")
        else:
            yield f"{before}{key}", inner

"""What a person was told in a played case, and questions that a test asks of it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from functions.shared.messages.effects import Category, Notification, Timelapse
from functions.shared.messages.printer_record import PrinterRecord

ENDS = (Category.FINISHED, Category.FAILED, Category.CANCELLED, Category.ENDED)


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
        return self.only(*ENDS, "never_began")

    @property
    def texts(self) -> str:
        """All messages in one text."""
        return "\n\n".join(told.text for told in self.told if told.notification is not None)

    def steps(self) -> list[int | None]:
        """The percents that progress told of."""
        return [told.notification.job.percent for told in self.of("progress") if told.notification]

    def films(self) -> list[Timelapse]:
        return [told.film for told in self.told if told.film is not None]

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

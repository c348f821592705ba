"""The tables of rules and messages are whole: what a new kind of event or message lacks is named here."""

from pathlib import Path

import pytest

import functions.tracker
from functions.shared.messages.effects import Category
from functions.tracker.evaluation import Heard
from functions.tracker.events import ANNOUNCEMENTS, EventKind
from functions.tracker.transitions import RULES

TOLD = [kind for kind in EventKind if kind not in {EventKind.CHECK_DUE, EventKind.FILM_DUE}]
# Said by timelapse, inspection and liveness of their own work.
SAID_BY_WORKERS = {
    Category.FILM,
    Category.FILM_FAILED,
    Category.DEFECT,
    Category.INSPECTION_DOWN,
    Category.INSPECTION_USED_UP,
    Category.COLLECTOR_LOST,
    Category.COLLECTOR_BACK,
    Category.COLLECTOR_DISK_FULL,
    Category.COLLECTOR_DISK_FREE,
    Category.DIGEST,
}
SOURCES = "".join(
    path.read_text(encoding="utf-8")
    for folder in functions.tracker.__path__
    for path in Path(folder).glob("*.py")
    if path.stem not in {"events", "announcements"}
)


def test_whatever_is_heard_meets_a_rule() -> None:
    assert set(RULES) == set(Heard)


@pytest.mark.parametrize("kind", TOLD, ids=lambda kind: kind.name)
def test_every_event_has_its_row(kind: EventKind) -> None:
    assert kind in ANNOUNCEMENTS, f"{kind.name} has no row in ANNOUNCEMENTS"


@pytest.mark.parametrize("kind", list(EventKind), ids=lambda kind: kind.name)
def test_every_event_is_returned_by_a_rule(kind: EventKind) -> None:
    assert f"EventKind.{kind.name}" in SOURCES, f"no rule of the tracker returns {kind.name}"


@pytest.mark.parametrize("category", list(Category), ids=lambda category: category.name)
def test_every_message_is_of_an_event_or_a_worker(category: Category) -> None:
    told = {row.category for row in ANNOUNCEMENTS.values()}
    assert (category in told) != (category in SAID_BY_WORKERS), f"which event is told as {category.name}?"


@pytest.mark.parametrize("kind", list(ANNOUNCEMENTS), ids=lambda kind: kind.name)
def test_what_is_quiet_is_told_by_another(kind: EventKind) -> None:
    """One that it gives way to may be quiet too: then beside what this one is quiet beside as well."""
    quiet_beside = ANNOUNCEMENTS[kind].quiet_beside
    assert kind not in quiet_beside
    for other in quiet_beside:
        assert ANNOUNCEMENTS[other].quiet_beside <= quiet_beside, (
            f"{kind.name} may be lost beside {other.name}"
        )

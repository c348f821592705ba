"""How the messages read, word for word."""

from typing import Any
from zoneinfo import ZoneInfo

import pytest

from functions.notify.render import Message, RenderContext, film_remark, render
from functions.shared.domain.faults import Fault, Severity, faults_of
from functions.shared.messages.effects import Category, Film, Notification
from functions.shared.messages.report import FrameReference
from tests.functions.notify.harness import BERLIN, JOB, NOW, PRINTER, notification
from tests.support.telegram.markup import read_html

WIKI = "https://wiki.bambulab.com/en/hms/home"
RAN_OUT = Fault("0300-8004", "Filament ran out. Load new filament, then resume", WIKI, Severity.ATTENTION)
RUNNING: dict[str, Any] = {"percent": 62, "layer": 89, "total_layers": 200, "remaining_minutes": 72}
PAUSED: dict[str, Any] = {**RUNNING, "remaining_minutes": None, "is_paused": True}
STOPPED: dict[str, Any] = {**RUNNING, "remaining_minutes": None, "duration_seconds": 6600}
BAR = "▰▰▰▰▰▰▱▱▱▱ 62 %"


def message_of(given: Notification, lateness: float = 0.0, has_photo: bool = False) -> Message:
    return render(given, RenderContext(NOW, lateness, BERLIN), has_photo=has_photo)


def seen(given: Notification, lateness: float = 0.0, has_photo: bool = False) -> list[str]:
    """The lines a person sees in Telegram."""
    html = message_of(given, lateness, has_photo).html
    assert html is not None
    return read_html(html).split("\n")


CASES: dict[str, tuple[Notification, list[str]]] = {
    "a start": (
        notification(Category.STARTED, percent=0, total_layers=200, remaining_minutes=200),
        ["▶️ A1M-1: print started", JOB, "3 h 20 min left · ready ~20:20 CET · 200 layers"],
    ),
    "a start without a name": (
        notification(Category.STARTED, job_name=None),
        ["▶️ A1M-1: print started"],
    ),
    "a job found running": (
        notification(Category.ALREADY_PRINTING, **RUNNING),
        [
            "🖨 A1M-1: already printing",
            JOB,
            f"{BAR} · layer 89/200 · 1 h 12 min left · ready ~18:12 CET",
        ],
    ),
    "a job found paused": (
        notification(Category.ALREADY_PRINTING, **RUNNING, to_state="PAUSE", reason="Paused by the user"),
        [
            "🖨 A1M-1: a print is under way, paused now",
            JOB,
            f"{BAR} · layer 89/200",
            "It is paused: paused by the user.",
        ],
    ),
    "another file": (
        notification(Category.FILE_CHANGED, job_name="vase.3mf", percent=1),
        ["📄 A1M-1: file changed", "vase.3mf", "▱▱▱▱▱▱▱▱▱▱ 1 %"],
    ),
    "another state": (
        notification(Category.STATE_CHANGED, from_state="SLICING", to_state="RUNNING"),
        ["🔄 A1M-1: state changed (slicing → printing)", JOB],
    ),
    "a state nobody knows": (
        notification(Category.STATE_CHANGED, from_state="RUNNING", to_state="DREAMING"),
        ["🔄 A1M-1: state changed (printing → DREAMING)", JOB],
    ),
    "a run-out": (
        notification(Category.PAUSED, **RUNNING, to_state="PAUSE", reason=RAN_OUT.text, faults=(RAN_OUT,)),
        [
            "⏸️ A1M-1: print paused",
            JOB,
            f"{BAR} · layer 89/200",
            "Filament ran out. Load new filament, then resume.",
            "0300-8004 wiki",
        ],
    ),
    "a pause by stage": (
        notification(Category.PAUSED, to_state="PAUSE", reason="The front cover came off"),
        ["⏸️ A1M-1: print paused", JOB, "The front cover came off. Look at the printer, then resume."],
    ),
    "a pause by the user": (
        notification(Category.PAUSED, to_state="PAUSE", reason="Paused by the user"),
        ["⏸️ A1M-1: print paused", JOB, "Paused by the user."],
    ),
    "a pause without a reason": (
        notification(Category.PAUSED, to_state="PAUSE"),
        [
            "⏸️ A1M-1: print paused",
            JOB,
            "The printer does not say why. Look at the printer, then resume.",
        ],
    ),
    "a resume": (
        notification(Category.RESUMED, percent=62),
        ["▶️ A1M-1: print resumed", JOB, BAR],
    ),
    "progress into the next day": (
        notification(Category.PROGRESS, **{**RUNNING, "remaining_minutes": 900}),
        ["🖨 A1M-1: printing", JOB, f"{BAR} · layer 89/200 · 15 h left · ready ~Tue 08:00 CET"],
    ),
    "progress at the very end": (
        notification(Category.PROGRESS, percent=97, layer=200, total_layers=200, remaining_minutes=0),
        ["🖨 A1M-1: printing", JOB, "▰▰▰▰▰▰▰▰▰▱ 97 % · layer 200/200 · almost done"],
    ),
    "an error with words": (
        notification(Category.ERROR, faults=(RAN_OUT,), severity=Severity.ATTENTION),
        [
            "⚠️ A1M-1: error",
            JOB,
            "Filament ran out. Load new filament, then resume.",
            "0300-8004 wiki",
        ],
    ),
    "a code nobody knows": (
        notification(Category.ERROR, faults=(Fault("1234-4567", None, WIKI),)),
        ["ℹ️ A1M-1: notice from the printer", JOB, "No words are known for this code.", "1234-4567 wiki"],
    ),
    "a fatal error": (
        notification(Category.ERROR, faults=(Fault("0300-4006", "Clogged"),), severity=Severity.CRITICAL),
        ["🚨 A1M-1: serious error", JOB, "Clogged.", "0300-4006"],
    ),
    "an interval photo": (
        notification(Category.PHOTO, percent=62),
        ["📷 A1M-1: photo", JOB, BAR],
    ),
    "an interval photo in a pause": (
        notification(Category.PHOTO, **PAUSED),
        ["📷 A1M-1: photo, paused", JOB, f"{BAR} · layer 89/200"],
    ),
    "progress in a pause": (
        notification(Category.PROGRESS, **PAUSED),
        ["🖨 A1M-1: printing is paused", JOB, f"{BAR} · layer 89/200"],
    ),
    "an error in a pause": (
        notification(Category.ERROR, faults=(RAN_OUT,), severity=Severity.ATTENTION, **PAUSED),
        [
            "⚠️ A1M-1: error, paused",
            JOB,
            f"{BAR} · layer 89/200",
            "Filament ran out. Load new filament, then resume.",
            "0300-8004 wiki",
        ],
    ),
    "another file in a pause": (
        notification(Category.FILE_CHANGED, **PAUSED),
        ["📄 A1M-1: file changed, paused", JOB, f"{BAR} · layer 89/200"],
    ),
    "a job that only prepared": (
        notification(Category.NEVER_BEGAN, reason="The nozzle is clogged", faults=(Fault("0300-4006"),)),
        ["🚫 A1M-1: the print never began", JOB, "The nozzle is clogged.", "0300-4006"],
    ),
    "one that only prepared, nobody knows why": (
        notification(Category.NEVER_BEGAN),
        ["🚫 A1M-1: the print never began", JOB, "The printer does not say why."],
    ),
    "a finish": (
        notification(Category.FINISHED, percent=100, total_layers=200, duration_seconds=11_520),
        ["✅ A1M-1: print finished", JOB, "took 3 h 12 min · 200 layers"],
    ),
    "a finish nobody saw": (
        notification(Category.FINISHED, late_end=True),
        ["✅ A1M-1: print finished while we were away", JOB],
    ),
    "a failure": (
        notification(
            Category.FAILED, **STOPPED, reason="The nozzle is clogged", faults=(Fault("0300-4006"),)
        ),
        [
            "❌ A1M-1: print failed",
            JOB,
            f"{BAR} · layer 89/200 · after 1 h 50 min",
            "The nozzle is clogged.",
            "0300-4006",
        ],
    ),
    "a failure without a reason": (
        notification(Category.FAILED),
        ["❌ A1M-1: print failed", JOB, "The printer does not say why."],
    ),
    "a cancel": (
        notification(Category.CANCELLED, **STOPPED),
        ["🚫 A1M-1: print cancelled", JOB, f"{BAR} · layer 89/200 · after 1 h 50 min"],
    ),
    "an end without a cause": (
        notification(Category.ENDED, **STOPPED),
        ["❔ A1M-1: print ended, cause unknown", JOB, f"{BAR} · layer 89/200 · after 1 h 50 min"],
    ),
    "an end nobody saw": (
        notification(Category.ENDED, late_end=True),
        ["❔ A1M-1: print ended while we were away, result unknown", JOB],
    ),
    "contact lost, job over": (
        notification(Category.CONTACT_LOST, percent=62, ended=True, reason="No contact with the printer"),
        [
            "📡 A1M-1: contact lost at 62 %",
            JOB,
            BAR,
            "No contact with the printer. Check its power and network. The job is taken as ended.",
        ],
    ),
    "contact lost, in grace": (
        notification(Category.CONTACT_LOST),
        ["📡 A1M-1: contact lost", JOB, "Check its power and network."],
    ),
    "contact restored": (
        notification(Category.CONTACT_RESTORED, percent=62, to_state="RUNNING"),
        ["📶 A1M-1: contact restored", JOB, BAR, "The print goes on."],
    ),
    "contact restored, paused": (
        notification(Category.CONTACT_RESTORED, to_state="PAUSE", reason="Power was lost"),
        ["📶 A1M-1: contact restored", JOB, "It is paused: power was lost."],
    ),
    "offline": (
        notification(Category.OFFLINE, percent=62),
        ["🔌 A1M-1: offline while printing", JOB, BAR, "Check its power and network."],
    ),
    "online": (
        notification(Category.ONLINE, job_name=None),
        ["🟢 A1M-1: back online"],
    ),
    "a film": (
        notification(
            Category.FILM,
            film=Film("k", 1, 45.2, 1280, 720, 1350, missing=3),
            duration_seconds=11_520,
        ),
        ["🎬 A1M-1: timelapse", JOB, "45 s film of 3 h 12 min · 1,350 frames · 3 frames are missing"],
    ),
    "a whole film": (
        notification(Category.FILM, film=Film("k", 1, 1.0, 1280, 720, 1)),
        ["🎬 A1M-1: timelapse", JOB, "1 s film · 1 frame"],
    ),
    "no film": (
        notification(Category.FILM_FAILED, reason="ffmpeg is missing: set FFMPEG. The frames are kept"),
        ["🎬 A1M-1: no timelapse", JOB, "Ffmpeg is missing: set FFMPEG. The frames are kept."],
    ),
    "a defect": (
        notification(
            Category.DEFECT,
            **RUNNING,
            reason="spaghetti",
            confidence=0.873,
            text="loose strands over the part",
        ),
        [
            "🚨 A1M-1: possible print defect (spaghetti)",
            JOB,
            f"{BAR} · layer 89/200 · 1 h 12 min left · ready ~18:12 CET",
            "The AI check is 87 % sure: loose strands over the part.",
            "Look at the printer, and stop the print if it is so.",
        ],
    ),
    "the AI is down": (
        notification(Category.INSPECTION_DOWN, job_name=None, reason="the key is refused (401)"),
        ["🙈 A1M-1: AI checks are not working", "The key is refused (401)."],
    ),
    "the AI's budget is used up": (
        notification(Category.INSPECTION_USED_UP, job_name=None, text="All 100 checks of today were made."),
        ["🙈 A1M-1: AI checks are used up", "All 100 checks of today were made."],
    ),
    "the collector is gone": (
        notification(Category.COLLECTOR_LOST, job_name=None, reason="No report for 15 min"),
        [
            "🛑 A1M-1: the collector is silent",
            "No report for 15 min. The printers are not watched until it is back.",
        ],
    ),
    "the collector's disk is full": (
        notification(Category.COLLECTOR_DISK_FULL, job_name=None, text="It watches A1 and P1S"),
        [
            "💾 A1M-1: the collector's disk is full",
            "Alerts go on, pictures and films may be missing. Free some space: all is well again then.",
            "It watches A1 and P1S",
        ],
    ),
    "the collector's disk has room again": (
        notification(Category.COLLECTOR_DISK_FREE, job_name=None, reason="It was full for 7 min"),
        ["💾 A1M-1: the collector's disk has room again", "It was full for 7 min."],
    ),
    "the collector is back": (
        notification(Category.COLLECTOR_BACK, job_name=None),
        ["🟢 A1M-1: the collector is back"],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_each_message_reads_like_this(name: str) -> None:
    given, expected = CASES[name]
    assert seen(given) == expected


@pytest.mark.parametrize("category", Category)
@pytest.mark.parametrize(
    "how", [{"is_paused": True}, {"to_state": "PAUSE"}], ids=["paused", "a pause begins"]
)
def test_no_message_of_a_paused_job_promises_a_time(category: Category, how: dict[str, Any]) -> None:
    """Though the order knew one, as one written by an older release may."""
    text = message_of(notification(category, **RUNNING, **how)).plain
    assert " left" not in text
    assert "ready ~" not in text
    assert "almost done" not in text


def test_every_category_has_its_words_here() -> None:
    """The digest's are in test_digest.py: it is no message of one printer."""
    assert {given.category for given, _ in CASES.values()} == set(Category) - {Category.DIGEST}


def test_markup_is_bold_printer_plain_job_and_small_footnote() -> None:
    given = notification(Category.PAUSED, faults=(RAN_OUT,), reason=RAN_OUT.text)
    assert message_of(given, lateness=430).html == (
        f"⏸️ <b>{PRINTER}</b>: print paused\n"
        f"<code>{JOB}</code>\n"
        "Filament ran out. Load new filament, then resume.\n"
        f'<code>0300-8004</code> <a href="{WIKI}">wiki</a>\n'
        "<i>delayed 7 min</i>"
    )


def test_plain_text_shows_the_address_of_a_link() -> None:
    given = notification(Category.ERROR, faults=(RAN_OUT,))
    assert message_of(given).plain.split("\n")[-1] == f"0300-8004 wiki ({WIKI})"


def test_ready_time_counts_from_the_event_not_from_the_sending() -> None:
    given = notification(Category.PROGRESS, percent=62, remaining_minutes=60)
    assert seen(given, lateness=600)[2:] == [f"{BAR} · 1 h left · ready ~17:50 CET", "delayed 10 min"]


def test_the_zone_is_always_named_even_where_it_has_no_letters() -> None:
    given = notification(Category.PROGRESS, remaining_minutes=60)
    html = render(given, RenderContext(NOW, 0, ZoneInfo("America/Sao_Paulo"))).html
    assert html is not None
    assert html.endswith("ready ~14:00 UTC-03")


def test_a_week_ahead_has_its_date() -> None:
    given = notification(Category.PROGRESS, remaining_minutes=8 * 24 * 60)
    assert seen(given)[-1] == "8 d left · ready ~Tue 02 Dec 17:00 CET"


@pytest.mark.parametrize(("age", "note"), [(30, []), (45, ["picture from 45 s before"])])
def test_an_old_photo_says_its_age(age: float, note: list[str]) -> None:
    given = notification(Category.FINISHED, frame=FrameReference("k", NOW - age, 1))
    assert seen(given, has_photo=True)[2:] == note
    assert seen(given, has_photo=False)[2:] == []


@pytest.mark.parametrize(("lateness", "note"), [(120, []), (121, ["delayed 2 min"])])
def test_a_delay_is_said_over_two_minutes(lateness: float, note: list[str]) -> None:
    assert seen(notification(Category.FINISHED), lateness)[2:] == note


def test_two_errors_are_announced_in_one_message() -> None:
    faults = (RAN_OUT, Fault("0300-8008", "Nozzle temperature is off", WIKI))
    assert seen(notification(Category.ERROR, faults=faults))[2:] == [
        "Filament ran out. Load new filament, then resume.",
        "Nozzle temperature is off.",
        "0300-8004 wiki · 0300-8008 wiki",
    ]


def test_what_several_codes_tell_is_said_once_with_the_most_exact_place() -> None:
    faults = faults_of(["1200-8011", "HMS_1200_2200_0002_0001", "HMS_1200_2200_0002_0002"], "A1M")
    for category, reason in [
        (Category.PAUSED, "Filament ran out. Load new filament, then resume"),
        (Category.FAILED, "Filament ran out (AMS lite). Load new filament, then resume"),
        (Category.ERROR, None),
    ]:
        assert seen(notification(category, faults=faults, reason=reason))[2:] == [
            "Filament ran out (AMS lite, slot 3). Load new filament, then resume.",
            "1200-8011 wiki · HMS_1200_2200_0002_0001 wiki · HMS_1200_2200_0002_0002 wiki",
        ]


def test_another_cause_is_said_too() -> None:
    faults = faults_of(["0300-8016", "HMS_0300_1A00_0002_0002", "HMS_0300_0300_0002_0002"])
    assert seen(notification(Category.PAUSED, faults=faults, reason=faults[0].text))[2:4] == [
        "The nozzle is clogged. Clean it, then resume or cancel.",
        "The hotend fan turns slowly. Clean it.",
    ]


def test_a_pause_by_a_person_is_not_told_twice() -> None:
    said = seen(notification(Category.PAUSED, faults=faults_of(["0300-8001"]), reason="Paused by the user"))
    assert said[2:] == ["Paused by the user.", "0300-8001 wiki"]


@pytest.mark.parametrize("category", [Category.ERROR, Category.FAILED])
def test_codes_without_words_are_said_to_have_none(category: Category) -> None:
    one, two = Fault("1234-4567"), Fault("1234-4568")
    assert seen(notification(category, faults=(one,)))[2] == "No words are known for this code."
    assert seen(notification(category, faults=(one, two)))[2] == "No words are known for these codes."
    assert "No words" not in str(seen(notification(category, faults=(one, RAN_OUT))))
    assert "No words" not in str(seen(notification(category, faults=(one,), reason="The bed fell off")))


def test_many_errors_are_counted() -> None:
    faults = tuple(Fault(f"0300-{8000 + number}") for number in range(9))
    assert "And 4 more." in seen(notification(Category.ERROR, faults=faults))


def test_a_film_that_cannot_come_says_where_it_lies() -> None:
    film = Film("images/A1M-1/benchy/timelapse_1.mp4", 61_000_000, 45, 1280, 720, 1350)
    remark = film_remark(film, "The film is too large for Telegram")
    html = render(notification(Category.FILM, film=film), RenderContext(NOW, 0, BERLIN), remark=remark).html
    assert html is not None
    assert html.endswith(
        "The film is too large for Telegram (61.0 MB). "
        "It is kept as <code>images/A1M-1/benchy/timelapse_1.mp4</code>."
    )


def test_only_what_asks_for_nothing_makes_no_sound() -> None:
    silent = {category for category in Category if message_of(notification(category)).is_silent}
    assert silent == {Category.PROGRESS, Category.PHOTO}


def test_finished_failed_cancelled_and_unknown_ends_never_share_a_word() -> None:
    words = {
        Category.FINISHED: "finished",
        Category.FAILED: "failed",
        Category.CANCELLED: "cancelled",
        Category.ENDED: "unknown",
    }
    for category, word in words.items():
        for is_late in (False, True):
            text = message_of(notification(category, late_end=is_late)).plain
            assert [other for other in words.values() if other in text] == [word]

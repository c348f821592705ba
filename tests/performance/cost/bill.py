"""From what was counted to dollars: lines of a bill, and the whole bill of a month."""

import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from functions.api.overview import CLOUD_PICTURE_SECONDS, refresh_seconds
from tests.performance.cost.assumptions import (
    ACCESS_LOG_BYTES,
    API_IMAGES,
    API_STATUSES,
    CHAT_LOOKS,
    CHAT_PICTURE_SECONDS,
    CHAT_PICTURES,
    CHAT_QUESTIONS,
    CHAT_READ_UNITS,
    CHAT_SECONDS,
    CHAT_WRITE_UNITS,
    COMMAND_POLL_SECONDS,
    DAYS,
    FILM_DAYS,
    FRAME_BYTES,
    FRAME_DAYS,
    GB,
    HOURS_A_DAY,
    LOG_DAYS,
    OVERVIEW_SECONDS,
    OVERVIEW_SECONDS_A_PRINTER,
    PAGE_PRINTERS,
    PLATFORM_LOG_BYTES,
    SECONDS,
    VIEW_REFRESHES,
    WEBHOOK_CHECKS_AN_HOUR,
)
from tests.performance.cost.figures import Figures
from tests.performance.cost.lambdas import LOG_BYTES
from tests.performance.cost.month import Measured, measured, month_of, pictures_of_a_month
from tests.performance.cost.prices import Price, Unit
from tests.performance.cost.stack import memory_gb, standing_figures


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a bill."""

    price: Price
    count: float

    @property
    def dollars(self) -> float:
        return self.price.of(self.count)


@dataclass(frozen=True, slots=True)
class Bill:
    """`printer`: what one more printer adds in a month; `fixed`: what a stack with one collector costs
    without any; `growth`: a job of forty hours by one of four."""

    printer: tuple[Line, ...]
    fixed: tuple[Line, ...]
    pages: Mapping[int, tuple[Line, ...]]  # a page that is open all month, by the number of printers
    chat: tuple[Line, ...]  # answers in the chat, of a stack with one collector
    job_dollars: float
    long_job_dollars: float
    free_dollars: float  # printer and fixed part together, less what is free for every account

    @property
    def growth(self) -> float:
        return self.long_job_dollars / self.job_dollars


@functools.cache
def bill() -> Bill:
    used = measured()
    printer = charged(month_of(used.job, used.rest).with_more(api_figures(used)))
    fixed = standing_figures().with_more(charged(used.own_hour.times(DAYS * HOURS_A_DAY)))
    together = lines_of(printer.with_more(fixed))
    return Bill(
        lines_of(printer),
        lines_of(fixed),
        {count: lines_of(charged(page_figures(used, count))) for count in PAGE_PRINTERS},
        lines_of(charged(chat_figures())),
        dollars(lines_of(charged(used.job))),
        dollars(lines_of(charged(used.long_job))),
        sum(line.price.of(max(0.0, line.count - line.price.free)) for line in together),
    )


def api_figures(used: Measured) -> Figures:
    """A month of requests to the API."""
    calls = API_STATUSES + API_IMAGES
    figures = used.status_call.times(API_STATUSES).with_more(used.image_call.times(API_IMAGES))
    figures[Unit.API_REQUEST] += calls
    figures["bytes read by api"] += API_STATUSES * used.status_bytes
    figures[LOG_BYTES] += calls * ACCESS_LOG_BYTES
    return figures


def chat_figures() -> Figures:
    """A month in which the chat is answered: the collector polls for commands, the schedule looks whether all
    is well, and people ask."""
    hours = DAYS * HOURS_A_DAY
    checks = hours * WEBHOOK_CHECKS_AN_HOUR
    seconds = checks * CHAT_SECONDS + CHAT_QUESTIONS * CHAT_SECONDS + CHAT_PICTURES * CHAT_PICTURE_SECONDS
    return Figures(
        {
            Unit.STANDARD_REQUEST: hours * 3600 / COMMAND_POLL_SECONDS + 2 * CHAT_PICTURES,
            Unit.API_REQUEST: CHAT_QUESTIONS,
            Unit.INVOCATION: checks + CHAT_QUESTIONS,
            Unit.GB_SECOND: seconds * memory_gb("chat"),
            Unit.READ_UNIT: CHAT_QUESTIONS * CHAT_READ_UNITS + checks,
            Unit.WRITE_UNIT: CHAT_QUESTIONS * CHAT_WRITE_UNITS,
            Unit.S3_LIST: CHAT_PICTURES * CHAT_LOOKS,
            Unit.S3_PUT_LATEST: CHAT_PICTURES,
            Unit.S3_GET: CHAT_PICTURES,
            "bytes read by api": CHAT_PICTURES * FRAME_BYTES,
            LOG_BYTES: (checks + CHAT_QUESTIONS) * 2 * PLATFORM_LOG_BYTES,
        }
    )


def page_figures(used: Measured, printers: int) -> Figures:
    """A month of a page that is open all the time at one printer, all its answers new ones: the overview, and
    once in four refreshes each call of that printer's view.
    """
    call, answer_bytes = used.page_calls[printers]
    seconds_a_month = DAYS * HOURS_A_DAY * 3600
    calls = seconds_a_month / refresh_seconds(printers, is_embedded=False)
    calls_of_view = 0.0
    new = printers * pictures_of_a_month(used.job, used.rest)
    pictures = min(new, seconds_a_month / CLOUD_PICTURE_SECONDS)
    figures = call.times(calls)
    figures["bytes read by api"] += calls * answer_bytes + pictures * FRAME_BYTES
    seconds = calls * (OVERVIEW_SECONDS + printers * OVERVIEW_SECONDS_A_PRINTER)
    for view_call, view_bytes in used.view_calls:
        times = calls / VIEW_REFRESHES
        figures = figures.with_more(view_call.times(times))
        figures["bytes read by api"] += times * view_bytes
        seconds += times * OVERVIEW_SECONDS
        calls_of_view += times
    figures[Unit.S3_GET] += pictures
    calls += calls_of_view
    figures[Unit.API_REQUEST] += calls
    figures[LOG_BYTES] += calls * ACCESS_LOG_BYTES
    figures[Unit.INVOCATION] += calls
    figures[Unit.GB_SECOND] += seconds * memory_gb("api")
    return figures


def charged(figures: Figures) -> Figures:
    """In units that have a price. Reading from S3 inside the region is free; out to Telegram and the API's
    clients goes what notify and the API read."""
    units = Figures({unit: count for unit, count in figures.items() if isinstance(unit, Unit)})
    frame_months, film_months = FRAME_DAYS / DAYS, FILM_DAYS / DAYS
    units[Unit.S3_GB_MONTH] += figures["frame bytes"] / GB * frame_months
    units[Unit.S3_GB_MONTH] += figures["film bytes"] / GB * film_months
    tagged = figures["frames kept"] + figures["packs kept"]
    units[Unit.S3_TAG_MONTH] += tagged * frame_months + figures["films kept"] * film_months
    units[Unit.OUT_GB] += (figures["bytes read by notify"] + figures["bytes read by api"]) / GB
    units[Unit.LOG_GB] += figures[LOG_BYTES] / GB
    units[Unit.LOG_GB_MONTH] += figures[LOG_BYTES] / GB * LOG_DAYS / DAYS
    for function, seconds in SECONDS.items():
        calls = figures[f"calls of {function}"]
        units[Unit.INVOCATION] += calls
        units[Unit.GB_SECOND] += calls * seconds * memory_gb(function)
    return units


def lines_of(units: Figures) -> tuple[Line, ...]:
    """A line for each unit of which there are any; what has no price is left out."""
    return tuple(Line(unit.price, units[unit]) for unit in Unit if units[unit])


def dollars(lines: Iterable[Line]) -> float:
    """Of all lines together."""
    return sum(line.dollars for line in lines)

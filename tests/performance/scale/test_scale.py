"""What a printer costs a stack does not grow with the others in it; `make scale` shows it for 20,000."""

import functools
import random

import pytest

from collector.bambui.discovery import PRINTERS_LIMIT
from functions.shared.aws.dynamodb import PARTITIONS
from functions.shared.aws.sqs import BATCH_BYTES_LIMIT
from functions.shared.read_model import PAGE_LIMIT
from tests.performance.scale.ceilings import ceilings
from tests.performance.scale.figures import COUNTED, figures_of, growth
from tests.performance.scale.fleet import Fleet
from tests.performance.scale.hour import Hour, simulated_hour
from tests.performance.scale.stack import BEGIN, scaled_stack
from tests.performance.scale.table import table

FEW, MANY, PER_SITE = 12, 60, 6
MOST_GROWTH = 1.10
ITEM_BYTES_LIMIT = 400 * 1024  # AWS, "Quotas in Amazon DynamoDB"
# A third of the printers print: 25 changes of percent and 25 heartbeats an hour; of the others 12 heartbeats.
REPORTS_MOST = 26.0


@functools.cache
def hours() -> tuple[Hour, Hour]:
    return simulated_hour(FEW, PER_SITE), simulated_hour(MANY, PER_SITE)


# One test, so that the hours are simulated once when tests run in several processes.
def test_a_printer_among_many_uses_what_one_among_few_does_and_no_call_is_larger() -> None:
    few, many = hours()
    check_that_it_was_a_whole_hour(many)
    for name, factor in growth(few, many).items():
        assert name == "CPU here (ms)" or factor <= MOST_GROWTH, f"{name}\n{table(few, many)}"
    check_that_no_call_grows(few, many)
    check_the_units(many)
    check_the_table(few, many)


def check_that_it_was_a_whole_hour(hour: Hour) -> None:
    """Prints, ends, films, and an outage that was told and is over: else little would be counted."""
    printing = hour.printers / 3
    assert hour.each("writes of printer") * hour.printers >= printing * 40 + (hour.printers - printing) * 8
    assert hour.films == hour.printers / 12
    away = hour.sites // 2
    assert hour.used["SendMessageBatch of liveness"] == 2 * away, "lost and back"
    assert hour.told >= 2 * away + hour.films
    assert hour.used["calls of liveness"] == 12
    assert hour.health == "all collectors are heard of"


def check_that_no_call_grows(few: Hour, many: Hour) -> None:
    for name, (items, size) in many.largest.items():
        if name == "Query of liveness":
            continue  # the listing of collectors, in pages of a megabyte
        items_of_few, bytes_of_few = few.largest[name]
        assert items <= max(10, items_of_few), name
        assert size <= MOST_GROWTH * bytes_of_few or name == "SendMessageBatch of edge", name
    for path, cost in many.api.items():
        assert cost["queries"] <= PARTITIONS + 1 + 2, path
        assert cost["items"] <= PAGE_LIMIT, path
    assert many.api["/api/printer/{id}"]["reads"] == 3, "the printer, its collector, its last check"
    assert many.api["/api/printer/{id}"]["queries"] == 0


def check_the_units(hour: Hour) -> None:
    assert hour.each("writes of printer") <= REPORTS_MOST
    assert hour.each("write units of printer") <= 1.2 * hour.each("writes of printer")
    assert hour.used["Query of liveness"] == 36, "the collectors, what is left of 0.1, what is held back"
    assert hour.used["GetItem of liveness"] <= 10 * (hour.sites // 2), "of those that were lost and came back"


def check_the_table(few: Hour, many: Hour) -> None:
    text = table(few, many)
    limits = ceilings(many)
    assert f"The next bottleneck: {limits[0].what}" in text
    assert [it.printers for it in limits] == sorted(it.printers for it in limits)
    for name in (*COUNTED, *(it.what for it in limits)):
        assert name in text
    assert set(figures_of(many)) == {*COUNTED, "messages", "CPU here (ms)"}


@pytest.mark.parametrize("name", ["one group of Telegram, 20 messages a minute"])
def test_a_ceiling_is_what_there_is_by_what_a_printer_takes(name: str) -> None:
    _, many = hours()
    (ceiling,) = [it for it in ceilings(many) if it.what == name]
    assert ceiling.printers == pytest.approx(1200 * many.printers / many.told)


def test_a_collector_of_a_thousand_printers_with_long_names_fits_everywhere() -> None:
    """Its report on itself is one message, its list one item: SQS takes 1 MiB, DynamoDB 400 KB."""
    fleet = Fleet(2 * PRINTERS_LIMIT, PRINTERS_LIMIT)
    site = fleet.sites[0]
    for printer in site.printers:
        printer.name = f"{printer.number} {random.Random(printer.number).randbytes(48).hex()} Д"
    with scaled_stack() as stack:
        for minutes in range(0, 20, 5):
            stack.set_time(BEGIN + minutes * 60)
            stack.report([fleet.own_report(it, stack.clock()) for it in fleet.sites])
            stack.look_for_collectors()
        largest = stack.aws.largest
        assert largest["SendMessageBatch of edge"][1] < BATCH_BYTES_LIMIT
        assert largest["PutItem of tracker"][1] < ITEM_BYTES_LIMIT
        assert stack.aws.figures["writes of listing"] == 2, "written once, as nothing has changed"
        assert stack.aws.figures["GetItem of liveness"] == 2, "and read once"
        assert largest["Query of liveness"][1] < 2 * 1024

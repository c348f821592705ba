"""A printer costs at most 80 cents a month in the cloud, however long its jobs are."""

import pytest

from functions.shared.aws.clients import make_client
from functions.shared.aws.dynamodb import DynamoRecordStore
from functions.shared.aws.observability import Metric
from functions.shared.aws.sqs import SqsQueue
from functions.shared.errors import ConflictError
from functions.shared.ports import Outgoing
from functions.shared.settings import Settings
from tests.performance.cost.__main__ import table
from tests.performance.cost.assumptions import FILM_BYTES
from tests.performance.cost.bill import bill, charged, dollars, lines_of
from tests.performance.cost.cloud import PRINTER
from tests.performance.cost.counting import CountingAws
from tests.performance.cost.figures import Figures
from tests.performance.cost.lambdas import MAPPINGS
from tests.performance.cost.mailbox import Letter, Mailbox
from tests.performance.cost.month import Measured, measured, month_of
from tests.performance.cost.prices import Unit
from tests.performance.cost.stack import memory_gb, polled_queues, standing_figures
from tests.support.aws.places import aws_environment

MOST_DOLLARS = 0.80
MOST_GROWTH = 1.6
MOST_FIXED_DOLLARS = 9.0
MOST_PAGE_DOLLARS = 2.0
MOST_CHAT_DOLLARS = 0.15
JOB_SECONDS, REPORTS_OF_A_JOB = 4 * 3600, 210
FIFO_URL, STANDARD_URL = "https://sqs.example/reports.fifo", "https://sqs.example/timelapses"


# One test, so that the month is simulated once when tests run in several processes.
def test_a_printer_costs_at_most_eighty_cents_a_month_and_long_jobs_little_more() -> None:
    used = measured()
    check_that_it_was_a_whole_print(used)
    check_that_nothing_is_used_beyond_need(used)
    made = bill()
    text = table(made)
    assert dollars(made.printer) <= MOST_DOLLARS, text
    assert made.growth < MOST_GROWTH, text
    assert dollars(made.fixed) <= MOST_FIXED_DOLLARS, text
    assert made.free_dollars < dollars(made.printer) + dollars(made.fixed)
    for count, lines in made.pages.items():
        assert dollars(lines) < MOST_PAGE_DOLLARS, (count, text)
    assert dollars(made.chat) <= MOST_CHAT_DOLLARS, text
    for line in (*made.printer, *made.fixed, *made.pages[50]):
        assert line.price.what in text


def check_that_it_was_a_whole_print(used: Measured) -> None:
    """Everything took part: else little would be counted, and all would seem cheap."""
    headlines = [text.splitlines()[0] for text in used.told]
    assert headlines[0] == f"▶️ {PRINTER}: print started"
    assert sum("finished" in line for line in headlines) == 1
    assert sum("printing" in line for line in headlines) >= 18
    assert sum("photo" in line for line in headlines) >= 3
    assert sum("timelapse" in line for line in headlines) == 1
    assert used.job["films kept"] == 3  # and its small image, and the last frame
    assert used.job["bytes read by notify"] > FILM_BYTES
    assert used.job["calls of timelapse"] == 1
    assert used.job["calls of notify"] == len(used.told) + 1  # a film is passed on into its line first
    assert used.reconnects >= JOB_SECONDS // 310
    assert used.idle_hour[Unit.S3_PUT_LATEST] == 12
    assert used.own_hour["writes of collector"] == used.own_hour["calls of liveness"] == 12
    assert used.status_call["calls of api"] == used.image_call[Unit.S3_GET] == 1


def check_that_nothing_is_used_beyond_need(used: Measured) -> None:
    settings = Settings()
    budget = settings.timelapse_target_duration_seconds * settings.timelapse_fps_cap
    assert 0.98 * budget <= used.job["frames kept"] <= 1.05 * budget
    assert 0.98 * budget <= used.long_job["frames kept"] <= 1.05 * budget
    reports = used.job["writes of printer"]
    assert 100 <= reports <= REPORTS_OF_A_JOB
    assert used.job["write units of printer"] <= 2 * reports
    assert used.idle_hour["writes of printer"] <= 12
    assert 10 <= history_units(used.job) <= 25
    assert history_units(used.long_job) <= 60


def history_units(job: Figures) -> float:
    """Write units of what is kept of a job and of what was told of it."""
    return sum(job[f"write units of {kind}"] for kind in ("job", "jobs", "jobfigures", "told"))


def test_what_stands_around_is_counted_from_the_template() -> None:
    standing = standing_figures()
    assert standing[Unit.ALARM] >= 12
    assert standing[Unit.DASHBOARD] == 1
    assert standing[Unit.METRIC] == len(Metric) <= 10
    assert sorted(polled_queues()) == [False, True, True]
    assert len(MAPPINGS) == len(polled_queues())
    assert memory_gb("tracker") == 0.25
    assert 1.5 < memory_gb("timelapse") < 2


def test_a_month_is_sixty_jobs_and_four_hundred_and_eighty_idle_hours() -> None:
    month = month_of(Figures({Unit.S3_PUT: 3}), Figures({Unit.S3_PUT_LATEST: 2, Unit.S3_PUT: 1}))
    assert month == {Unit.S3_PUT: 3 * 60 + 480, Unit.S3_PUT_LATEST: 960}


def test_prices_are_those_of_the_lists() -> None:
    million = Figures({Unit.FIFO_REQUEST: 1e6, Unit.WRITE_UNIT: 1e6, Unit.S3_PUT: 1e6, Unit.API_REQUEST: 1e6})
    assert dollars(lines_of(million)) == pytest.approx(0.50 + 0.625 + 5.00 + 3.50)


def test_kept_images_cost_by_their_days_and_a_call_by_its_memory() -> None:
    units = charged(Figures({"frame bytes": 30e9, "frames kept": 300, "calls of tracker": 100}))
    assert units[Unit.S3_GB_MONTH] == pytest.approx(7)
    assert units[Unit.S3_TAG_MONTH] == pytest.approx(70)
    assert units[Unit.INVOCATION] == 100
    assert units[Unit.GB_SECOND] == pytest.approx(100 * 0.15 * 0.25)


def test_a_message_that_is_handed_back_holds_up_its_group_alone_and_repeats_are_dropped() -> None:
    mailbox = Mailbox(fifo=True)
    for body, group in (("a1", "a"), ("a2", "a"), ("b1", "b"), ("a1", "a")):
        entry = {"MessageBody": body, "MessageGroupId": group, "MessageDeduplicationId": body}
        mailbox.put(Letter(entry, sent_at=0.0, visible_at=0.0))
    (first,) = mailbox.take(1, now=0.0, hidden_for=30.0)
    mailbox.hide(first.receipt, until=5.0)
    (other,) = mailbox.take(10, now=1.0, hidden_for=30.0)
    mailbox.delete({other.receipt})
    assert (first.body, other.body) == ("a1", "b1")
    assert [letter.body for letter in mailbox.take(10, now=6.0, hidden_for=30.0)] == ["a1", "a2"]
    assert first.receive_count == 2


@pytest.mark.parametrize(
    ("url", "unit"), [(FIFO_URL, Unit.FIFO_REQUEST), (STANDARD_URL, Unit.STANDARD_REQUEST)]
)
def test_every_sixty_four_kilobytes_of_a_message_count_as_a_request(url: str, unit: Unit) -> None:
    aws = CountingAws(lambda: 1000.0, {})
    with aws_environment():
        client = make_client("sqs")
    aws.attach(client)
    queue = SqsQueue(client, url, fifo=url.endswith(".fifo"))
    queue.send([Outgoing("x" * 1000, "g", "d1")])
    assert aws.figures == {unit: 1}
    queue.send([Outgoing("x" * 70_000, "g", "d2")])
    assert aws.figures == {unit: 3}
    # In a FIFO queue two messages of a group take two calls, so that none overtakes the other.
    queue.send([Outgoing("x", "g", "d3"), Outgoing("y", "g", "d4")])
    assert aws.figures == {unit: 5 if url == FIFO_URL else 4}


def test_an_item_counts_by_the_kilobyte_written_and_by_four_read() -> None:
    aws = CountingAws(lambda: 1000.0, {})
    with aws_environment():
        client = make_client("dynamodb")
    aws.attach(client)
    records = DynamoRecordStore(client, "table", lambda: 1000.0)
    records.put("printer/p", {"a": 1}, 0)
    assert aws.figures[Unit.WRITE_UNIT] == 1
    noise = "".join(chr(33 + (number * number * 7919) % 89) for number in range(3000))
    records.put("printer/p", {"a": noise}, 1)
    written = aws.figures[Unit.WRITE_UNIT]
    assert written >= 2
    with pytest.raises(ConflictError):
        records.put("printer/p", {"a": 1}, 1)  # a write that is refused is charged all the same
    assert aws.figures[Unit.WRITE_UNIT] > written
    stored = records.get("printer/p")
    assert stored is not None
    assert stored.value == {"a": noise}
    assert aws.figures[Unit.READ_UNIT] == 1

"""What is told of prints that are over: each once, however many there are."""

from functions.shared.domain.job_keys import figures_key, month_key, month_of
from functions.shared.job_archive import JobArchive
from functions.shared.messages.job_figures import CountedJob, MonthFigures, figures_to_json, with_job
from functions.shared.messages.job_history import JobEnd, JobHistoryChange
from tests.functions.chat.harness import NOW, Harness, resting, running

DAY = 86_400.0


def keeps_month(harness: Harness, printer_id: str, at: float, **jobs: int) -> None:
    """The figures of the month of that time, with so many jobs by result, an hour each."""
    figures = MonthFigures()
    for result, number in jobs.items():
        for count in range(number):
            job = CountedJob(f"{at}-{result}-{count}", 1 + count % 28, result, 3600.0)
            figures = with_job(figures, job)
    month = month_of(at)
    if harness.records.get(month_key(month)) is None:
        harness.records.put(month_key(month), {}, 0)
    harness.records.put(figures_key(month, printer_id), figures_to_json(figures), 0)


def test_the_figures_are_of_all_prints_that_were_counted(harness: Harness) -> None:
    harness.knows(running("P1S"), running("X1"))
    keeps_month(harness, "P1S", NOW, finished=200, failed=20)
    keeps_month(harness, "P1S", NOW - 40 * DAY, finished=150, cancelled=30)
    keeps_month(harness, "X1", NOW, finished=10)
    harness.says("/stats")
    assert harness.last.splitlines() == [
        "410 prints known",
        "✅ 360 finished",
        "🚫 30 cancelled",
        "❌ 20 failed",
        "88 % finished · 17 d 2 h of printing",
    ]
    harness.says("/stats x1")
    assert harness.last.splitlines()[0] == "10 prints known"


def test_a_last_print_counts_once_whether_it_was_counted_or_is_of_before(harness: Harness) -> None:
    harness.knows(resting("P1S"), resting("A1", "failed", "FAILED"))
    end = JobEnd(
        job_id="job-P1S",
        printer_id="P1S",
        name="P1S part.3mf",
        result="finished",
        started_at=NOW - 9000,
        ended_at=NOW - 1800,
        end_is_known=True,
    )
    JobArchive(harness.records, harness.clock).keep(JobHistoryChange(end.job_id, "P1S", end=end))
    harness.says("/stats")
    assert harness.last.splitlines()[:3] == ["2 prints known", "✅ 1 finished", "❌ 1 failed"]

"""Within a job: its begin, changes of name and state, pauses and why, progress, photos, checks.

Source of the stages (`stg_cur`): infra/docs/bambu-fields.md, "Why it paused".
"""

import math
from dataclasses import replace

from functions.shared.domain.error_codes import Severity, error_of, fault_of, is_prompt, notable_codes
from functions.shared.domain.limits import PHOTO_AGE_LIMIT_SECONDS, first_check_after
from functions.shared.domain.status import PREPARING, PRINTING, PrinterStatus
from functions.shared.messages.effects import Category
from functions.shared.messages.printer_record import Job, Phase
from functions.tracker.announcements import inspection, notification
from functions.tracker.evaluation import Evaluation

PAUSE_STAGES: dict[int, str] = {
    5: "Paused by the print file (M400)",
    6: "Filament ran out",
    16: "Paused by the user",
    17: "The front cover came off",
    20: "Nozzle temperature is off",
    21: "Bed temperature is off",
    23: "The motors lost steps",
    26: "The AMS lost its connection",
    27: "The heat-break fan turns too slowly",
    28: "Chamber temperature is off",
    30: "Paused by the print file",
    32: "Filament is clumped on the nozzle",
    33: "The filament cutter reports an error",
    34: "The first layer does not look right",
    35: "The nozzle is clogged",
}

PAUSES_BY_USER = frozenset({PAUSE_STAGES[5], PAUSE_STAGES[16], PAUSE_STAGES[30]})
PRINTS_NOW = frozenset({0, -1})


def really_prints(stage: int | None) -> bool:
    """Whether filament is being laid; an unknown stage does not speak against it."""
    return stage is None or stage in PRINTS_NOW


_UNKNOWN_PAUSE = "The printer does not say why"
_QUIET_WORDS = PREPARING | {"RUNNING"}


def begin_job(evaluation: Evaluation, state: str, job_id: str, *, is_found: bool) -> None:
    """A job begins (or is found running) with this report."""
    rules = evaluation.rules
    job = Job(
        id=job_id,
        started_at=evaluation.now,
        start_is_known=not is_found,
        phase=Phase.ACTIVE,
        state=state,
        printing_since=evaluation.now,
        next_photo_at=evaluation.now + rules.photo_interval,
        next_inspection_at=evaluation.now + first_check_after(rules.inspection_interval),
        frames_before=_frames_before(evaluation),
    )
    job = _with_facts(job, evaluation.facts, state)
    job = replace(job, step=_step(job.percent, rules.progress_step))
    evaluation.record = replace(evaluation.record, cancel_seen_at=None)
    evaluation.set_job(job)
    codes, evaluation.new_codes = evaluation.new_codes, ()
    category = Category.ALREADY_PRINTING if is_found else Category.STARTED
    reason = pause_reason(evaluation) if state == "PAUSE" else None
    evaluation.announce(
        notification(
            evaluation.record, job, evaluation.report, category, codes=codes, to_state=state, reason=reason
        )
    )


def _frames_before(evaluation: Evaluation) -> int:
    """What the edge kept before the second in which the job begins here: a film has whole seconds."""
    frame = evaluation.report.frame
    is_of_job = frame is not None and frame.taken_at >= math.floor(evaluation.now)
    return max(0, (evaluation.report.frames_kept or 0) - is_of_job)


def continue_job(evaluation: Evaluation, state: str, *, is_quiet: bool = False) -> None:
    """The job goes on; `is_quiet`: another message of this report tells how it stands."""
    before = evaluation.record.job
    assert before is not None
    job = replace(_with_facts(before, evaluation.facts, state), state=state)
    if before.state != state and state in PRINTING:
        job = replace(job, printing_since=evaluation.now)
        if before.state == "PAUSE":
            job = replace(
                job,
                next_inspection_at=evaluation.now + first_check_after(evaluation.rules.inspection_interval),
            )
    evaluation.set_job(job)
    if not is_quiet:
        if job.name is not None and job.name != before.name:
            evaluation.announce(
                notification(evaluation.record, job, evaluation.report, Category.FILE_CHANGED)
            )
        if before.state != state:
            _announce_state(evaluation, before.state, state)
    _announce_progress(evaluation, is_quiet)
    _announce_photo(evaluation, is_quiet)
    _request_check(evaluation, state)


def pause_reason(evaluation: Evaluation) -> str:
    """Why it pauses: the error, else the stage, else the health messages.

    An error that stood there before this report or only advises gives way to a stage that names a cause.
    """
    facts = evaluation.facts
    stage = PAUSE_STAGES.get(facts.stage) if facts.stage is not None else None
    code = error_of(facts)
    if code is not None and not is_prompt(code) and (code in evaluation.new_codes or stage is None):
        return fault_of(code).text or f"Error {code}"
    if stage is not None:
        return stage
    for code in notable_codes(facts):
        if code.startswith("HMS_"):
            return fault_of(code).text or code
    return _UNKNOWN_PAUSE


def _with_facts(job: Job, facts: PrinterStatus, state: str) -> Job:
    """The job with what the status says of it.

    While preparing, percent, layers and time may still be the last job's; a missing key leaves what was
    known; progress never goes back.
    """
    job = replace(
        job,
        name=facts.job_name or job.name,
        task_id=facts.task_id or job.task_id,
        has_run=job.has_run or state not in PREPARING,
    )
    if state in PREPARING:
        return job
    percent = job.percent if facts.percent is None else max(facts.percent, job.percent or 0)
    total = facts.total_layers or job.total_layers
    layer = job.layer if facts.layer is None else facts.layer
    if layer is not None and total is not None and layer > total:
        layer = None
    remaining = job.remaining_minutes if facts.remaining_minutes is None else facts.remaining_minutes
    return replace(job, percent=percent, layer=layer, total_layers=total, remaining_minutes=remaining)


def _announce_state(evaluation: Evaluation, before: str, after: str) -> None:
    job = evaluation.record.job
    if before in _QUIET_WORDS and after in _QUIET_WORDS:
        return
    if after == "PAUSE":
        reason = pause_reason(evaluation)
        codes, evaluation.new_codes = evaluation.new_codes, ()
        is_harmless = all(fault_of(code).severity is Severity.NOTICE for code in codes)
        is_wanted = is_harmless and reason in PAUSES_BY_USER
        evaluation.announce(
            notification(
                evaluation.record,
                job,
                evaluation.report,
                Category.PAUSED,
                codes=codes,
                reason=reason,
                from_state=before,
                to_state=after,
                **({"severity": Severity.NOTICE} if is_wanted else {}),
            ),
            photo=True,
        )
        return
    is_resumed = before == "PAUSE" and after in PRINTING
    category = Category.RESUMED if is_resumed else Category.STATE_CHANGED
    evaluation.announce(
        notification(evaluation.record, job, evaluation.report, category, from_state=before, to_state=after)
    )


def _announce_progress(evaluation: Evaluation, is_quiet: bool) -> None:
    """One message for all steps passed; none when another message of this report shows the percent, and
    none for 100, which the end tells."""
    job = evaluation.record.job
    assert job is not None
    step = _step(job.percent, evaluation.rules.progress_step)
    if step <= job.step:
        return
    evaluation.set_job(replace(job, step=step))
    if not is_quiet and not evaluation.has_announced and (job.percent or 0) < 100:
        evaluation.announce(
            notification(evaluation.record, job, evaluation.report, Category.PROGRESS, part=str(step))
        )


def _step(percent: int | None, width: int) -> int:
    return percent // width * width if percent is not None and width > 0 else 0


def _announce_photo(evaluation: Evaluation, is_quiet: bool) -> None:
    job, frame, interval = evaluation.record.job, evaluation.record.frame, evaluation.rules.photo_interval
    assert job is not None
    if interval <= 0 or evaluation.now < job.next_photo_at:
        return
    if frame is None or evaluation.now - frame.taken_at > PHOTO_AGE_LIMIT_SECONDS:
        return  # it stays due until there is one
    evaluation.set_job(replace(job, next_photo_at=evaluation.now + interval))
    if not is_quiet and not evaluation.has_shown_photo:
        evaluation.announce(
            notification(evaluation.record, job, evaluation.report, Category.PHOTO), photo=True
        )


def _request_check(evaluation: Evaluation, state: str) -> None:
    """A check only while filament is really laid; one that falls due before waits for that."""
    job, interval = evaluation.record.job, evaluation.rules.inspection_interval
    assert job is not None
    if interval is None or evaluation.now < job.next_inspection_at:
        return
    if state not in PRINTING or not really_prints(evaluation.facts.stage):
        return
    evaluation.set_job(replace(job, next_inspection_at=evaluation.now + interval))
    evaluation.emit(inspection(evaluation.record, job, evaluation.report))

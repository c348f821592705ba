"""One report held against the record: what was heard, in the words that the table of transitions asks by."""

import math
from dataclasses import field, replace
from enum import Enum, auto

from functions.shared.domain.error_codes import Causes, cancel_codes, without
from functions.shared.domain.job_identity import JobFingerprint, is_end_of, is_same_job
from functions.shared.domain.keys import belongs_to, printer_prefix
from functions.shared.domain.limits import BELIEVED_SECONDS, FRESH_FRAME_SECONDS, PHOTO_AGE_LIMIT_SECONDS
from functions.shared.domain.status import PrinterStatus, is_active, is_finished, read_status
from functions.shared.domain.status_view import CALIBRATING
from functions.shared.messages.printer_record import Job, Phase, PrinterRecord
from functions.shared.messages.report import FrameReference, Report, ReportKind
from functions.shared.settings import Settings
from functions.shared.value_class import dataclass
from functions.tracker.error_episodes import follow_errors

LATE_AFTER = 150.0
# While all goes well the edge reports that seldom: so much of a gap that only reports tell of may be none.
_UNREPORTED = 120.0


@dataclass(frozen=True, slots=True)
class Rules:
    """Seconds throughout. 0 switches progress or photos off; `inspection_interval` None: AI is off."""

    progress_step: int = 5
    photo_interval: float = 3600.0
    inspection_interval: float | None = None
    silence_grace: float = 0.0

    @classmethod
    def from_settings(cls, settings: Settings, checks_are_on: bool) -> "Rules":
        return cls(
            settings.progress_step,
            settings.photo_interval_seconds,
            settings.ai_check_interval_seconds if checks_are_on else None,
            settings.silence_grace_seconds,
        )


class Heard(Enum):
    """What a report says of the recorded job; ANOTHER_...: a word that cannot be that job's."""

    NOTHING = auto()
    ACTIVE = auto()
    ANOTHER_ACTIVE = auto()
    FINISHED = auto()
    ANOTHER_FINISHED = auto()
    UNKNOWN_WORD = auto()
    SILENCE = auto()
    OFFLINE = auto()
    ONLINE = auto()


@dataclass(frozen=True, slots=True)
class Evaluation:
    """All that a rule may ask.

    `before` is the record as it was. `record` has taken in what the report says (status, state, frame,
    error episodes, the job's frames); what follows of it for the job is for the rule to decide. `state` is
    the printer's last word (empty after a gap without one), `facts` have the codes that still stand,
    `new_codes` are the errors that appeared. `is_late`: what is seen now may have happened long ago; `gap`:
    seconds since a known word, None without a gap.
    """

    before: PrinterRecord
    record: PrinterRecord
    report: Report
    rules: Rules
    heard: Heard
    facts: PrinterStatus = field(default_factory=PrinterStatus)
    state: str = ""
    new_codes: tuple[str, ...] = ()
    after_gap: bool = False
    is_late: bool = False
    gap: float | None = None

    @property
    def now(self) -> float:
        return self.report.observed_at

    @property
    def job(self) -> Job:
        """The recorded job, for the rules of a job: the table calls them only when there is one."""
        assert self.record.job is not None
        return self.record.job


def evaluate(before: PrinterRecord, report: Report, rules: Rules) -> Evaluation:
    """What the report says, taken into the record as far as no rule is needed for it."""
    is_new_collector = bool(before.sequences) and before.sequence_of(report.collector_id) is None
    is_own_frame = report.frame is not None and belongs_to(report.frame.key, before.printer_id)
    record = replace(
        before.with_sequence(report.collector_id, report.sequence),
        model=report.model or before.model,
        is_online=before.is_online if report.is_online is None else report.is_online,
        frame=report.frame if is_own_frame else before.frame,
    )
    if report.kind is ReportKind.STATUS:
        return _of_status(before, record, report, rules, report.after_gap or is_new_collector)
    if report.kind is ReportKind.SILENCE:
        return _of_silence(before, record, report, rules)
    heard = Heard.NOTHING
    if report.kind is ReportKind.PRESENCE and record.is_online is not None:
        heard = Heard.ONLINE if record.is_online else Heard.OFFLINE
        if heard is Heard.OFFLINE and _is_heard(before, report):
            heard = Heard.NOTHING
    return Evaluation(before, record, report, rules, heard)


def _of_status(
    before: PrinterRecord, record: PrinterRecord, report: Report, rules: Rules, after_gap: bool
) -> Evaluation:
    now, said, job = report.observed_at, read_status(report.status or {}), open_job(before)
    causes_before = _causes_of(before)
    causes = causes_before.merged(said)
    facts = causes.filled_into(said)
    was_silent = before.silent_since is not None
    after_gap = after_gap or was_silent
    is_doubtful = after_gap or (job is not None and job.phase is not Phase.ACTIVE)
    unheard = _unheard_for(before, report)
    is_late = was_silent or (is_doubtful and LATE_AFTER < unheard < math.inf)
    gap = None if not is_doubtful else unheard if report.gap_seconds is not None else unheard - _UNREPORTED
    errors = follow_errors(before.episodes, before.announced_once, facts, now)
    came = causes.since(causes_before)
    is_cancel_new = bool(cancel_codes(facts) & came)
    is_first = before.heard_state is None  # what stands there at first sight is no news
    new_codes = () if is_first else errors.new_codes
    record = replace(
        record,
        status=report.status,
        received_at=now,
        episodes=errors.episodes,
        announced_once=errors.announced_once,
        cancel_seen_at=now if is_cancel_new and not is_first else before.cancel_seen_at,
        causes=causes,
    )
    state = facts.state if after_gap else facts.state or before.heard_state
    evaluation = Evaluation(
        before, record, report, rules, Heard.NOTHING, facts, state or "", new_codes, after_gap, is_late, gap
    )
    if state is None:  # no word, and none that stands: it proves nothing
        return evaluation
    heard = _heard_in(facts, state, job, gap)
    if job is not None and heard not in (Heard.NOTHING, Heard.ANOTHER_ACTIVE):
        job = with_frames(job, record, report)
        standing = causes.codes - came
        job = replace(job, codes_before=tuple(code for code in job.codes_before if code in standing))
    is_word_known = is_active(state) or is_finished(state)
    shown = CALIBRATING if facts.is_calibrating and is_active(state) and heard is not Heard.ACTIVE else state
    record = replace(
        record,
        heard_state=state,
        heard_at=now if is_word_known else before.heard_at,
        state=shown,
        state_inferred=False,
        silent_since=None,
        offline_announced=before.offline_announced and not was_silent,
        job=job or before.job,
    )
    return replace(evaluation, record=record, heard=heard)


def _is_heard(before: PrinterRecord, report: Report) -> bool:
    """Whether a status came lately: it outranks a ping, also of a collector that knows of none itself."""
    received_at = before.received_at
    return received_at is not None and 0 <= report.observed_at - received_at < BELIEVED_SECONDS


def _causes_of(record: PrinterRecord) -> Causes:
    """Those of the last status, for a record of a release that did not keep them."""
    if record.causes is not None:
        return record.causes
    return Causes().merged(read_status(record.status or {}))


def _unheard_for(before: PrinterRecord, report: Report) -> float:
    """Seconds since a known word was heard, as the edge knows them; else since one was reported."""
    if report.gap_seconds is not None:
        return report.gap_seconds
    heard_at = before.received_at if before.heard_at is None else before.heard_at
    return math.inf if heard_at is None else max(0.0, report.observed_at - heard_at)


def _heard_in(facts: PrinterStatus, state: str, job: Job | None, gap: float | None) -> Heard:
    """What the state says of the recorded job.

    Without a gap (None) a word is that job's. After a gap, and while the job is lost or silenced, it may be
    another one's: then the evidence decides. A calibration is nobody's job.
    """
    doubted = job if gap is not None else None
    if is_active(state):
        if facts.is_calibrating and (job is None or doubted is not None):
            return Heard.ANOTHER_FINISHED
        is_another = doubted is not None and not is_same_job(_fingerprint(doubted), facts, gap)
        return Heard.ANOTHER_ACTIVE if is_another else Heard.ACTIVE
    if is_finished(state):
        is_another = doubted is not None and not is_end_of(_fingerprint(doubted), facts)
        return Heard.ANOTHER_FINISHED if is_another else Heard.FINISHED
    return Heard.UNKNOWN_WORD


def _fingerprint(job: Job) -> JobFingerprint:
    return JobFingerprint(job.task_id, job.name, job.percent, job.has_run, job.layer, job.remaining_minutes)


def _of_silence(before: PrinterRecord, record: PrinterRecord, report: Report, rules: Rules) -> Evaluation:
    job = open_job(before)
    record = replace(
        record,
        silent_since=report.observed_at if before.silent_since is None else before.silent_since,
        state="IDLE" if before.heard_state else before.state,
        state_inferred=before.heard_state is not None,
        job=before.job if job is None else with_frames(job, record, report),
    )
    return Evaluation(before, record, report, rules, Heard.SILENCE)


def open_job(record: PrinterRecord) -> Job | None:
    """The recorded job unless it has ended for good."""
    job = record.job
    return job if job is not None and job.phase is not Phase.ENDED else None


def with_frames(job: Job, record: PrinterRecord, report: Report) -> Job:
    """The job's folder is where its newest frame lies; a frame from before the job says nothing."""
    frame, kept = report.frame, report.frames_kept
    if frame is not None and frame == record.frame and frame.taken_at >= job.started_at - FRESH_FRAME_SECONDS:
        folder = frame.key.rsplit("/", 1)[0] + "/"
        if folder.startswith(printer_prefix(record.printer_id)) and folder != job.prefix:
            job = replace(job, prefix=folder)
    if kept is not None:
        is_counted_on = kept >= job.frames_before  # else another collector counts from nothing
        job = replace(job, frames_kept=kept - job.frames_before if is_counted_on else kept)
    return job


def fresh_frame(record: PrinterRecord, now: float) -> FrameReference | None:
    """The newest frame, unless it is too old to be shown."""
    frame = record.frame
    return None if frame is None or now - frame.taken_at > PHOTO_AGE_LIMIT_SECONDS else frame


def own_causes(job: Job, facts: PrinterStatus) -> PrinterStatus:
    """The status with only the codes that can explain what happens to this job."""
    return without(facts, frozenset(job.codes_before))

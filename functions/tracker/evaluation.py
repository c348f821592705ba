"""One report being evaluated by the rules: the settings they take, the record as it becomes, and the
effects so far.
"""

from dataclasses import dataclass, field, replace

from functions.shared.domain.status import PrinterStatus
from functions.shared.messages.effects import Effect, Notification
from functions.shared.messages.printer_record import Job, Phase, PrinterRecord
from functions.shared.messages.report import Report
from functions.shared.settings import Settings
from functions.tracker.announcements import with_photo


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


@dataclass(slots=True)
class Evaluation:
    """Local to one call of `advance`; `new_codes` are the errors that no message has told yet.

    `last_heard_at` and `last_kept`: the last status before this one, and the frames of the job until then.
    """

    record: PrinterRecord
    report: Report
    rules: Rules
    facts: PrinterStatus = field(default_factory=PrinterStatus)
    new_codes: tuple[str, ...] = ()
    after_gap: bool = False
    last_heard_at: float | None = None
    last_kept: int | None = None
    effects: list[Effect] = field(default_factory=list)

    @property
    def now(self) -> float:
        return self.report.observed_at

    @property
    def open_job(self) -> Job | None:
        """The recorded job unless it has ended for good."""
        job = self.record.job
        return job if job is not None and job.phase is not Phase.ENDED else None

    def set_job(self, job: Job) -> None:
        self.record = replace(self.record, job=job)

    def announce(self, message: Notification, *, photo: bool = False) -> None:
        self.effects.append(with_photo(message, self.record) if photo else message)

    def emit(self, effect: Effect | None) -> None:
        if effect is not None:
            self.effects.append(effect)

    @property
    def has_announced(self) -> bool:
        return any(isinstance(effect, Notification) for effect in self.effects)

    @property
    def has_shown_photo(self) -> bool:
        return any(isinstance(effect, Notification) and effect.frame for effect in self.effects)

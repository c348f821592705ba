"""What is kept of a job beyond its end, and its form in the RecordStore: parts, each written by one program.

Each part is whole in itself, so they may come in any order and again. All times are edge seconds, but for
those of checks, which are the inspection's. Where they lie: `functions/shared/domain/job_keys.py`; how they
are written: `functions/shared/job_archive.py`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import field, replace
from typing import Any, TypeVar

from functions.shared.domain.job_curve import Curve, decode_curve, encode_curve, merged_curve
from functions.shared.messages.codec import SPREAD, recall, to_json, without_empty
from functions.shared.messages.report import FrameReference
from functions.shared.ports import Stored
from functions.shared.value_class import dataclass

PAUSES_LIMIT, CODES_LIMIT, CHECKS_LIMIT = 100, 50, 200
# What waits in the printer's record until it is worth a write of its own: as often as ten to twenty minutes.
PENDING_POINTS, PENDING_PAUSES, PENDING_CODES = 20, 4, 8
PartT = TypeVar("PartT")


@dataclass(frozen=True, slots=True)
class Pause:
    """`ended_at` None: it went on until the job's end, or still does."""

    began_at: float
    ended_at: float | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class JobCourse:
    """How a job went: its curve (as text, see `job_curve`), its pauses, the error codes that appeared."""

    curve: str = ""
    pauses: tuple[Pause, ...] = ()
    codes: tuple[str, ...] = ()

    @property
    def points(self) -> Curve:
        return decode_curve(self.curve)

    @property
    def is_worth_a_write(self) -> bool:
        """Whether enough of it waits."""
        return (
            self.curve.partition(";")[0].count(",") + 1 >= PENDING_POINTS
            or len(self.pauses) > PENDING_PAUSES
            or len(self.codes) >= PENDING_CODES
        )


def merged_course(one: JobCourse, other: JobCourse) -> JobCourse:
    """Both together. A pause is known by its begin; where one has its end, that counts."""
    pauses: dict[float, Pause] = {}
    for pause in (*one.pauses, *other.pauses):
        known = pauses.get(pause.began_at)
        if known is None or known.ended_at is None:
            pauses[pause.began_at] = pause
    codes = tuple(dict.fromkeys((*one.codes, *other.codes)))
    return JobCourse(
        encode_curve(merged_curve(one.points, other.points)),
        tuple(pauses[began_at] for began_at in sorted(pauses))[:PAUSES_LIMIT],
        codes[:CODES_LIMIT],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class JobEnd:
    """A job that is over. `result`: the category of its end, as a word.

    `end_is_known`: the end was seen, not only that it was over. `codes` explain the end; `frame` is the photo
    of it; `last_point` its point of the curve.
    """

    job_id: str
    printer_id: str
    model: str | None = None
    name: str | None = None
    result: str
    reason: str | None = None
    codes: tuple[str, ...] = ()
    started_at: float
    start_is_known: bool = False
    ended_at: float
    end_is_known: bool = False
    percent: int | None = None
    layer: int | None = None
    total_layers: int | None = None
    paused_seconds: float = 0.0
    frame: FrameReference | None = None
    last_point: str = ""

    @property
    def seconds(self) -> float | None:
        """From the start to the end, as far as both were seen; of a job found under way, from then on."""
        return max(0.0, self.ended_at - self.started_at) if self.end_is_known else None

    @property
    def duration_seconds(self) -> float | None:
        """None: its start or its end was not seen, or it never ran."""
        return self.seconds if self.start_is_known and self.result != NEVER_BEGAN else None


NEVER_BEGAN = "never_began"


@dataclass(frozen=True, slots=True)
class JobFilm:
    """The film of a job, when it was made (by the job's end), and what lies beside it: a small JPEG, and the
    last frame, which is kept as long as the film.
    """

    key: str
    size: int
    made_at: float
    thumbnail_size: int | None = None
    photo_size: int | None = None
    photo_taken_at: float | None = None


@dataclass(frozen=True, slots=True)
class JobCheck:
    """One check by the AI. `id` tells it apart from others of the job."""

    id: str
    at: float
    verdict: str
    category: str | None = None
    confidence: float | None = None
    summary: str | None = None


@dataclass(frozen=True, slots=True)
class JobChecks:
    """All checks of a job, by time; of very many the last ones."""

    checks: tuple[JobCheck, ...] = ()


def with_check(known: JobChecks, check: JobCheck) -> JobChecks:
    """With that one; a repeat takes the place of the same."""
    checks = {it.id: it for it in known.checks} | {check.id: check}
    return JobChecks(tuple(sorted(checks.values(), key=lambda it: (it.at, it.id)))[-CHECKS_LIMIT:])


def newest_film(known: JobFilm | None, film: JobFilm) -> JobFilm:
    """A job that came back from silence has another one made, which is longer."""
    return known if known is not None and known.made_at > film.made_at else film


@dataclass(frozen=True, slots=True)
class JobLine:
    """What a list shows of a job. It follows from its parts, and lies where lists read."""

    end: JobEnd = field(metadata=SPREAD)
    film: JobFilm | None = None


def line_of(end: JobEnd, film: JobFilm | None) -> JobLine:
    return JobLine(replace(end, codes=(), last_point=""), film)


@dataclass(frozen=True, slots=True)
class JobHistoryChange:
    """What a report changes in the history of a job; the tracker has it kept before it saves its record.

    `course` is added to what is known. With `end` the job is over. `ended_before`: when it was taken to be
    over until now; without `end` it goes on.
    """

    job_id: str
    printer_id: str
    course: JobCourse = JobCourse()
    end: JobEnd | None = None
    ended_before: float | None = None


def part_to_json(part: Any) -> dict[str, Any]:
    """A part as stored."""
    return without_empty(to_json(part))


def part_of(kind: type[PartT], stored: Stored | None) -> PartT | None:
    """The part read back, None if there is none. Raises ContractError if it cannot be one."""
    return None if stored is None else recall(kind, stored.value)


def course_of(body: Mapping[str, Any]) -> JobCourse:
    """Total."""
    return recall(JobCourse, body)


def checks_of(body: Mapping[str, Any]) -> JobChecks:
    """Total."""
    return recall(JobChecks, body)


def paused_in(pauses: Sequence[Pause], until: float) -> float:
    """Seconds of those pauses, an open one counted until then."""
    return sum(max(0.0, (until if it.ended_at is None else it.ended_at) - it.began_at) for it in pauses)

"""What is shown of one status: the state, and how far its job is."""

from functions.shared.domain.figures import (
    LAYER,
    PERCENT,
    TOTAL_LAYERS,
    known_remaining,
    whole_number,
)
from functions.shared.domain.status import PREPARING, PrinterStatus, is_active
from functions.shared.value_class import dataclass

CALIBRATING = "CALIBRATING"  # our own word: the printer says RUNNING of what it does by itself


def shown_state(facts: PrinterStatus) -> str | None:
    """The word for the printer's state."""
    return CALIBRATING if facts.is_calibrating and is_active(facts.state) else facts.state


def has_job(facts: PrinterStatus) -> bool:
    """Whether a job is under way by that status."""
    return is_active(shown_state(facts))


@dataclass(frozen=True, slots=True)
class JobFigures:
    """How far a job is; None: not known."""

    percent: int | None = None
    layer: int | None = None
    total_layers: int | None = None
    remaining_minutes: int | None = None


def job_figures(facts: PrinterStatus) -> JobFigures:
    """What a status says of the job under way; nothing without one, and nothing while it is prepared.

    Before a job runs the figures may still be the last one's; after its end firmware clears them.
    """
    if not has_job(facts) or facts.state in PREPARING:
        return JobFigures()
    return in_bounds(facts.percent, facts.layer, facts.total_layers, facts.remaining_minutes)


def in_bounds(
    percent: int | None, layer: int | None, total_layers: int | None, remaining_minutes: int | None
) -> JobFigures:
    """Those of the figures that can be meant: no layer above the last one, no estimate that is none yet."""
    percent = whole_number(percent, *PERCENT)
    total = whole_number(total_layers, *TOTAL_LAYERS)
    layer = whole_number(layer, *LAYER)
    if layer is not None and total is not None and layer > total:
        layer = None
    return JobFigures(percent, layer, total, known_remaining(remaining_minutes, percent))

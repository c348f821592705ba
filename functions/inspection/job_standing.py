"""Whether the job of a look still prints, by the tracker's record of the printer (as stored JSON)."""

from collections.abc import Mapping
from typing import Any

from functions.bridge.effects import Inspection


def why_it_does_not_print(record: Mapping[str, Any] | None, asked: Inspection) -> str | None:
    """Why a look at the job has no sense any more, or None. Total: what is not known decides nothing."""
    job = record.get("job") if record is not None else None
    if not isinstance(job, Mapping):
        return None
    job_id = job.get("id")
    if isinstance(job_id, str) and job_id != asked.job_id:
        return "its job is over"
    if job.get("phase") == "ended":
        return "its job is over"
    if job.get("state") == "PAUSE":
        return "the print is paused"
    settled_at = job.get("settled_at")
    if isinstance(settled_at, int | float) and settled_at > asked.settled_at:
        return "the print was paused since"
    return None

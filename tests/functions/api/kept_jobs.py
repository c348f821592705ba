"""Past jobs in the stores of a bridge, as the tracker, the timelapse and the inspection leave them."""

from typing import Any

from functions.shared.domain.job_curve import CurvePoint, encode_curve
from functions.shared.domain.keys import film_key, job_prefix, photo_key, thumbnail_key
from functions.shared.job_archive import JobArchive
from functions.shared.messages.job_history import (
    JobCheck,
    JobCourse,
    JobEnd,
    JobFilm,
    JobHistoryChange,
    Pause,
)
from functions.shared.messages.report import FrameReference
from tests.functions.api.bridge_data import NOW, BridgeData
from tests.support.edge_material import jpeg

FILM = bytes(range(256)) * 3000
HOUR = 3600.0


def keep_job(
    data: BridgeData, job_id: str, ended_at: float = NOW - 60, printer_id: str = "A1M-1", **facts: Any
) -> JobEnd:
    """One that took four hours, paused once."""
    common: dict[str, Any] = {
        "job_id": job_id,
        "printer_id": printer_id,
        "model": "A1M",
        "name": f"Part {job_id}",
        "result": "finished",
        "started_at": ended_at - 4 * HOUR,
        "start_is_known": True,
        "ended_at": ended_at,
        "end_is_known": True,
        "percent": 100,
        "layer": 240,
        "total_layers": 240,
        "paused_seconds": 90.0,
        "last_point": encode_curve([CurvePoint(14_400, 100, 210, 60)]),
    }
    end = JobEnd(**common | facts)
    course = JobCourse(
        encode_curve([CurvePoint(0, None, 25, 24), CurvePoint(3600, 25, 220, 60, 41)]),
        (Pause(end.started_at + 600, end.started_at + 690, "Paused by the user"),),
        ("0300-8004",),
    )
    archive(data).keep(JobHistoryChange(job_id, printer_id, course, end))
    return end


def keep_film(data: BridgeData, end: JobEnd, *, has_photo: bool = True) -> str:
    """Its film with what lies beside it; the film's key."""
    key = film_key(job_prefix(end.printer_id, end.name), end.ended_at)
    photo, small = jpeg(7), jpeg(9)
    _put(data, key, FILM)
    _put(data, thumbnail_key(key), small)
    if has_photo:
        _put(data, photo_key(key), photo)
    film = JobFilm(
        key,
        len(FILM),
        end.ended_at,
        len(small),
        len(photo) if has_photo else None,
        end.ended_at - 1 if has_photo else None,
    )
    archive(data).keep_film(end.job_id, film)
    return key


def keep_check(data: BridgeData, job_id: str, **facts: Any) -> None:
    common: dict[str, Any] = {"id": "c1", "at": NOW - 600, "verdict": "fine"}
    archive(data).keep_check(job_id, JobCheck(**common | facts))


def frame_of(data: BridgeData, printer_id: str, taken_at: float) -> FrameReference:
    """A stored frame."""
    return FrameReference(**data.put_frame(printer_id, jpeg(3), taken_at))


def archive(data: BridgeData) -> JobArchive:
    return JobArchive(data.records, data.clock)


def _put(data: BridgeData, key: str, content: bytes) -> None:
    source = data.folder / "new.part"
    source.write_bytes(content)
    data.frames.put(key, source)

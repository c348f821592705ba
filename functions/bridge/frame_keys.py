"""Where a frame lies: `images/<printer>/<job>/YYYYMMDDThhmmss_XXXXXX_<job>.jpg`, UTC.

Sorting keys of one folder by name is sorting them by time; XXXXXX counts within the printer.
"""

import math
import re
from datetime import UTC, datetime

from functions.bridge.names import job_segment, safe_segment

IMAGES = "images"
LATEST = "latest"

KEY_DEPTH_LIMIT = 6  # segments below `images/`

_SEGMENT = r"[A-Za-z0-9()+_~-][A-Za-z0-9 ._()+~-]{0,199}"
_KEY = re.compile(rf"{IMAGES}(?:/{_SEGMENT}){{1,{KEY_DEPTH_LIMIT}}}|{LATEST}/{_SEGMENT}")
_FRAME_NAME = re.compile(r"([0-9]{8}T[0-9]{6})_([0-9]{6})_.+\.jpg")
_STAMP = "%Y%m%dT%H%M%S"


def printer_prefix(printer_id: str) -> str:
    """The prefix of everything kept of one printer, with its closing slash."""
    return f"{IMAGES}/{safe_segment(printer_id)}/"


def job_prefix(printer_id: str, job_name: str | None) -> str:
    """The folder of all runs of one job name, with its closing slash."""
    return f"{printer_prefix(printer_id)}{job_segment(job_name)}/"


def frame_key(prefix: str, taken_at: float, counter: int) -> str:
    """The key of a frame in a job's folder; `taken_at` in seconds since 1970."""
    stamp = _stamp(taken_at)
    job = prefix.rstrip("/").rsplit("/", 1)[-1]
    return f"{prefix}{stamp}_{counter % 1_000_000:06d}_{job}.jpg"


def latest_key(printer_id: str) -> str:
    """The one frame of an idle printer that is overwritten each time (cloud)."""
    return f"{LATEST}/{safe_segment(printer_id)}.jpg"


def film_key(prefix: str, made_at: float) -> str:
    """The key of a film made at that time, beside its frames."""
    return f"{prefix}timelapse_{_stamp(made_at)}.mp4"


def second_key(prefix: str, at: float) -> str:
    """Sorts before every frame of that second in that folder, and behind every earlier one.

    Raises ValueError or OverflowError for a time that no frame's name can carry.
    """
    return prefix + _stamp(at)


def is_key(key: str) -> bool:
    """Whether something may be stored under that key: no other way in or out than `images/` and `latest/`."""
    return _KEY.fullmatch(key) is not None


def taken_at_of(key: str) -> float | None:
    """When the frame of that key was taken (whole seconds), or None if it is no frame's key."""
    found = _FRAME_NAME.fullmatch(key.rsplit("/", 1)[-1])
    if found is None:
        return None
    try:
        return datetime.strptime(found[1], _STAMP).replace(tzinfo=UTC).timestamp()
    except ValueError:
        return None


def belongs_to(key: str, printer_id: str) -> bool:
    """Whether a key lies in that printer's own places and steps out of none of them."""
    if "\\" in key or "//" in key or not {".", ".."}.isdisjoint(key.split("/")):
        return False
    return key.startswith(printer_prefix(printer_id)) or key == latest_key(printer_id)


def _stamp(at: float) -> str:
    return datetime.fromtimestamp(math.floor(at), UTC).strftime(_STAMP)

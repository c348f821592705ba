"""A film's small picture: JPEG, at most 320 pixels a side and 200 kB.

Source of the limits: core.telegram.org/bots/api, sendVideo.
"""

import logging
from io import BytesIO

from functions.bridge.jpeg import jpeg_fault

_log = logging.getLogger(__name__)

_SIDE_LIMIT = 320
_SIZE_LIMIT = 200_000


def thumbnail_of(picture: bytes) -> bytes | None:
    """The picture made small; None if it cannot be (a film goes well without)."""
    if jpeg_fault(picture) is not None:
        return None
    try:
        from PIL import Image
    except ImportError:
        return None
    try:
        with Image.open(BytesIO(picture), formats=("JPEG",)) as image:
            image.draft("RGB", (_SIDE_LIMIT, _SIDE_LIMIT))
            small = image.convert("RGB")
        small.thumbnail((_SIDE_LIMIT, _SIDE_LIMIT))
        result = BytesIO()
        small.save(result, "JPEG", quality=80)
    except (OSError, ValueError, SyntaxError) as error:
        _log.warning("no thumbnail: %s", type(error).__name__)
        return None
    return result.getvalue() if result.tell() <= _SIZE_LIMIT else None

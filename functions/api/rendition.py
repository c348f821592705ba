"""A smaller rendition of a picture, where an answer may have only so many bytes (AWS Lambda: 6 MB)."""

import io

from functions.shared.domain.jpeg import read_jpeg

_SIDES = (1920, 1280, 640)
_QUALITY = 80


def smaller(data: bytes, bytes_limit: int) -> bytes | None:
    """The largest rendition of a JPEG that fits, at most 1920 x 1920; None if there is none. Total.

    Of a picture four times that size only the pixels that are needed are decoded: half a second of a
    processor at the most.
    """
    from PIL import Image

    if read_jpeg(data).fault is not None:
        return None
    try:
        with Image.open(io.BytesIO(data), formats=("JPEG",)) as opened:
            opened.draft("RGB", (_SIDES[0], _SIDES[0]))
            image = opened.convert("RGB")
    except (OSError, ValueError, SyntaxError):
        return None
    image.info = {}  # a comment in it would be written again
    for side in _SIDES:
        image.thumbnail((side, side))
        jpeg = io.BytesIO()
        image.save(jpeg, "JPEG", quality=_QUALITY)
        if jpeg.tell() <= bytes_limit:
            return jpeg.getvalue()
    return None

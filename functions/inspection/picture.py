"""A stored frame made ready for the model: decoded once, measured, shrunk, encoded anew without metadata."""

import io
from dataclasses import dataclass

from functions.bridge.errors import PermanentError
from functions.bridge.jpeg import jpeg_fault
from functions.inspection.picture_quality import MEASURED_SIDE, GreyPixels, quality_fault

LONGEST_SIDE = 1280
_QUALITY = 75


class UnusablePictureError(PermanentError):
    """A frame that cannot be judged; the message says why in a word or two."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A JPEG of at most 1280 x 1280 pixels."""

    jpeg: bytes


def prepare(data: bytes) -> Picture:
    """The picture of a frame's bytes. Raises UnusablePictureError if it is broken, black or blurred."""
    from PIL import Image

    fault = jpeg_fault(data)
    if fault is not None:
        raise UnusablePictureError(f"broken: {fault}")
    try:
        with Image.open(io.BytesIO(data), formats=("JPEG",)) as opened:
            image = opened.convert("RGB")
            image.info = {}  # a comment in it would be written again
    except (OSError, ValueError, SyntaxError) as error:
        raise UnusablePictureError(f"broken: {error!s:.80}") from None
    image.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    small = image.convert("L")
    small.thumbnail((MEASURED_SIDE, MEASURED_SIDE))
    fault = quality_fault(GreyPixels(small.width, small.height, small.tobytes()))
    if fault is not None:
        raise UnusablePictureError(fault)
    jpeg = io.BytesIO()
    image.save(jpeg, "JPEG", quality=_QUALITY)
    return Picture(jpeg.getvalue())

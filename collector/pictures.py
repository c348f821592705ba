"""From a picture message to a whole JPEG; done only for pictures that are kept or shown."""

import binascii
from collections.abc import Callable

from collector.reading import ImageMessage, read_leniently
from functions.bridge.errors import PermanentError
from functions.bridge.jpeg import SIZE_LIMIT, jpeg_fault

_BASE64_LIMIT = SIZE_LIMIT * 4 // 3 + 4


class PictureError(PermanentError):
    """The message holds no whole JPEG of usable size."""


def decode_picture(image: ImageMessage) -> bytes:
    """The JPEG of a message. Raises PictureError saying why there is none."""
    if image.end - image.start > _BASE64_LIMIT:
        raise PictureError(f"over the limit of {SIZE_LIMIT} bytes")
    text = image.base64_text
    if "\\" in text or '"' in text:  # valid JSON of an unusual form: an escape, or more keys behind
        again = read_leniently(image.message)
        text = again.base64_text if isinstance(again, ImageMessage) else text
    try:
        data = _decode(text)
    except (binascii.Error, ValueError):
        raise PictureError("broken base64") from None
    fault = jpeg_fault(data)
    if fault is not None:
        raise PictureError(fault)
    return data


def _decoder() -> Callable[[str], bytes]:
    try:
        import pybase64
    except ImportError:  # no wheel for this machine
        import base64

        return lambda text: base64.b64decode(text, validate=True)
    return lambda text: pybase64.b64decode(text, validate=True)


_decode = _decoder()

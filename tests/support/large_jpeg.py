"""A real picture of more megabytes than a Lambda may answer, and of fewer than a printer may send."""

import functools
import io

from PIL import Image


@functools.cache
def large_jpeg(width: int = 2800, height: int = 2100) -> bytes:
    """5.3 MB of noise, which is what compresses worst."""
    stream = io.BytesIO()
    Image.effect_noise((width, height), 90).convert("RGB").save(stream, "JPEG", quality=93)
    return stream.getvalue()

"""Small camera images for these tests: each carries its number in white blocks that survive JPEG."""

import functools
import io

from PIL import Image, ImageDraw, ImageEnhance, ImageFilter

SIZE = (640, 360)
_BITS = 10
_BLOCK = 24


@functools.lru_cache(maxsize=64)
def jpeg_image(number: int, *, dim: float = 1.0, blur: float = 0.0, size: tuple[int, int] = SIZE) -> bytes:
    """A JPEG of a printer-like scene with this number (0..1023)."""
    image = Image.new("RGB", size, (70, 74, 80))
    draw = ImageDraw.Draw(image)
    for column in range(0, size[0], 20):
        draw.line((column, 60, column + 40, size[1]), fill=(100, 110, 120), width=3)
    draw.rectangle((size[0] // 3, size[1] // 2, size[0] // 2, size[1] - 20), fill=(200, 120, 40))
    for bit in range(_BITS):
        shade = 255 if number >> bit & 1 else 0
        left = 10 + bit * (_BLOCK + 8)
        draw.rectangle((left, 10, left + _BLOCK, 10 + _BLOCK), fill=(shade, shade, shade))
    if blur:
        image = image.filter(ImageFilter.GaussianBlur(blur))
    if dim < 1:
        image = ImageEnhance.Brightness(image).enhance(dim)
    written = io.BytesIO()
    image.save(written, "JPEG", quality=85)
    return written.getvalue()


def number_of(jpeg: bytes) -> int:
    """The number read back from an image of the size `SIZE`."""
    with Image.open(io.BytesIO(jpeg)) as opened:
        grey = opened.convert("L")
    number = 0
    for bit in range(_BITS):
        left = 10 + bit * (_BLOCK + 8)
        shade = grey.tobytes()[(10 + _BLOCK // 2) * grey.width + left + _BLOCK // 2]
        number |= (shade > 127) << bit
    return number

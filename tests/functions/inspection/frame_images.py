"""Small camera images for these tests: each carries its number as the simulator's do."""

import functools
import io

from PIL import Image, ImageDraw, ImageEnhance, ImageFilter

from infra.simulator.camera import draw_number

SIZE = (640, 360)


@functools.lru_cache(maxsize=64)
def jpeg_image(number: int, *, dim: float = 1.0, blur: float = 0.0, size: tuple[int, int] = SIZE) -> bytes:
    """A JPEG of a printer-like scene with this number."""
    image = Image.new("RGB", size, (70, 74, 80))
    draw = ImageDraw.Draw(image)
    for column in range(0, size[0], 20):
        draw.line((column, 60, column + 40, size[1]), fill=(100, 110, 120), width=3)
    draw.rectangle((size[0] // 3, size[1] // 2, size[0] // 2, size[1] - 20), fill=(200, 120, 40))
    draw_number(draw, size, number)
    if blur:
        image = image.filter(ImageFilter.GaussianBlur(blur))
    if dim < 1:
        image = ImageEnhance.Brightness(image).enhance(dim)
    written = io.BytesIO()
    image.save(written, "JPEG", quality=85)
    return written.getvalue()

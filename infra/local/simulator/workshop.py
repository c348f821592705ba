"""What does not change from picture to picture: the room, the bed, the camera's noise, the print head.

Everything is made in the coordinates of a picture of 1280x720 and scaled to the size that is asked for.
Pillow is imported where it is used.
"""

from random import Random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image

WIDTH, HEIGHT = 1280, 720
BED_CENTER = (640.0, 566.0)
FLATNESS = 0.30  # how flat a circle on the bed looks
_BACK_LEFT, _BACK_RIGHT, _FRONT_RIGHT, _FRONT_LEFT = (330, 452), (950, 452), (1130, 684), (150, 684)
_GOLD, _LINE, _EDGE = (122, 98, 58), (146, 120, 74), (44, 44, 48)


def room(size: tuple[int, int]) -> "Image":
    """Wall, table and bed, lit from the upper left."""
    from PIL import Image, ImageChops, ImageDraw, ImageFilter

    scene = Image.new("RGB", (WIDTH, HEIGHT))
    draw = ImageDraw.Draw(scene)
    for y in range(HEIGHT):
        on_table = y > 430
        shade = (74 - (y - 430) * 0.05) if on_table else 118 - y * 0.09
        tint = (1.04, 0.98, 0.90) if on_table else (0.92, 0.98, 1.06)
        draw.line((0, y, WIDTH, y), fill=_color((shade, shade, shade), tint))
    for x in (92, 1164):  # the printer's posts
        draw.rectangle((x, 0, x + 26, 470), fill=(58, 60, 66))
        draw.line((x + 3, 0, x + 3, 470), fill=(120, 122, 128), width=3)
    draw.rectangle((60, 462, 1220, 486), fill=(50, 52, 58))
    _draw_bed(draw)
    light = Image.new("L", (64, 36))
    glow = ImageDraw.Draw(light)
    for radius in range(46, 0, -1):
        value = 255 - int(radius * 2.9)
        glow.ellipse((22 - radius, 16 - radius * 0.7, 22 + radius, 16 + radius * 0.7), fill=value)
    light = light.filter(ImageFilter.GaussianBlur(2)).resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC)
    lit = ImageChops.multiply(scene, Image.merge("RGB", (light, light, light.point(lambda v: v * 0.96))))
    return Image.blend(scene, lit, 0.55).point(lambda value: min(255, value * 1.25)).resize(size)


def _draw_bed(draw: object) -> None:
    from PIL.ImageDraw import ImageDraw

    assert isinstance(draw, ImageDraw)
    thickness = 12
    front = (_FRONT_LEFT, _FRONT_RIGHT, (_FRONT_RIGHT[0], _FRONT_RIGHT[1] + thickness),
             (_FRONT_LEFT[0], _FRONT_LEFT[1] + thickness))  # fmt: skip
    draw.polygon(front, fill=(30, 30, 33))
    draw.polygon((_BACK_LEFT, _BACK_RIGHT, _FRONT_RIGHT, _FRONT_LEFT), fill=_GOLD, outline=_EDGE, width=4)
    for step in range(1, 10):
        part = step / 10
        back = _BACK_LEFT[0] + (_BACK_RIGHT[0] - _BACK_LEFT[0]) * part
        near = _FRONT_LEFT[0] + (_FRONT_RIGHT[0] - _FRONT_LEFT[0]) * part
        draw.line((back, _BACK_LEFT[1], near, _FRONT_LEFT[1]), fill=_LINE, width=2)
        deep = part**1.35
        y = _BACK_LEFT[1] + (_FRONT_LEFT[1] - _BACK_LEFT[1]) * deep
        left = _BACK_LEFT[0] + (_FRONT_LEFT[0] - _BACK_LEFT[0]) * deep
        right = _BACK_RIGHT[0] + (_FRONT_RIGHT[0] - _BACK_RIGHT[0]) * deep
        draw.line((left, y, right, y), fill=_LINE, width=2)


def noise(size: tuple[int, int], seed: int) -> "Image":
    """One plate of the camera's noise around middle gray; three of them in turn look alive."""
    from PIL import Image

    random = Random(seed)
    width, height = size
    grains = bytes(min(255, max(0, int(random.gauss(128, 4)))) for _ in range(64 * 1024))
    rows = bytearray()
    for _ in range(height):
        start = random.randrange(len(grains))
        rows += (grains + grains)[start : start + width]
    gray = Image.frombytes("L", size, bytes(rows))
    return Image.merge("RGB", (gray, gray, gray))


def soft_shadow(size: tuple[int, int]) -> "Image":
    """A soft dark spot, as a mask."""
    from PIL import Image, ImageDraw, ImageFilter

    width, height = max(4, size[0]), max(4, size[1])
    mask = Image.new("L", (width, height))
    ImageDraw.Draw(mask).ellipse((width * 0.15, height * 0.2, width * 0.85, height * 0.8), fill=150)
    return mask.filter(ImageFilter.GaussianBlur(width / 22))


def print_head(scale_x: float, scale_y: float) -> "Image":
    """The print head; the tip of its nozzle is in the middle of the lower edge."""
    from PIL import Image, ImageDraw

    head = Image.new("RGBA", (320, 360))
    draw = ImageDraw.Draw(head)
    draw.rounded_rectangle((24, 10, 296, 270), 34, fill=(46, 48, 54, 255))
    draw.rounded_rectangle((40, 22, 280, 250), 26, fill=(74, 77, 84, 255))
    draw.rounded_rectangle((58, 40, 262, 140), 18, fill=(96, 99, 107, 255))
    for y in range(160, 236, 16):
        draw.rounded_rectangle((84, y, 236, y + 7), 3, fill=(48, 50, 56, 255))
    draw.ellipse((226, 52, 250, 76), fill=(120, 226, 150, 255))
    draw.rectangle((122, 268, 198, 304), fill=(120, 110, 96, 255))
    draw.polygon(
        ((128, 304), (192, 304), (168, 344), (166, 358), (154, 358), (152, 344)), fill=(186, 146, 74, 255)
    )
    width, height = max(2, round(160 * scale_x)), max(2, round(180 * scale_y))
    return head.resize((width, height), Image.Resampling.LANCZOS)


def _color(base: tuple[float, float, float], tint: tuple[float, float, float]) -> tuple[int, int, int]:
    red, green, blue = (max(0, min(255, round(part * by))) for part, by in zip(base, tint, strict=True))
    return red, green, blue

"""Frames like those of a real printer's camera, made with Pillow only.

1280x720, JPEG quality 67 (about 100 kB): a textured bed, a growing part, a head and a bed that move from
frame to frame, light that flickers, and sensor noise of sigma 6 that is new in every frame.
"""

import random
from pathlib import Path

from PIL import Image, ImageChops, ImageDraw, ImageEnhance, ImageFilter

from functions.shared.domain.keys import frame_key

WIDTH, HEIGHT = 1280, 720
QUALITY = 67
_MARGIN = 96


def write_frames(folder: Path, prefix: str, count: int, since: float, interval: float) -> None:
    """`count` frames of one job below the folder, by the product's names, `interval` seconds apart."""
    chance = random.Random(7)
    (folder / prefix).mkdir(parents=True)
    room = _room(chance)
    noises = [_noise() for _ in range(6)]
    for number in range(count):
        image = _scene(room, number / max(1, count - 1), chance)
        noise = chance.choice(noises)
        left, top = chance.randrange(_MARGIN), chance.randrange(_MARGIN)
        noisy = ImageChops.add(
            image, noise.crop((left, top, left + WIDTH, top + HEIGHT)), scale=1.0, offset=-128
        )
        noisy.save(folder / frame_key(prefix, since + number * interval, number), quality=QUALITY)


def _noise() -> Image.Image:
    size = (WIDTH + _MARGIN, HEIGHT + _MARGIN)
    return Image.merge("RGB", [Image.effect_noise(size, 6.0) for _ in range(3)])


def _room(chance: random.Random) -> Image.Image:
    """The part of the image that never moves: walls, rods, shadows."""
    room = Image.new("RGB", (WIDTH + 200, HEIGHT), (52, 55, 60))
    draw = ImageDraw.Draw(room)
    for column in range(0, WIDTH + 200, 4):
        shade = 45 + column * 40 // WIDTH + chance.randrange(-6, 6)
        draw.line((column, 0, column, 380), fill=(shade, shade + 3, shade + 8), width=4)
    for line in range(380, HEIGHT, 3):
        for column in range(0, WIDTH + 200, 40):
            shade = 88 + chance.randrange(-18, 18)
            draw.rectangle((column, line, column + 39, line + 2), fill=(shade, shade - 4, shade - 14))
    grain = Image.effect_noise(room.size, 22.0).filter(ImageFilter.GaussianBlur(1.2))
    return ImageChops.add(room, Image.merge("RGB", [grain] * 3), scale=1.0, offset=-128)


def _scene(room: Image.Image, done: float, chance: random.Random) -> Image.Image:
    """The printer with the part grown to `done` (0..1)."""
    bed = chance.randrange(0, 200)
    image = room.crop((bed, 0, bed + WIDTH, HEIGHT))
    image.paste(room.crop((0, 0, WIDTH, 380)), (0, 0))
    draw = ImageDraw.Draw(image)
    foot, middle = 620, WIDTH // 2 + 100 - bed
    top = foot - int(20 + 380 * done)
    for line in range(top, foot, 4):
        half = 150 + ((line * 7) % 23) - (foot - line) // 6
        shade = 150 + (line * 13) % 30
        draw.rectangle((middle - half, line, middle + half, line + 3), fill=(shade, shade // 2, 40))
    head = chance.randrange(120, WIDTH - 320)
    draw.rectangle((head, top - 190, head + 200, top - 24), fill=(28, 29, 33))
    draw.polygon([(head + 80, top - 24), (head + 120, top - 24), (head + 100, top)], fill=(190, 170, 120))
    draw.rectangle((0, top - 150, WIDTH, top - 138), fill=(140, 142, 148))
    return ImageEnhance.Brightness(image).enhance(1.0 + chance.uniform(-0.015, 0.015))

"""Frames that carry a number in twelve black or white bars, and the numbers read back from a film."""

import subprocess
from io import BytesIO
from itertools import groupby
from pathlib import Path

from PIL import Image, ImageDraw

from functions.shared.domain.keys import frame_key
from functions.timelapse.ffmpeg import find_ffmpeg

BITS = 12
WIDTH, HEIGHT = 192, 108


def numbered_frame(number: int, width: int = WIDTH, height: int = HEIGHT, mode: str = "RGB") -> bytes:
    """A JPEG whose bars, left to right, are the number's bits, highest first."""
    image = Image.new("L", (width, height))
    draw = ImageDraw.Draw(image)
    for bit in range(BITS):
        if number >> (BITS - 1 - bit) & 1:
            draw.rectangle((width * bit // BITS, 0, width * (bit + 1) // BITS - 1, height), fill=255)
    data = BytesIO()
    image.convert(mode).save(data, "JPEG", quality=90)
    return data.getvalue()


def fill_folder(folder: Path, prefix: str, numbers: range, since: float, interval: float) -> list[Path]:
    """Frames of one job by the product's names, the number counting up; the files in order."""
    paths = []
    for place, number in enumerate(numbers):
        path = folder / frame_key(prefix, since + place * interval, number)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(numbered_frame(number))
        paths.append(path)
    return paths


def film_numbers(film: Path) -> list[int]:
    """The number of every image of the film, in order."""
    return [_number(pixels) for pixels in gray_images(film, WIDTH, HEIGHT)]


def shown_in(film: Path) -> list[int]:
    """The numbers in order, each once however often it is repeated in a row."""
    return [number for number, _ in groupby(film_numbers(film))]


def gray_images(film: Path, width: int, height: int) -> list[bytes]:
    """The film's images at that size, a byte a pixel."""
    raw = subprocess.run(
        [
            *(find_ffmpeg(), "-v", "error", "-i", str(film), "-fps_mode", "passthrough"),
            *("-vf", f"scale={width}:{height}", "-f", "rawvideo", "-pix_fmt", "gray", "pipe:1"),
        ],
        capture_output=True,
        check=True,
    ).stdout
    return [raw[start : start + width * height] for start in range(0, len(raw), width * height)]


def _number(gray: bytes) -> int:
    row = HEIGHT // 2 * WIDTH
    number = 0
    for bit in range(BITS):
        number = number << 1 | (gray[row + WIDTH * bit // BITS + WIDTH // BITS // 2] > 127)
    return number


def top_atoms(film: Path) -> list[str]:
    """The names of an MP4's outermost atoms, in order (ISO/IEC 14496-12)."""
    data = film.read_bytes()
    names, position = [], 0
    while position < len(data):
        size = int.from_bytes(data[position : position + 4], "big")
        names.append(data[position + 4 : position + 8].decode("ascii"))
        position += size
    return names

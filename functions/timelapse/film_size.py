"""Pixels and bits of a film, so that it stays under its limit by construction. Pure.

Measured: x264 with `-maxrate` and a buffer lands within 2 % of rate x duration when the cap binds, and
overshoots only below about 0.005 bits per pixel.
"""

import math
from dataclasses import dataclass

from functions.timelapse.selection import Timing

_SHARE = 0.9
_BUFFER_SHARE = 0.04
_CONTAINER_BYTES, _CONTAINER_BYTES_A_PICTURE = 4096, 16
_HIGHEST_RATE, _LOWEST_RATE = 20_000_000, 1_000
_BITS_A_PIXEL = 0.02
_NARROWEST = 320
_SMALLEST_SIDE = 16


@dataclass(frozen=True, slots=True)
class Shape:
    """Width and height (both even) in pixels, rate cap in bits per second, its buffer in bits."""

    width: int
    height: int
    rate: int
    buffer: int


def film_shape(width: int, height: int, max_width: int, max_bytes: int, timing: Timing) -> Shape:
    """The shape of a film of frames of that size; narrower than allowed if the bytes could not show more."""
    budget = max_bytes - _CONTAINER_BYTES - _CONTAINER_BYTES_A_PICTURE * timing.pictures
    rate = min(_HIGHEST_RATE, max(_LOWEST_RATE, int(_SHARE * budget * 8 / timing.seconds)))
    pixels = rate / (float(timing.rate) * _BITS_A_PIXEL)
    affordable = max(_NARROWEST, int(math.sqrt(pixels * width / height)))
    scale = min(width, max_width, affordable) / width
    return Shape(
        _even(width * scale), _even(height * scale), rate, max(1, int(_BUFFER_SHARE * rate * timing.seconds))
    )


def _even(side: float) -> int:
    return max(_SMALLEST_SIDE, int(side + 1e-6) // 2 * 2)

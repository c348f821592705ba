"""Is a picture good enough to be judged? Pure measures on small grey pixels (0..255, row by row).

The picture is measured at 160 pixels: sensor noise and slight blur are gone at that size, so what is
still too smooth there shows no detail that a look could go by.
"""

from dataclasses import dataclass

MEASURED_SIDE = 160
_DARK_BRIGHTNESS = 24.0
_SMOOTH_DIFFERENCE = 7.0
_SHARE = 0.99


@dataclass(frozen=True, slots=True)
class GreyPixels:
    """A small grey picture: `pixels` holds width x height bytes."""

    width: int
    height: int
    pixels: bytes


def quality_fault(grey: GreyPixels) -> str | None:
    """Why the picture cannot be judged ("black", "blurred"), or None if it can."""
    if brightness(grey) < _DARK_BRIGHTNESS:
        return "black"
    if sharpness(grey) < _SMOOTH_DIFFERENCE:
        return "blurred or blank"
    return None


def brightness(grey: GreyPixels) -> float:
    """What 99 % of the pixels do not exceed: a few bright spots in the dark do not make a picture."""
    return _high_share(list(grey.pixels))


def sharpness(grey: GreyPixels) -> float:
    """The step between neighbours that 99 % of the places do not exceed."""
    width, pixels = grey.width, grey.pixels
    steps = [
        max(abs(pixels[place] - pixels[place + 1]), abs(pixels[place] - pixels[place + width]))
        for row in range(grey.height - 1)
        for place in range(row * width, row * width + width - 1)
    ]
    return _high_share(steps)


def _high_share(values: list[int]) -> float:
    if not values:
        return 0.0
    values.sort()
    return float(values[int(_SHARE * (len(values) - 1))])

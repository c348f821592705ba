"""The object that grows on the bed, and the spaghetti that it can turn into.

Shape and colour follow the job's name. Layers and strands are drawn once each onto canvases of twice the
size and kept, so that a picture costs only what is new since the last one.
"""

import math
from hashlib import sha256
from random import Random
from typing import TYPE_CHECKING

from infra.local.simulator.workshop import BED_CENTER, FLATNESS

if TYPE_CHECKING:
    from PIL.Image import Image

TALLEST = 286.0  # height of the finished object in a picture of 720 lines
_RADIUS = 128.0
_STRANDS = 84
_FINE = 2
_COLORS = ((236, 106, 32), (38, 122, 206), (62, 158, 92), (206, 58, 66), (236, 190, 52), (132, 86, 190))
Box = tuple[float, float, float, float]
_OBJECT_BOX: Box = (
    BED_CENTER[0] - 190,
    BED_CENTER[1] - TALLEST - 60,
    BED_CENTER[0] + 190,
    BED_CENTER[1] + 70,
)
_TANGLE_BOX: Box = (BED_CENTER[0] - 400, BED_CENTER[1] - 250, BED_CENTER[0] + 400, BED_CENTER[1] + 110)


class _Canvas:
    """A transparent part of the picture, drawn at twice its size."""

    def __init__(self, box: Box, scale_x: float, scale_y: float) -> None:
        from PIL import Image, ImageDraw

        left, top, right, bottom = box
        self.place = (round(left * scale_x), round(top * scale_y))
        size = (max(1, round((right - left) * scale_x)), max(1, round((bottom - top) * scale_y)))
        self._origin, self._by = (left, top), (scale_x * _FINE, scale_y * _FINE)
        self.image = Image.new("RGBA", (size[0] * _FINE, size[1] * _FINE))
        self.draw = ImageDraw.Draw(self.image)

    def point(self, x: float, y: float) -> tuple[float, float]:
        return (x - self._origin[0]) * self._by[0], (y - self._origin[1]) * self._by[1]

    def width(self, pixels: float) -> int:
        return max(1, round(pixels * self._by[1]))

    def paste_onto(self, picture: "Image", with_top: "Image | None" = None) -> None:
        fine = self.image if with_top is None else with_top
        small = fine.reduce(_FINE)
        picture.paste(small, self.place, small)


class PrintedObject:
    """One job's object in pictures of one scale."""

    def __init__(self, subject: str, scale_x: float, scale_y: float) -> None:
        digest = sha256(subject.encode("utf-8", "replace")).digest()
        self.subject = subject
        self.color = _COLORS[digest[0] % len(_COLORS)]
        self._lobes = 3 + digest[1] % 4
        self._twist = (0.6 + digest[2] / 255 * 1.6) * (1 if digest[3] & 1 else -1)
        self._waist = digest[4] / 255
        self._layers = max(4, round(TALLEST * scale_y))
        self._object = _Canvas(_OBJECT_BOX, scale_x, scale_y)
        self._tangle = _Canvas(_TANGLE_BOX, scale_x, scale_y)
        self._drawn_layers = 0
        self._drawn_strands = 0

    def is_smaller_than(self, built: float, tangle: float) -> bool:
        """Whether what is drawn already fits within what is asked for."""
        return self._drawn_layers <= self._layer(built) and self._drawn_strands <= self._strand(tangle)

    def top(self, built: float) -> float:
        """The line of the picture (of 720) at which the nozzle stands."""
        return BED_CENTER[1] - TALLEST * built

    def reach(self, built: float) -> float:
        """How far from the middle the nozzle moves at that height."""
        return self._radius(0.0, built) * 0.9

    def paste_onto(self, picture: "Image", built: float, tangle: float) -> None:
        layer = self._layer(built)
        for index in range(self._drawn_layers, layer):
            self._draw_layer(index)
        self._drawn_layers = max(self._drawn_layers, layer)
        if layer:
            self._object.paste_onto(picture, self._with_top(layer))
        for index in range(self._drawn_strands, self._strand(tangle)):
            self._draw_strand(index)
            self._drawn_strands = index + 1
        if self._drawn_strands:
            self._tangle.paste_onto(picture)

    def _layer(self, built: float) -> int:
        return round(self._layers * min(1.0, max(0.0, built)))

    def _strand(self, tangle: float) -> int:
        return math.ceil(_STRANDS * math.pow(min(1.0, max(0.0, tangle)), 0.7))

    def _radius(self, angle: float, height: float) -> float:
        profile = 0.72 + 0.24 * math.sin(math.pi * (0.25 + height * (1.1 + self._waist)))
        lobes = 1 + 0.085 * math.cos(self._lobes * (angle + self._twist * height * math.pi))
        return _RADIUS * profile * lobes

    def _rim(self, height: float, first: float, last: float, steps: int) -> list[tuple[float, float]]:
        points = []
        for step in range(steps + 1):
            angle = first + (last - first) * step / steps
            radius = self._radius(angle, height)
            points.append(
                self._object.point(
                    BED_CENTER[0] + radius * math.cos(angle),
                    BED_CENTER[1] - TALLEST * height + radius * FLATNESS * math.sin(angle),
                )
            )
        return points

    def _draw_layer(self, index: int) -> None:
        """The visible front of one layer, each piece as bright as it faces the light."""
        height = index / self._layers
        steps = 40
        rim = self._rim(height, -0.12, math.pi + 0.12, steps)
        stripe = 1.0 - 0.07 * (index % 3 == 0)
        for step in range(steps):
            angle = -0.12 + (math.pi + 0.24) * (step + 0.5) / steps
            slope = self._radius(angle + 0.03, height) - self._radius(angle - 0.03, height)
            normal = angle - math.atan2(slope / 0.06, self._radius(angle, height))
            light = 0.34 + 0.66 * max(0.0, math.cos(normal - math.radians(118))) ** 1.2
            self._object.draw.line(
                (*rim[step], *rim[step + 1]), fill=(*_shaded(self.color, light * stripe), 255),
                width=_FINE + 2,
            )  # fmt: skip

    def _with_top(self, layer: int) -> "Image":
        """The object with the open layer on top of it."""
        from PIL import ImageDraw

        height = (layer - 1) / self._layers
        image = self._object.image.copy()
        draw = ImageDraw.Draw(image)
        rim = self._rim(height, 0, 2 * math.pi, 48)
        draw.polygon(rim, fill=(*_shaded(self.color, 1.12), 255))
        middle = self._object.point(BED_CENTER[0], BED_CENTER[1] - TALLEST * height)
        inner = [_between(middle, point, 0.86) for point in rim]
        draw.polygon(inner, fill=(*_shaded(self.color, 0.62), 255))
        for start in range(0, 48, 2):  # infill
            end = (25 - start) % 48 if layer % 2 else (start + 19) % 48
            draw.line((*inner[start], *inner[end]), fill=(*_shaded(self.color, 0.84), 255), width=_FINE)
        return image

    def _draw_strand(self, index: int) -> None:
        """One loose string: loops that wander from the object outwards and lie on the bed."""
        random = Random(f"{self.subject!a}/{index}")
        spread = 60 + 250 * (index / _STRANDS) ** 0.7
        x = BED_CENTER[0] + random.uniform(-spread, spread) * 0.6
        y = BED_CENTER[1] + random.uniform(-130, 46) * (1 - 0.3 * index / _STRANDS)
        heading, turn = random.uniform(0, 2 * math.pi), random.uniform(-0.5, 0.5)
        points = []
        for _ in range(random.randint(34, 64)):
            turn = max(-0.75, min(0.75, turn + random.uniform(-0.22, 0.22)))
            heading += turn
            x += math.cos(heading) * 11
            y += math.sin(heading) * 7 + max(0.0, BED_CENTER[1] - 40 - y) * 0.02
            if not BED_CENTER[1] - 170 < y < BED_CENTER[1] + 96:
                y = max(BED_CENTER[1] - 170, min(BED_CENTER[1] + 96, y))
                heading = -heading
            points.append(self._tangle.point(x, y))
        dark, bright = _shaded(self.color, 0.38), _shaded(self.color, random.uniform(0.85, 1.2))
        width = self._tangle.width
        self._tangle.draw.line(points, fill=(*dark, 255), width=width(5.5), joint="curve")
        self._tangle.draw.line(points, fill=(*bright, 255), width=width(3.4), joint="curve")


def _between(start: tuple[float, float], end: tuple[float, float], part: float) -> tuple[float, float]:
    return start[0] + (end[0] - start[0]) * part, start[1] + (end[1] - start[1]) * part


def _shaded(color: tuple[int, int, int], light: float) -> tuple[int, int, int]:
    red, green, blue = (max(0, min(255, round(part * light))) for part in color)
    return red, green, blue

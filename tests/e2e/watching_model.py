"""A stand-in for the vision model that really looks: it finds loose strands beside the printed object."""

import threading
from dataclasses import dataclass
from io import BytesIO

from PIL import Image

from tests.e2e.image_numbers import number_of
from tests.support.openai.replies import Reply, defect, fine
from tests.support.openai.requests import SeenRequest

_BESIDE = ((0.27, 0.38), (0.62, 0.73))  # left and right of the object, which never reaches so far
_ON_THE_BED = (0.55, 0.93)
_VIVID = 110  # the filament's colours; nothing else in the room has them
_STRANDS = 8


@dataclass(frozen=True)
class Sight:
    """One image judged: its number, and whether strands lay there."""

    number: int
    has_strands: bool


class WatchingModel:
    """Use as the server's judge; `sights` is what it has seen so far, in order."""

    def __init__(self) -> None:
        self.sights: list[Sight] = []
        self._lock = threading.Lock()

    def __call__(self, request: SeenRequest) -> Reply:
        newest = request.images[-1].data
        sight = Sight(number_of(newest), has_strands(newest))
        with self._lock:
            self.sights.append(sight)
        return defect(summary=f"Strands in picture {sight.number}") if sight.has_strands else fine()


def has_strands(jpeg: bytes) -> bool:
    """Whether the pixels beside the object are of a filament's colour."""
    with Image.open(BytesIO(jpeg)) as opened:
        image = opened.convert("RGB")
    width, height = image.size
    vivid = 0
    for left, right in _BESIDE:
        top, bottom = _ON_THE_BED
        part = image.crop((int(width * left), int(height * top), int(width * right), int(height * bottom)))
        for count, color in part.getcolors(part.width * part.height) or ():
            assert isinstance(color, tuple)
            vivid += count * (max(color) - min(color) > _VIVID)
    return vivid > _STRANDS

"""The two pictures of the page in README.md: `python -m tests.functions.api.page_pictures FOLDER`."""

import io
import sys
import tempfile
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from PIL import Image

from tests.functions.api.bridge_data import BridgeData
from tests.functions.api.made_up_history import MadeUpHistory
from tests.functions.api.page_scene import PRINTING, fill
from tests.functions.api.page_stage import Stage, film_of, staged
from tests.support.chromium import ABSENT, chromium, find_chromium

_PHONES = ("#/", "#/printer/" + quote(PRINTING), "#/job/j0")
_PHONE_SIZE, _GAP, _WALL_WIDTH = (300, 649), 14, 960


def _shot(stage: Stage, view: str, is_phone: bool) -> Image.Image:
    stage.open(view, is_dark=is_phone, is_phone=is_phone)
    stage.settle()
    return Image.open(io.BytesIO(stage.tab.screenshot())).convert("RGB")


def main(folder: Path) -> None:
    program = find_chromium()
    if program is None:
        sys.exit(ABSENT)
    with tempfile.TemporaryDirectory() as name, chromium(program, "about:blank", Path(name)) as tab:
        data = BridgeData(Path(name))
        fill(data)
        with closing(data.database), staged(data, MadeUpHistory(film_of(Path(name))), tab) as stage:
            wall = _shot(stage, "#/", False)
            phones = [_shot(stage, view, True) for view in _PHONES]
    size = (_WALL_WIDTH, round(wall.height * _WALL_WIDTH / wall.width))
    wall.resize(size, Image.Resampling.LANCZOS).save(folder / "page-wall.jpg", quality=78, optimize=True)
    width, height = _PHONE_SIZE
    sheet = Image.new("RGB", (len(phones) * (width + _GAP) - _GAP, height), (255, 255, 255))
    for number, phone in enumerate(phones):
        sheet.paste(phone.resize(_PHONE_SIZE, Image.Resampling.LANCZOS), (number * (width + _GAP), 0))
    sheet.save(folder / "page-phone.jpg", quality=78, optimize=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))

"""What a page looked like when somebody last looked at it and found it right."""

import io
import os
from pathlib import Path

from PIL import Image, ImageChops, ImageStat

RENEW = "renew"
"""`PAGE_SHOTS=renew` stores what is there now in place of what was; then look at each of them."""
_WIDTH, _COLORS = 480, 256
# Another release of the browser draws edges of letters and its own controls a little differently.
_MEAN_LIMIT = 4.0  # of 255, over all pixels
_FAR, _FAR_SHARE = 56, 0.02  # so many pixels may be that far off


def difference(shot: bytes, stored: Path) -> str:
    """What is different, in words; empty: nothing that a person would see."""
    found = _small(shot)
    if os.environ.get("PAGE_SHOTS") == RENEW:
        stored.parent.mkdir(exist_ok=True)
        found.quantize(_COLORS).save(stored, optimize=True)
        return ""
    if not stored.is_file():
        return f"{stored.name} is not there: store it with PAGE_SHOTS={RENEW}, and look at it"
    with Image.open(stored) as opened:
        before = opened.convert("RGB")
    if before.size != found.size:
        return f"{stored.name}: {found.size} and not {before.size}"
    apart = ImageChops.difference(found, before).convert("L")
    mean = ImageStat.Stat(apart).mean[0]
    far = sum(apart.histogram()[_FAR:]) / (apart.width * apart.height)
    if mean <= _MEAN_LIMIT and far <= _FAR_SHARE:
        return ""
    box = apart.point(lambda value: 255 if value >= _FAR else 0).getbbox()
    return f"{stored.name}: {mean:.1f} of 255 apart on average, {far:.1%} of it far, in {box}"


def _small(shot: bytes) -> Image.Image:
    with Image.open(io.BytesIO(shot)) as opened:
        width = min(_WIDTH, opened.width)
        size = (width, round(opened.height * width / opened.width))
        return opened.convert("RGB").resize(size, Image.Resampling.LANCZOS)

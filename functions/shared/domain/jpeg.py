"""JPEGs by their markers alone, no pixel is decoded: is it whole, and how large is its image?

Source of the markers: ITU T.81, annex B.
"""

from dataclasses import dataclass

SIZE_LIMIT = 10 * 1024 * 1024
SIDE_MIN, SIDE_MAX = 16, 4096
JPEG_START, JPEG_END = b"\xff\xd8", b"\xff\xd9"

_START_OF_FRAME = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_START_OF_SCAN = 0xDA
_ALONE = frozenset({0x01, *range(0xD0, 0xD8)})


@dataclass(frozen=True, slots=True)
class Jpeg:
    """What the markers say: width and height in pixels, or why it is no whole JPEG of usable size."""

    width: int = 0
    height: int = 0
    fault: str | None = None


def read_jpeg(data: bytes | bytearray | memoryview) -> Jpeg:
    """One walk along the markers. Total."""
    length = len(data)
    if length > SIZE_LIMIT:
        return Jpeg(fault=f"{length} bytes, over the limit of {SIZE_LIMIT}")
    if length < 4 or data[:2] != JPEG_START:
        return Jpeg(fault="does not begin like a JPEG")
    if data[length - 2 :] != JPEG_END:
        return Jpeg(fault="does not end like a JPEG (cut off?)")
    position = 2
    found: Jpeg | None = None
    while position + 4 <= length:
        if data[position] != 0xFF:
            return Jpeg(fault="broken marker")
        marker = data[position + 1]
        if marker == 0xFF:  # fill byte
            position += 1
            continue
        if marker in _ALONE:
            position += 2
            continue
        size = data[position + 2] << 8 | data[position + 3]
        if size < 2 or position + 2 + size > length:
            return Jpeg(fault="broken segment")
        if marker in _START_OF_FRAME:
            if size < 8:
                return Jpeg(fault="broken frame header")
            height = data[position + 5] << 8 | data[position + 6]
            width = data[position + 7] << 8 | data[position + 8]
            if not (SIDE_MIN <= width <= SIDE_MAX and SIDE_MIN <= height <= SIDE_MAX):
                return Jpeg(fault=f"{width}x{height} pixels")
            found = found or Jpeg(width, height)
        elif marker == _START_OF_SCAN:
            return found or Jpeg(fault="no frame header")
        position += 2 + size
    return Jpeg(fault="no picture data")

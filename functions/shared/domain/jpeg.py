"""JPEGs by their markers alone, no pixel is decoded: is it whole, how large is its image, and what would it
cost to decode?

A progressive JPEG may have any number of scans, each of which costs a decoder a pass over all pixels: 72 kB
of them took four seconds. So nothing is decoded anywhere before this room has passed it.
Source of the markers: ITU T.81, annex B.
"""

import re

from functions.shared.value_class import dataclass

SIZE_LIMIT = 10 * 1024 * 1024
SIDE_MIN, SIDE_MAX = 16, 4096
JPEG_START, JPEG_END = b"\xff\xd8", b"\xff\xd9"

# Ten scans are what a usual progressive JPEG has. Measured: 64 million pixels times scans decode in 0.2 s;
# one scan of the largest image is 17 million, ten of a camera's 1920 x 1080 are 21 million.
SCANS_MAX = 32
SCANNED_PIXELS_MAX = 64_000_000
_SEGMENTS_MAX = 1000

_START_OF_FRAME = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_CAMERAS_FRAMES = frozenset({0xC0, 0xC1, 0xC2})  # baseline, extended, progressive; all by Huffman codes
_START_OF_IMAGE, _END_OF_IMAGE, _START_OF_SCAN = 0xD8, 0xD9, 0xDA
# In the data of a scan: no stuffed byte, no restart marker, and no reserved one, which a flipped bit makes.
_MARKER_IN_SCAN = re.compile(rb"\xff[\xc0-\xcf\xd8-\xdb\xdd\xe0-\xef\xfe]")
_ALONE = frozenset({0x01, *range(0xD0, 0xD8)})


@dataclass(frozen=True, slots=True)
class Jpeg:
    """What the markers say: width and height in pixels, or why it is no whole JPEG of usable size."""

    width: int = 0
    height: int = 0
    fault: str | None = None


def read_jpeg(data: bytes | bytearray | memoryview) -> Jpeg:
    """One walk along the markers, to the end. Total, and quick whatever the data."""
    length = len(data)
    if length > SIZE_LIMIT:
        return Jpeg(fault=f"{length} bytes, over the limit of {SIZE_LIMIT}")
    if length < 4 or data[:2] != JPEG_START:
        return Jpeg(fault="does not begin like a JPEG")
    if data[length - 2 :] != JPEG_END:
        return Jpeg(fault="does not end like a JPEG (cut off?)")
    position, scans = 2, 0
    found: Jpeg | None = None
    for _ in range(_SEGMENTS_MAX):
        if position + 2 > length:
            break
        if data[position] != 0xFF:
            return Jpeg(fault="broken marker")
        marker = data[position + 1]
        if marker == _END_OF_IMAGE and position + 2 < length and scans:
            return Jpeg(fault="goes on behind its end")
        if position + 4 > length:
            break
        if marker == 0xFF or marker in _ALONE:  # a fill byte has the marker behind it
            position += 1 if marker == 0xFF else 2
            continue
        if marker == _START_OF_IMAGE:
            return Jpeg(fault="more than one image")
        size = data[position + 2] << 8 | data[position + 3]
        if size < 2 or position + 2 + size > length:
            return Jpeg(fault="broken segment")
        if marker in _START_OF_FRAME:
            if found is not None:
                return Jpeg(fault="more than one image")
            found = _frame(data, position, size)
            if found.fault is not None:
                return found
        position += 2 + size
        if marker == _START_OF_SCAN:
            if found is None:
                return Jpeg(fault="no frame header")
            scans += 1
            if scans > SCANS_MAX or scans * found.width * found.height > SCANNED_PIXELS_MAX:
                return Jpeg(fault=f"{scans} scans or more of {found.width}x{found.height} pixels")
            following = _MARKER_IN_SCAN.search(data, position)
            position = length - 2 if following is None else following.start()
    else:
        return Jpeg(fault=f"more than {_SEGMENTS_MAX} segments")
    return found if found is not None and scans else Jpeg(fault="no picture data")


def _frame(data: bytes | bytearray | memoryview, position: int, size: int) -> Jpeg:
    if size < 8:
        return Jpeg(fault="broken frame header")
    if data[position + 1] not in _CAMERAS_FRAMES:
        return Jpeg(fault="a rare kind of JPEG")
    height = data[position + 5] << 8 | data[position + 6]
    width = data[position + 7] << 8 | data[position + 8]
    if not (SIDE_MIN <= width <= SIDE_MAX and SIDE_MIN <= height <= SIDE_MAX):
        return Jpeg(fault=f"{width}x{height} pixels")
    return Jpeg(width, height)

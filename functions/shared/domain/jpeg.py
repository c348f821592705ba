"""JPEGs by their markers alone, no pixel is decoded: is it whole, and how large is its image?

Source of the markers: ITU T.81, annex B.
"""

SIZE_LIMIT = 10 * 1024 * 1024
SIDE_MIN, SIDE_MAX = 16, 4096

_START_OF_FRAME = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_START_OF_SCAN = 0xDA
_ALONE = frozenset({0x01, *range(0xD0, 0xD8)})


def jpeg_fault(data: bytes | bytearray | memoryview, side_limit: int = SIDE_MAX) -> str | None:
    """Why it is no whole JPEG of usable size (pixels a side), or None if it is one."""
    length = len(data)
    if length > SIZE_LIMIT:
        return f"{length} bytes, over the limit of {SIZE_LIMIT}"
    if length < 4 or data[0] != 0xFF or data[1] != 0xD8:
        return "does not begin like a JPEG"
    if data[length - 2] != 0xFF or data[length - 1] != 0xD9:
        return "does not end like a JPEG (cut off?)"
    position = 2
    has_frame = False
    while position + 4 <= length:
        if data[position] != 0xFF:
            return "broken marker"
        marker = data[position + 1]
        if marker == 0xFF:  # fill byte
            position += 1
            continue
        if marker in _ALONE:
            position += 2
            continue
        size = data[position + 2] << 8 | data[position + 3]
        if size < 2 or position + 2 + size > length:
            return "broken segment"
        if marker in _START_OF_FRAME:
            if size < 8:
                return "broken frame header"
            height = data[position + 5] << 8 | data[position + 6]
            width = data[position + 7] << 8 | data[position + 8]
            if not (SIDE_MIN <= width <= side_limit and SIDE_MIN <= height <= side_limit):
                return f"{width}x{height} pixels"
            has_frame = True
        elif marker == _START_OF_SCAN:
            return None if has_frame else "no frame header"
        position += 2 + size
    return "no picture data"


def frame_size(data: bytes) -> tuple[int, int]:
    """Width and height in pixels of a whole JPEG (one without a fault by `jpeg_fault`)."""
    position = 2
    while True:
        marker = data[position + 1]
        if marker == 0xFF:  # fill byte
            position += 1
        elif marker in _ALONE:
            position += 2
        elif marker in _START_OF_FRAME:
            height = int.from_bytes(data[position + 5 : position + 7], "big")
            return int.from_bytes(data[position + 7 : position + 9], "big"), height
        else:
            position += 2 + int.from_bytes(data[position + 2 : position + 4], "big")

"""Width and height of a JPEG by its header; no pixel is decoded."""

_START_OF_FRAME = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_ALONE = frozenset({0x01, *range(0xD0, 0xD8)})


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

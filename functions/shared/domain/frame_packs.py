"""Packs: many whole JPEGs of one job's folder in one object, with an index before them. Pure.

A pack lies in the folder of its frames and sorts among them by its first one:
`YYYYMMDDThhmmss_XXXXXX_to_YYYYMMDDThhmmss_<digest>.pack`. The digest is that of the index, so that one key
never stands for two contents. It holds `MAGIC`, the length of the index (four bytes, big-endian), the index
(ASCII JSON: what all names end with, then for each frame the rest of its name and its bytes), and the frames.
So one read of `INDEX_READ_BYTES` tells all frames of a usual pack, and one more gives any of them.
"""

import json
import re
from collections.abc import Sequence

from functions.shared.domain.jpeg import SIZE_LIMIT
from functions.shared.domain.keys import (
    digest,
    frame_key_floor,
    is_key,
    second_key,
    stamp_seconds,
    taken_at_of,
)
from functions.shared.errors import ContractError
from functions.shared.value_class import dataclass

PACK_ENDING = ".pack"
MAGIC = b"PRBPACK1"
PACK_FRAMES = 60
PACK_BYTES = 5 * 1024 * 1024
SPAN_SECONDS = 6000.0
"""From the first frame of a pack to its last at most: so far back a listing looks for packs."""

INDEX_READ_BYTES = 8192
_HEAD_BYTES = len(MAGIC) + 4
_INDEX_LIMIT = 1024 * 1024
_FRAMES_LIMIT = 1000
_PACK_NAME = re.compile(r"([0-9]{8}T[0-9]{6})_[0-9]{6}_to_([0-9]{8}T[0-9]{6})_[0-9a-f]{16}\.pack")


@dataclass(frozen=True, slots=True)
class PackedFrame:
    """Where in a pack the bytes of a frame are, and when it was taken (whole seconds)."""

    key: str
    taken_at: float
    offset: int
    size: int


@dataclass(frozen=True, slots=True)
class Pack:
    """A pack to be stored."""

    key: str
    content: bytes


def make_pack(frames: Sequence[tuple[str, bytes]]) -> Pack:
    """The pack of those frames (key and bytes), all of one folder and in order of their keys.

    Raises ContractError for none, or for a key that is no frame's.
    """
    folder = frames[0][0].rpartition("/")[0] if frames else ""
    ending = "_" + folder.rpartition("/")[2] + ".jpg"
    names = [key.removeprefix(f"{folder}/") for key, _ in frames]
    if not frames or any(
        "/" in name or not name.endswith(ending) or taken_at_of(name) is None for name in names
    ):
        raise ContractError("a pack is of frames of one folder")
    entries = [[name.removesuffix(ending), len(data)] for name, (_, data) in zip(names, frames, strict=True)]
    index = json.dumps({"ending": ending, "frames": entries}, separators=(",", ":")).encode("ascii")
    key = (
        f"{frame_key_floor(frames[0][0])}_to_{names[-1].partition('_')[0]}_{digest(index.decode())[:16]}"
        f"{PACK_ENDING}"
    )
    parts = [MAGIC, len(index).to_bytes(4, "big"), index, *(data for _, data in frames)]
    return Pack(key, b"".join(parts))


def pack_span(key: str) -> tuple[float, float] | None:
    """When the first and the last frame of the pack of that key were taken; None: it is no pack's key."""
    found = _PACK_NAME.fullmatch(key.rpartition("/")[2])
    if found is None or not is_key(key):
        return None
    first, last = stamp_seconds(found[1]), stamp_seconds(found[2])
    return None if first is None or last is None else (first, last)


def index_end(start: bytes) -> int:
    """How many bytes of a pack its frames begin behind, by its first twelve. Raises ContractError."""
    if len(start) < _HEAD_BYTES or not start.startswith(MAGIC):
        raise ContractError("it does not begin like a pack")
    length = int.from_bytes(start[len(MAGIC) : _HEAD_BYTES], "big")
    if length > _INDEX_LIMIT:
        raise ContractError(f"its index has {length} bytes")
    return _HEAD_BYTES + length


def read_index(key: str, start: bytes, size: int) -> list[PackedFrame]:
    """The frames of the pack of that key and size, by its beginning (`index_end` bytes or more), by time.

    What the edge has put is untrusted: names are those of frames of the time that the key says, and no frame
    reaches over the end. One whose bytes are cut off is left out. Raises ContractError for what is no index.
    """
    span = pack_span(key)
    if span is None:
        raise ContractError(f"{key[:200]!r} is no key of a pack")
    offset = index_end(start)
    try:
        found = json.loads(start[_HEAD_BYTES:offset])
        ending, entries = found["ending"], found["frames"]
        named = [(str(name) + str(ending), int(length)) for name, length in entries[:_FRAMES_LIMIT]]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise ContractError(f"its index cannot be read: {type(error).__name__}") from error
    folder, floor = key.rpartition("/")[0], frame_key_floor(key)
    frames = []
    for name, length in named:
        if not 0 <= length <= SIZE_LIMIT:
            raise ContractError(f"a frame of {length} bytes in its index")
        begin, offset = offset, offset + length
        frame_key, taken_at = f"{folder}/{name}", taken_at_of(name)
        is_of_pack = "/" not in name and is_key(frame_key) and frame_key_floor(frame_key) >= floor
        if is_of_pack and taken_at is not None and taken_at <= span[1] and offset <= size:
            frames.append(PackedFrame(frame_key, taken_at, begin, length))
    return sorted(frames, key=lambda frame: frame.key)


def first_key_of_packs_with(folder: str, at: float) -> str:
    """A key after which every pack of that folder sorts that has a frame of that second or later.

    Raises ValueError or OverflowError for a time that no frame's name can carry.
    """
    return second_key(folder, at - SPAN_SECONDS)

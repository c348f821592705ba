"""A recording of what a client of BambUI met, as happenings that can be served again."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from infra.local.simulator.happenings import Done, ErrorMessage, Happening, Picture, StatusDelta
from infra.local.simulator.scene import Scene

Recording = Sequence[tuple[float, Mapping[str, Any]]]


def replay(recording: Recording) -> Iterator[Happening]:
    """The messages of a recording at their times; an `image` that was left out becomes a scene to draw.

    Each entry is (seconds, message) with BambUI's message (`type` and so on) or an `event` of the
    connection, which is passed over. Ends with Done.
    """
    pictures, last = 0, 0.0
    for at, message in recording:
        last = at
        match message.get("type"):
            case "printer_status":
                yield StatusDelta(at, message["data"], is_whole=True)
            case "jpeg_image":
                pictures += 1
                image = message.get("image") or ""
                yield Picture(at, None if image else Scene(pictures, seconds=at), image)
            case "error":
                yield ErrorMessage(at, message["message"])
    yield Done(last)

"""The recordings of BambUI under `tests/support/recordings`, put together again message by message."""

import base64
import json
from functools import cache
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).parent

RECORDINGS = ("full_print_a1mini", "pause_resume_a1", "failed_print_p1s", "cancelled_a1mini", "no_camera_p1p")


def load_recording(name: str) -> list[tuple[float, dict[str, Any]]]:
    """(seconds, message) in order: BambUI's messages with `type`, or `{"event": "open" | "end"}`.

    Every `printer_status` carries the whole merged `data`; each `data` is a dictionary of its own.
    """
    jpeg_image = base64.b64encode(image_bytes()).decode("ascii")
    entries: list[tuple[float, dict[str, Any]]] = []
    data: dict[str, Any] = {}
    for line in (_FOLDER / f"{name}.jsonl").read_text(encoding="utf-8").splitlines():
        entry = json.loads(line)
        if "status" in entry:
            kept = {key: value for key, value in data.items() if key not in entry.get("gone", ())}
            data = {**kept, **entry["status"]}
            message: dict[str, Any] = {"type": "printer_status", "data": data}
        elif "picture" in entry:
            message = {"type": "jpeg_image", "image": jpeg_image}
        else:
            message = entry.get("message") or {"event": entry["event"]}
        entries.append((entry["t"], message))
    return entries


@cache
def image_bytes() -> bytes:
    """The small JPEG (64x48) that stands for every recorded image."""
    return (_FOLDER / "image.jpg").read_bytes()

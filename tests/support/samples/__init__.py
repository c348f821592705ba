"""What former releases wrote, as it lay on disks, in queues and in tables: a folder for each release."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FORMER = Path(__file__).parent / "0.1.0"
NOW = 3797582402.0  # 2090-05-04T12:00:02Z: when the samples were left as they are
CHAT_ID = -1001234567890
COLLECTOR = "5eed0f0ca5e00001"
WATCHED, SILENT, ENDED, IDLE, SILENCED, OFFLINE = (
    "A1-mini",
    'Keller/ß №2 <b>"',
    "X1C \ud83d links",
    "H2D",
    "P1P_werkstatt",
    "X1E",
)
WATCHED_JOB = "4263fc02d650a842b385"


# Fields that are written since, with what they have when a former release wrote the rest.
ADDED: dict[str, Any] = {
    "gap_seconds": None,
    "paused": False,
    "heard_at": None,
    "causes": None,
    "reached": None,
    "percent_fell_at": None,
    "layer_fell_at": None,
    "codes_before": [],
    "course": {"curve": "", "pauses": [], "codes": []},
    "paused_seconds": 0.0,
    "point_at": None,
}
ADDED_TO_EDGE_JOBS: dict[str, Any] = {"layer": None, "remaining_minutes": None, "heard_at": None}


@dataclass(frozen=True)
class SampleMessage:
    """A message of a chat: what a person reads, and what comes along with it."""

    text: str
    carries: str  # photo, film or nothing


def copied(part: str, folder: Path) -> Path:
    """A copy of `embedded` or `collector` in that folder: what is opened is changed."""
    return Path(shutil.copytree(FORMER / part, folder / part))


def lines(name: str) -> list[dict[str, Any]]:
    """The objects of a file of one JSON object a line."""
    text = (FORMER / name).read_text(encoding="ascii")
    return [json.loads(line) for line in text.splitlines()]


def without_added(text: str, added: dict[str, Any] = ADDED) -> str:
    """JSON as today's code writes it, without what a former release did not know; in its order."""

    def left(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        return {name: value for name, value in pairs if name not in added or value != added[name]}

    return json.dumps(json.loads(text, object_pairs_hook=left), separators=(",", ":"))


def bodies(queue: str) -> list[str]:
    """The bodies of the messages that waited in that SQS queue, in order."""
    return [line["Body"] for line in lines(f"cloud/{queue}.jsonl")]


def chat(part: str) -> list[SampleMessage]:
    """What the release that wrote the samples told when it worked them off itself.

    `waiting`: alerts that waited, in order; `follows`: what comes of the rest; `films`: all about films.
    """
    return [SampleMessage(row["text"], row["carries"]) for row in lines("chat.jsonl") if row["part"] == part]

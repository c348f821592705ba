"""What a running program uses, from outside: /proc, its folders, its metrics."""

import os
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.metrics.exposition import read_exposition

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True)
class Sample:
    """One look. `values` by name; a name that could not be looked at is missing."""

    at: float
    values: Mapping[str, float] = field(default_factory=dict)


def process_values(process_id: int) -> dict[str, float]:
    """Resident bytes, processor seconds, open handles and threads; nothing once it has ended."""
    folder = Path(f"/proc/{process_id}")
    try:
        fields = (folder / "stat").read_text().rpartition(")")[2].split()
        return {
            "resident": int((folder / "statm").read_text().split()[1]) * _PAGE,
            "processor": (int(fields[11]) + int(fields[12])) / _TICKS,
            "handles": len(os.listdir(folder / "fd")),
            "threads": len(os.listdir(folder / "task")),
        }
    except (FileNotFoundError, ProcessLookupError):
        return {}


def folder_bytes(folder: Path) -> tuple[int, int]:
    """Bytes and number of the files in a folder and below."""
    total = count = 0
    waiting = [folder]
    while waiting:
        try:
            entries = list(os.scandir(waiting.pop()))
        except OSError:
            continue
        for entry in entries:
            try:
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(Path(entry.path))
                else:
                    total += entry.stat().st_size
                    count += 1
            except OSError:
                continue  # gone in the meantime
    return total, count


def read_metrics(url: str) -> dict[str, float]:
    """Sums by name, and by `name/kind` where there is such a label; nothing if nobody answers."""
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            text = answer.read().decode()
    except (OSError, urllib.error.URLError):
        return {}
    sums: dict[str, float] = {}
    for (name, labels), value in read_exposition(text).values.items():
        kind = dict(labels).get("kind")
        for key in (name, f"{name}/{kind}") if kind else (name,):
            sums[key] = sums.get(key, 0.0) + value
    return sums

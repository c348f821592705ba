"""Memory for pictures: has this machine what PICTURES_MAX_BYTES allows, and was that enough?"""

import contextlib
import json
import re
from collections.abc import Mapping
from pathlib import Path

from functions.shared.picture_memory import LEAST_BYTES
from infra.local.doctor.check import Check, CheckResult, Setup
from infra.local.doctor.findings import Finding, fine, nothing, warning
from infra.local.doctor.port_check import answer_there

_VARIABLE = "PICTURES_MAX_BYTES"
_SUBJECT = "pictures"
_TOTAL = re.compile(r"^MemTotal:\s+(\d+) kB$", re.MULTILINE)
_CGROUP_LIMITS = ("sys/fs/cgroup/memory.max", "sys/fs/cgroup/memory/memory.limit_in_bytes")


def run(setup: Setup, root: Path = Path("/")) -> CheckResult:
    settings = setup.collector or setup.settings
    findings = [evaluate_memory(settings.pictures_max_bytes, memory_of(root))]
    if not setup.is_cloud and settings.port:
        key = {"x-api-key": settings.api_key} if settings.api_key else {}
        answer = answer_there(settings.host, settings.port, "/api/health", key)
        with contextlib.suppress(ValueError):
            findings += evaluate_health(json.loads(answer.body) if answer is not None else None)
    return CheckResult(findings)


CHECK = Check("memory", (_VARIABLE, "HOST", "PORT", "API_KEY"), run, 10)


def memory_of(root: Path) -> int | None:
    """Bytes of memory that this machine or container has, None when the system does not tell."""
    found = []
    with contextlib.suppress(OSError):
        told = _TOTAL.search((root / "proc/meminfo").read_text())
        found += [int(told[1]) * 1024] if told else []
    for name in _CGROUP_LIMITS:
        with contextlib.suppress(OSError, ValueError):  # "max": there is no limit
            found.append(int((root / name).read_text()))
    return min(found, default=None)


def evaluate_memory(wanted: int, memory: int | None) -> Finding:
    """Pure. Half of a machine's memory is for the rest of the bridge, and for the others on it."""
    if memory is None:
        return nothing(_VARIABLE, "not compared: this system does not tell how much memory it has")
    words = f"pictures may take {_size(wanted)} of {_size(memory)}"
    if wanted <= memory // 2:
        return fine(_VARIABLE, words)
    return warning(_VARIABLE, words, f"Set {_VARIABLE} to {max(LEAST_BYTES, memory // 4)}.")


def evaluate_health(health: object) -> list[Finding]:
    """What a running bridge says of its pictures. Pure."""
    pictures = health.get("pictures") if isinstance(health, Mapping) else None
    given_way = pictures.get("given_way") if isinstance(pictures, Mapping) else None
    if not isinstance(given_way, int):
        return []
    if not given_way:
        return [fine(_SUBJECT, "all have found room since the start")]
    return [
        warning(
            _SUBJECT,
            f"{given_way} gave way since the start, as all together take too much memory",
            f"Make the cameras' pictures smaller, or set {_VARIABLE} higher.",
        )
    ]


def _size(amount: int) -> str:
    return f"{amount / 1e9:.1f} GB" if amount >= 1e9 else f"{amount / 1e6:.0f} MB"

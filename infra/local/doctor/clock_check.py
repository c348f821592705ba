"""This machine's clock beside those of the servers that answered, and the time zone. Pure."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, tzinfo

from functions.shared.wording import figures
from functions.shared.wording.durations import duration
from infra.local.doctor.findings import Finding, fault, fine, nothing, warning

NAME = "clock"
_BAMBUI = "BambUI"
_SUBJECT = "time"
_SAID_SECONDS = 30.0
_WRONG_SECONDS = 240.0  # AWS refuses what was signed five minutes away
_EARLIEST = datetime(2025, 1, 1, tzinfo=UTC).timestamp()
_ADVICE = "Switch on time synchronisation (`sudo timedatectl set-ntp true`)."


def evaluate_clock(now: float, clocks: Sequence[tuple[str, float]]) -> list[Finding]:
    """`clocks`: by how many seconds those are ahead of ours. Servers on the internet are believed."""
    if now < _EARLIEST:
        moment = datetime.fromtimestamp(max(0.0, now), UTC)
        return [fault(_SUBJECT, f"it is {moment:%Y-%m-%d} by this machine's clock", _ADVICE)]
    outside = {name: ahead for name, ahead in clocks if name != _BAMBUI}
    if outside:
        true = next(iter(outside.values()))
        return [_evaluate_own(outside), *_evaluate_bambui(dict(clocks).get(_BAMBUI), true)]
    if not clocks:
        return [nothing(_SUBJECT, "not compared: no server was reached that tells the time")]
    ahead = clocks[0][1]
    if abs(ahead) < _SAID_SECONDS:
        return [fine(_SUBJECT, "the same as BambUI's")]
    return [
        warning(
            _SUBJECT,
            f"BambUI's is {_difference(ahead)} this machine's; one of the two is wrong",
            f"{_ADVICE} On both machines.",
        )
    ]


def evaluate_zone(environment: Mapping[str, str], zone: tzinfo, now: float) -> Finding:
    moment = datetime.fromtimestamp(now, zone)
    shown = f"{moment:%H:%M} {figures.zone_name(moment)}"
    if not environment.get("TIMEZONE", "").strip():
        return fine("time zone", f"TIMEZONE is not set: messages would now say {shown}")
    return fine("time zone", f"{zone}: messages would now say {shown}")


def _evaluate_own(outside: Mapping[str, float]) -> Finding:
    name, ahead = min(outside.items(), key=lambda item: abs(item[1]))
    if abs(ahead) < _SAID_SECONDS:
        return fine(_SUBJECT, f"right, by {name}'s")
    found = f"{name}'s is {_difference(ahead)} this machine's"
    if abs(ahead) < _WRONG_SECONDS:
        return warning(_SUBJECT, found, _ADVICE)
    return fault(_SUBJECT, found, _ADVICE)


def _evaluate_bambui(ahead: float | None, true: float) -> list[Finding]:
    if ahead is None or abs(ahead - true) < _SAID_SECONDS:
        return []
    return [
        warning(
            "BambUI's time",
            f"{_difference(ahead - true)} the right one; the bridge does not mind",
            "Switch on time synchronisation on that machine.",
        )
    ]


def _difference(ahead: float) -> str:
    return f"{duration(abs(ahead))} {'ahead of' if ahead > 0 else 'behind'}"

"""Which collectors watch the same printers at the same time, as two that were made of one copy do. Pure."""

from collections import defaultdict
from collections.abc import Iterable

from functions.shared.value_class import dataclass

_HEARD_SECONDS = 400.0  # a collector reports on itself every 300 s
_OVERLAP_SECONDS = 60.0  # an old one may be heard a little after the new one of a restart began
_WATCHERS_LIMIT = 8  # of one printer that are compared: more say no more


@dataclass(frozen=True, slots=True)
class Watch:
    """A collector: when we last heard it, when it began by its own word, and what it watches."""

    collector_id: str
    received_at: float | None
    started_at: float | None
    printers: frozenset[str]


def rivals_among(watches: Iterable[Watch], now: float) -> dict[str, frozenset[str]]:
    """Those of which each was heard after another one of the same printers had begun, with these others."""
    watchers: dict[str, list[Watch]] = defaultdict(list)
    for watch in watches:
        heard = watch.received_at
        if heard is None or watch.started_at is None or not 0 <= now - heard <= _HEARD_SECONDS:
            continue
        for printer in watch.printers:
            if len(watchers[printer]) < _WATCHERS_LIMIT:
                watchers[printer].append(watch)
    rivals: dict[str, set[str]] = defaultdict(set)
    for together in watchers.values():
        for one in together:
            others = (other for other in together if other is not one and _are_both_running(one, other))
            for other in others:
                rivals[one.collector_id].add(other.collector_id)
    return {name: frozenset(others) for name, others in rivals.items()}


def _are_both_running(one: Watch, other: Watch) -> bool:
    heard = min(one.received_at or 0.0, other.received_at or 0.0)
    return heard > max(one.started_at or 0.0, other.started_at or 0.0) + _OVERLAP_SECONDS

"""Error episodes: a code is told once, however it flickers, until it has been gone for a while."""

from functions.shared.domain.error_codes import ANNOUNCED_ONCE_CODES, notable_codes
from functions.shared.domain.status import PrinterStatus
from functions.shared.messages.printer_record import Episode
from functions.shared.value_class import dataclass

GONE_SECONDS = 30.0
_EPISODES_LIMIT = 100  # more than one status can hold, or the oldest would be told again and again


@dataclass(frozen=True, slots=True)
class Errors:
    """What is remembered of a printer's errors, and the codes that are new in this status."""

    episodes: tuple[Episode, ...]
    announced_once: tuple[str, ...]
    new_codes: tuple[str, ...] = ()


def follow_errors(
    episodes: tuple[Episode, ...], announced_once: tuple[str, ...], facts: PrinterStatus, now: float
) -> Errors:
    """Carry the episodes on by one status. A key that is missing says nothing about its codes."""
    present = set(notable_codes(facts))
    remembered = {episode.code: episode for episode in episodes}
    new_codes = []
    for code in notable_codes(facts):
        episode = remembered.get(code)
        is_over = episode is None or (
            episode.gone_since is not None and now - episode.gone_since >= GONE_SECONDS
        )
        if is_over and code not in announced_once:
            new_codes.append(code)
        remembered[code] = Episode(code)
    kept = []
    for episode in remembered.values():
        if episode.code in present:
            kept.append(episode)
            continue
        is_silent = facts.hms is None if episode.code.startswith("HMS_") else facts.print_error is None
        gone_since = episode.gone_since
        if gone_since is None and not is_silent:
            gone_since = now
        if gone_since is None or now - gone_since < GONE_SECONDS:
            kept.append(Episode(episode.code, gone_since))
    kept.sort(key=lambda episode: episode.gone_since is None)  # those that are gone are forgotten first
    once = tuple(code for code in new_codes if code in ANNOUNCED_ONCE_CODES)
    return Errors(tuple(kept[-_EPISODES_LIMIT:]), announced_once + once, tuple(new_codes))

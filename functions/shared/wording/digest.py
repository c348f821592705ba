"""The words of the digest at the end of quiet hours, and of a mute."""

from collections.abc import Mapping

from functions.shared.wording.figures import count, listed

QUIET_IS_OVER = "🌅 Quiet hours are over"
MUTE_IS_OVER = ("🔔", "no longer muted")
MUTES_ARE_OVER = "🔔 No longer muted"

# How a printer stands: icon and words.
PAUSED = ("⏸️", "paused")
FAILED = ("❌", "failed")
LOST = ("📡", "no contact")
PRINTING = ("🖨", "printing")
ENDED = ("✅", "done")
IDLE = ("▫️", "idle")


def others(number: int, standing: Mapping[tuple[str, str], int]) -> str:
    """`And 14 more printers: 12 printing, 2 done.`"""
    parts = ", ".join(f"{many} {words}" for (_, words), many in standing.items())
    return f"And {count(number, 'more printer')}: {parts}."


def kept_back(progress: int, photos: int) -> str:
    """`Kept back: 12 progress messages · 3 photos`; nothing if nothing was."""
    parts = [count(progress, "progress message")] if progress else []
    parts += [count(photos, "photo")] if photos else []
    return f"Kept back: {listed(parts)}" if parts else ""


def earlier(number: int) -> str:
    return f"{count(number, 'earlier message')}, then:"

"""How many updates got no answer, and why: counted, and said in the log from time to time, not one by one."""

from collections import Counter

SUMMARY_SECONDS = 3600.0  # who finds the bot's name and plays with it must not fill the log


class Refusals:
    """`counts`: since the start, by the reason. Not thread-safe."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self._new: Counter[str] = Counter()
        self._said_at: float | None = None

    def add(self, reason: str) -> None:
        self.counts[reason] += 1
        self._new[reason] += 1

    def summary(self, now: float) -> str:
        """Those that are new, the first at once and then each hour; empty if there is nothing to say."""
        is_due = self._said_at is None or not 0 <= now - self._said_at < SUMMARY_SECONDS
        if not self._new or not is_due:
            return ""
        words = ", ".join(f"{number} {reason}" for reason, number in sorted(self._new.items()))
        self._new.clear()
        self._said_at = now
        return words

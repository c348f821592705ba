"""How much of what was used."""

from collections.abc import Mapping
from typing import Self

from tests.performance.cost.prices import Unit


class Figures(dict[Unit | str, float]):
    """Counts by unit, and by a name what is no unit (calls of a function, bytes read); 0 where nothing is."""

    def __missing__(self, key: Unit | str) -> float:
        return 0

    def times(self, factor: float) -> "Figures":
        return Figures({what: count * factor for what, count in self.items()})

    def with_more(self, other: Mapping[Unit | str, float]) -> "Figures":
        total = Figures(self)
        for what, count in other.items():
            total[what] += count
        return total

    def since(self, before: Self) -> "Figures":
        """What has changed."""
        return Figures({what: count - before[what] for what, count in self.items() if count != before[what]})

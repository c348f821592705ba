"""When an alarm of CloudWatch fires, by its own figures and the course of its metric. Pure.

Stricter than CloudWatch, which may look farther back where datapoints are missing: what fires here fires
there. Source: Amazon CloudWatch User Guide, "Alarm evaluation", "Configuring how alarms treat missing data".
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

EVALUATED_EACH = 60.0  # with periods of a minute and more
_STATISTICS: Mapping[str, Callable[[Iterable[float]], float]] = {"Sum": sum, "Maximum": max}
_COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    "GreaterThanThreshold": lambda value, threshold: value > threshold,
    "LessThanThreshold": lambda value, threshold: value < threshold,
}


@dataclass(frozen=True, slots=True)
class Sample:
    """One value of a metric: the time that it is about, and when CloudWatch has it (seconds)."""

    at: float
    value: float
    known_at: float


def fires_at(alarm: Mapping[str, Any], course: Sequence[Sample], begins: float, until: float) -> float | None:
    """When it fires from time 0 to `until`, if it does; `begins`: how far in a period of CloudWatch 0 is."""
    period = float(alarm["Period"])
    now = EVALUATED_EACH
    while now <= until:
        if _is_breaching(alarm, course, begins, now, period):
            return now
        now += EVALUATED_EACH
    return None


def _is_breaching(
    alarm: Mapping[str, Any], course: Sequence[Sample], begins: float, now: float, period: float
) -> bool:
    """By the last so many periods that are over."""
    periods = int(alarm["EvaluationPeriods"])
    last = int((now + begins) // period)
    values: dict[int, list[float]] = {}
    for sample in course:
        if sample.known_at <= now:
            values.setdefault(int((sample.at + begins) // period), []).append(sample.value)
    statistic, compare = _STATISTICS[alarm["Statistic"]], _COMPARISONS[alarm["ComparisonOperator"]]
    is_missing_bad = {"breaching": True, "notBreaching": False}[alarm["TreatMissingData"]]
    bad = 0
    for number in range(last - periods, last):
        found = values.get(number)
        bad += compare(statistic(found), float(alarm["Threshold"])) if found else is_missing_bad
    return bad >= int(alarm.get("DatapointsToAlarm", periods))

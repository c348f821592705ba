"""One family of metrics, of values that are there already. The library is loaded with the first of them."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from prometheus_client.metrics_core import Metric

PREFIX = "printer_bridge_"
Rows = Iterable[tuple[Sequence[str], float]]


def gauge(name: str, words: str, rows: Rows, labels: Sequence[str] = ()) -> "Metric":
    """Values that go up and down; a row is its label values and the value."""
    from prometheus_client.metrics_core import GaugeMetricFamily

    family = GaugeMetricFamily(PREFIX + name, words, labels=labels)
    for values, value in rows:
        family.add_metric(values, float(value))
    return family


def counter(name: str, words: str, rows: Rows, labels: Sequence[str] = ()) -> "Metric":
    """Values that only grow, from the start of the program; `_total` is added to the name."""
    from prometheus_client.metrics_core import CounterMetricFamily

    family = CounterMetricFamily(PREFIX + name, words, labels=labels)
    for values, value in rows:
        family.add_metric(values, float(value))
    return family


def alone(value: float) -> Rows:
    """The row of a family without labels."""
    return [((), value)]

"""An exposition read back as Prometheus reads it, and checked for what Prometheus refuses."""

from dataclasses import dataclass

from prometheus_client.parser import text_string_to_metric_families

Labels = frozenset[tuple[str, str]]


@dataclass(frozen=True)
class Exposition:
    """Every line by name and labels. Raises AssertionError for a series or a family that is told twice."""

    values: dict[tuple[str, Labels], float]
    labels: dict[str, set[str]]  # by the names as they stand in the lines
    help: dict[str, str]

    def value(self, name: str, /, **labels: str) -> float | None:
        return self.values.get((name, frozenset(labels.items())))

    def having(self, name: str, label: str) -> dict[str, float]:
        """That label's values in the lines of that name, with the lines' values."""
        return {dict(labels)[label]: value for (found, labels), value in self.values.items() if found == name}


def read_exposition(text: str | bytes) -> Exposition:
    if isinstance(text, bytes):
        text = text.decode("utf-8")
    values: dict[tuple[str, Labels], float] = {}
    labels: dict[str, set[str]] = {}
    words: dict[str, str] = {}
    for family in text_string_to_metric_families(text):
        name = family.name + ("_total" if family.type == "counter" else "")
        assert name not in words, f"{name} is told twice"
        words[name] = family.documentation
        labels.setdefault(name, set())
        for sample in family.samples:
            series = (sample.name, frozenset(sample.labels.items()))
            assert series not in values, f"{series} is told twice"
            values[series] = sample.value
            labels.setdefault(sample.name, set()).update(sample.labels)
    return Exposition(values, labels, words)

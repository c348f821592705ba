"""The figures as text, in the form of infra/docs/figures.md."""

from collections.abc import Iterable

from tests.performance.scale.ceilings import before_this, ceilings
from tests.performance.scale.figures import figures_of, growth
from tests.performance.scale.hour import Hour


def table(small: Hour, large: Hour) -> str:
    """All of it."""
    grown = growth(small, large)
    few, many = figures_of(small), figures_of(large)
    limits = ceilings(large)
    return "\n".join(
        [
            f"An hour of {large.printers:,} printers of {large.sites} collectors, a third of them printing,",
            f"half of them away for 17 minutes; at most {large.busiest:,.0f} reports a second.",
            f"Health: {large.health}.",
            "",
            *_rows(
                ("a printer, an hour", f"of {small.printers:,}", f"of {large.printers:,}", "growth"),
                (
                    (name, _number(few[name]), _number(many[name]), f"{grown.get(name, 1):.2f}")
                    for name in many
                ),
            ),
            "",
            *_rows(
                ("largest single call", "items", "bytes"),
                ((name, f"{items:,}", f"{size:,}") for name, (items, size) in sorted(large.largest.items())),
            ),
            "",
            *_rows(
                (
                    "an answer of the API",
                    "queries",
                    "read units",
                    "items at most in one",
                    "bytes",
                    "CPU here (ms)",
                ),
                (
                    (
                        path,
                        *(_number(cost[name]) for name in ("queries", "read units", "items", "bytes")),
                        f"{cost['cpu'] * 1000:.0f}",
                    )
                    for path, cost in large.api.items()
                ),
            ),
            "",
            *_rows(
                ("what is used up", "at so many printers", "what helps"),
                ((it.what, f"{it.printers:,.0f}", it.remedy) for it in limits),
            ),
            "",
            f"The next bottleneck: {limits[0].what}, at {limits[0].printers:,.0f} printers.",
            "Before: "
            + "; ".join(f"{name}: {count:,.0f} printers" for name, count in before_this(large).items()),
            "",
        ]
    )


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:,.2f}"


def _rows(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    lines = [head, *rows]
    marks = ["| " + " | ".join(cells) + " |" for cells in lines]
    return [marks[0], "| " + " | ".join("---" for _ in head) + " |", *marks[1:]]

"""A soak's outcome for a person."""

from tests.reliability.soak.bounds import MIB
from tests.reliability.soak.judge import Row
from tests.reliability.soak.run import Outcome
from tests.reliability.soak.sampling import Sample


def table(outcome: Outcome) -> str:
    """Figures, a row for every bound, and the verdict."""
    plan = outcome.plan
    lines = [
        f"{plan.mode}, {plan.printers} printers, {outcome.figures['seconds'] / 60:.1f} minutes",
        *(f"  {name:28} {value:12,.2f}" for name, value in outcome.figures.items() if name != "seconds"),
        "",
        f"  {'':16}{'first':>10}{'last':>10}{'most':>10}{'an hour':>12}   allowed (growth, most)",
        *(_row(row) for row in outcome.rows),
        "",
        *(f"  ✘ {fault}" for fault in outcome.faults),
        "  ✘ not within bounds" if outcome.faults else "  ✔ within all bounds, nothing lost",
        "",
    ]
    return "\n".join(lines)


def line(sample: Sample) -> str:
    """One line of progress."""
    values = sample.values
    parts = [f"{sample.at:6.0f} s"]
    sizes = ("resident", "outbox_bytes", "outbox_disk", "images", "database")
    counts = ("handles", "threads", "tasks", "lag", "load_late")
    parts += [f"{name} {values[name] / MIB:.1f} MiB" for name in sizes if name in values]
    parts += [f"{name} {values[name]:.4g}" for name in counts if name in values]
    return "  ".join(parts)


def _row(row: Row) -> str:
    bound = row.bound
    scale = MIB if bound.unit == "MiB" else 1.0
    values = [row.first, row.last, row.most]
    allowed = ["any" if limit is None else f"{limit / scale:,.1f}" for limit in (bound.growth, bound.most)]
    mark = "✘" if row.faults else "✔"
    return (
        f"{mark} {bound.name:16}"
        + "".join(f"{value / scale:10,.1f}" for value in values)
        + f"{row.per_hour / scale:+12,.1f}   {' , '.join(allowed)} {bound.unit}"
    )

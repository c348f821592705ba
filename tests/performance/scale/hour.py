"""One simulated hour of so many printers, and what each of them used in it."""

import itertools
import json
from dataclasses import dataclass

from tests.performance.cost.figures import Figures
from tests.performance.cost.prices import Unit
from tests.performance.scale.fleet import Fleet
from tests.performance.scale.stack import BEGIN, ScaledStack, scaled_stack

TICK = 5.0  # seconds of reports that are shipped and worked off together
LIVENESS_SECONDS = 300
KNOWN_FOR = 120.0


@dataclass(frozen=True, slots=True)
class Hour:
    """`used` in all by the printers, `cpu` in seconds by function; `told` are the messages of that hour.

    `largest`: items and bytes of the largest call of each kind. `api`: read units, items and bytes of each
    answer. `busiest`: most reports in a second.
    """

    printers: int
    sites: int
    used: Figures
    cpu: Figures
    told: int
    films: int
    busiest: float
    largest: dict[str, tuple[int, int]]
    api: dict[str, dict[str, float]]
    health: str

    def each(self, what: Unit | str) -> float:
        """For each printer."""
        return self.used[what] / self.printers


def simulated_hour(printers: int, per_site: int = 100) -> Hour:
    """Heartbeats, prints, half of the sites gone and back."""
    fleet = Fleet(printers, per_site)
    with scaled_stack() as stack:
        known = [report for _, report in fleet.known_before(BEGIN - KNOWN_FOR)]
        stack.set_time(BEGIN - KNOWN_FOR)
        for start in range(0, len(known), 500):
            stack.report(known[start : start + 500])
        before, cpu_before, told_before = Figures(stack.aws.figures), Figures(stack.cpu), stack.telegram.sent
        stack.aws.largest.clear()
        looked, busiest = 0, 0
        for tick, events in itertools.groupby(fleet.events(BEGIN), lambda event: int(event[0] / TICK)):
            while looked * LIVENESS_SECONDS <= tick * TICK:
                stack.set_time(BEGIN + looked * LIVENESS_SECONDS)
                stack.look_for_collectors()
                looked += 1
            reports = [report for _, report in events]
            busiest = max(busiest, len(reports))
            stack.set_time(BEGIN + (tick + 1) * TICK)
            stack.report(reports)
        used = stack.aws.figures.since(before)
        largest = dict(stack.aws.largest)
        cpu, told = stack.cpu.since(cpu_before), stack.telegram.sent - told_before
        api, health = _answers(stack, fleet)
        return Hour(
            printers,
            len(fleet.sites),
            used,
            cpu,
            told,
            stack.films_ordered,
            busiest / TICK,
            largest,
            api,
            health,
        )


def _answers(stack: ScaledStack, fleet: Fleet) -> tuple[dict[str, dict[str, float]], str]:
    """What one call of the API costs, by its path."""
    found: dict[str, dict[str, float]] = {}
    name = fleet.printers[-1].name
    paths = ("/api/health", "/api/printers", f"/api/printer/{name}", "/api/printer/nobody")
    stack.ask("/api/")  # makes the container
    for path in paths:
        before, cpu = Figures(stack.aws.figures), stack.cpu["api"]
        stack.aws.largest.clear()
        answer = stack.ask(path)
        assert answer["statusCode"] in (200, 404), answer["body"]
        used = stack.aws.figures.since(before)
        found[path.replace(name, "{id}")] = {
            "queries": used["Query of api"],
            "reads": used["GetItem of api"],
            "read units": used[Unit.READ_UNIT],
            "items": stack.aws.largest.get("Query of api", (0, 0))[0],
            "bytes": len(answer["body"]),
            "cpu": stack.cpu["api"] - cpu,
        }
    return found, json.loads(stack.ask("/api/health")["body"])["detail"]

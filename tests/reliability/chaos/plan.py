"""What goes wrong in a run of chaos, and when: a pure function of the seed."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from random import Random

from infra.simulator.scenarios import (
    ERROR_FILAMENT_OUT,
    HMS_FILAMENT_OUT,
    STAGE_FILAMENT_OUT,
    Camera,
    Ending,
    HmsWarning,
    Job,
    Pause,
    Print,
    Scenario,
)


class Shape(StrEnum):
    EMBEDDED = "embedded"
    CLOUD = "cloud"


class Kind(StrEnum):
    """A kind of fault. `kill`: the program's whole process group; `functions`: the cloud's half."""

    KILL = "kill"
    KILL_IN_WRITE = "kill in a write"
    FREEZE = "program frozen"
    SLOW_DISK = "slow disk"
    DROP = "sockets dropped"
    HALF_OPEN = "half-open socket"
    STALL = "network stall"
    BAMBUI_STOPPED = "BambUI restart"
    BAMBUI_KILLED = "BambUI killed"
    DEAD_STATUS_TASK = "dead status task"
    TELEGRAM_429 = "Telegram 429"
    TELEGRAM_5XX = "Telegram 5xx"
    TELEGRAM_HANG_UP = "Telegram hangs up before"
    TELEGRAM_LOST_ANSWER = "Telegram hangs up after"
    TELEGRAM_REFUSES = "Telegram refuses the chat"
    TELEGRAM_SLOW = "Telegram slow"
    TELEGRAM_DOWN = "Telegram down"
    AWS_THROTTLED = "AWS throttles"
    AWS_500 = "AWS 500"
    AWS_503 = "AWS 503"
    AWS_DENIED = "AWS denies access"
    AWS_EXPIRED = "AWS token expired"
    AWS_RESET = "AWS resets"
    AWS_LOST_ANSWER = "AWS answer lost"
    AWS_PARTIAL = "AWS partial failure"
    AWS_REPEATS = "AWS delivers twice"
    KILL_FUNCTIONS = "functions killed"
    FREEZE_FUNCTIONS = "functions frozen"


_EDGE = (
    (Kind.KILL, 5),
    (Kind.KILL_IN_WRITE, 4),
    (Kind.FREEZE, 1),
    (Kind.SLOW_DISK, 2),
    (Kind.DROP, 4),
    (Kind.HALF_OPEN, 2),
    (Kind.STALL, 2),
    (Kind.BAMBUI_STOPPED, 1),
    (Kind.BAMBUI_KILLED, 2),
    (Kind.DEAD_STATUS_TASK, 2),
)
_TELEGRAM = (
    (Kind.TELEGRAM_429, 2),
    (Kind.TELEGRAM_5XX, 2),
    (Kind.TELEGRAM_HANG_UP, 2),
    (Kind.TELEGRAM_LOST_ANSWER, 1),
    (Kind.TELEGRAM_REFUSES, 2),
    (Kind.TELEGRAM_SLOW, 2),
    (Kind.TELEGRAM_DOWN, 1),
)
_AWS = (
    (Kind.AWS_THROTTLED, 2),
    (Kind.AWS_500, 2),
    (Kind.AWS_503, 2),
    (Kind.AWS_DENIED, 2),
    (Kind.AWS_EXPIRED, 2),
    (Kind.AWS_RESET, 2),
    (Kind.AWS_LOST_ANSWER, 3),
    (Kind.AWS_PARTIAL, 3),
    (Kind.AWS_REPEATS, 2),
    (Kind.KILL_FUNCTIONS, 4),
    (Kind.FREEZE_FUNCTIONS, 1),
)
KINDS: dict[Shape, tuple[tuple[Kind, int], ...]] = {
    Shape.EMBEDDED: _EDGE + _TELEGRAM,
    Shape.CLOUD: _EDGE + _TELEGRAM + _AWS,
}
_LASTS: dict[Kind, tuple[float, float]] = {
    Kind.KILL: (0.0, 2.5),  # until the next start
    Kind.KILL_IN_WRITE: (0.0, 1.0),
    Kind.FREEZE: (1.0, 10.0),
    Kind.SLOW_DISK: (2.0, 5.0),
    Kind.STALL: (1.0, 10.0),
    Kind.BAMBUI_STOPPED: (0.2, 4.0),
    Kind.BAMBUI_KILLED: (0.2, 4.0),
    Kind.TELEGRAM_SLOW: (0.5, 3.0),
    Kind.TELEGRAM_DOWN: (0.5, 4.0),
    Kind.FREEZE_FUNCTIONS: (1.0, 6.0),
    **{kind: (0.5, 4.0) for kind, _ in _AWS if kind.name.startswith("AWS")},
}
_QUIET_AT_FIRST = 2.0


@dataclass(frozen=True, slots=True)
class Fault:
    """Begins `at` seconds into the run, lasts `seconds`; `target` is the number of a printer, `dice` (0 to
    1) decides what else is left open, such as the write in which a kill falls."""

    at: float
    kind: Kind
    seconds: float
    target: int
    dice: float


@dataclass(frozen=True, slots=True)
class Plan:
    """A whole run. `status_timeout`: when a printer counts as silent; `scale`: script seconds a second."""

    seed: int
    shape: Shape
    scale: float
    seconds: float
    status_timeout: float
    printers: tuple[Scenario, ...]
    faults: tuple[Fault, ...]

    @property
    def jobs(self) -> int:
        return sum(len(scenario.prints) for scenario in self.printers)


def name_of(number: int) -> str:
    """The printer of that number."""
    return f"P{number + 1}"


def make_plan(
    seed: int, shape: Shape, faults: int, *, printers: int = 4, jobs: int = 4, scale: float = 4.0
) -> Plan:
    """The run of that seed: the same for the same arguments."""
    random = Random(f"{seed}/{shape}/{faults}/{printers}/{jobs}/{scale}")
    scenarios = tuple(_scenario(random, number, jobs) for number in range(printers))
    seconds = min(script_seconds(scenario) for scenario in scenarios) / scale
    return Plan(
        seed,
        shape,
        scale,
        seconds,
        random.choice((5.0, 14.0)),
        scenarios,
        tuple(_faults(random, shape, faults, seconds, printers)),
    )


def script_seconds(scenario: Scenario) -> float:
    """How long a scenario takes at time scale 1, its stalls not counted."""
    seconds = scenario.idle_seconds
    for run in scenario.prints:
        seconds += run.seconds * run.ends_at + sum(pause.seconds for pause in run.pauses)
        seconds += scenario.rest_seconds
    return seconds


def _faults(random: Random, shape: Shape, count: int, seconds: float, printers: int) -> Sequence[Fault]:
    kinds, weights = zip(*KINDS[shape], strict=True)
    moments = sorted(random.uniform(_QUIET_AT_FIRST, seconds) for _ in range(count))
    return [
        Fault(
            round(at, 3),
            kind := random.choices(kinds, weights)[0],
            round(random.uniform(*_LASTS.get(kind, (0.0, 0.0))), 3),
            random.randrange(printers),
            round(random.random(), 6),
        )
        for at in moments
    ]


def _scenario(random: Random, number: int, jobs: int) -> Scenario:
    prints = tuple(_print(random, f"{name_of(number)} part {job + 1}", job) for job in range(jobs))
    cameras = (Camera.WORKING, Camera.WORKING, Camera.STUCK_AT_PHOTOS)
    return Scenario(
        prints,
        camera=random.choice(cameras),
        idle_seconds=random.uniform(4, 12),
        rest_seconds=random.uniform(6, 16),
    )


def _print(random: Random, name: str, number: int) -> Print:
    ending = random.choice((Ending.FINISHED, Ending.FINISHED, Ending.FAILED, Ending.CANCELLED))
    ends_at = 1.0 if ending is Ending.FINISHED else round(random.uniform(0.5, 0.9), 2)
    pauses = []
    if random.random() < 0.5:
        pauses.append(Pause(round(random.uniform(0.15, 0.3), 2), random.uniform(6, 20)))
    if random.random() < 0.4:
        at, seconds = round(random.uniform(0.33, 0.42), 2), random.uniform(6, 20)
        pauses.append(Pause(at, seconds, STAGE_FILAMENT_OUT, ERROR_FILAMENT_OUT, HMS_FILAMENT_OUT))
    warning = None
    if random.random() < 0.5:  # a code of its own, so that each is told
        warning = HmsWarning(round(random.uniform(0.43, 0.48), 2), ((0x0300_0D00 + number, 0x0002_0003),))
    return Print(
        Job(
            name,
            minutes=random.randint(20, 90),
            layers=random.randint(40, 200),
            is_cloud=random.random() < 0.5,
        ),
        seconds=random.uniform(40, 90),
        ending=ending,
        ends_at=ends_at,
        pauses=tuple(pauses),
        warning=warning,
    )

"""What goes wrong in a run of chaos, and when: a pure function of the seed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
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
from tests.reliability.chaos.people import Request, make_requests
from tests.reliability.chaos.quirks import CodePlace, Quirks


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
    TELEGRAM_SLOW = "Telegram slow"
    TELEGRAM_DOWN = "Telegram down"
    CHAT_TOPIC_CLOSED = "topic closed"
    CHAT_TOPIC_DELETED = "topic deleted"
    CHAT_BOT_KICKED = "bot kicked, added again"
    CHAT_NO_RIGHTS = "no right to post"
    CHAT_NO_MEDIA = "no right to post pictures and films"
    CHAT_FORBIDDEN = "Telegram 403"
    CHAT_UNAUTHORIZED = "Telegram 401"
    CHAT_UNKNOWN_400 = "hour of unknown 400s"
    AWS_THROTTLED = "AWS throttles"
    AWS_500 = "AWS 500"
    AWS_503 = "AWS 503"
    AWS_DENIED = "AWS denies access"
    AWS_EXPIRED = "AWS token expired"
    AWS_RESET = "AWS resets"
    AWS_LOST_ANSWER = "AWS answer lost"
    AWS_PARTIAL = "AWS partial failure"
    AWS_REPEATS = "AWS delivers twice"
    FULL_DISK = "disk full"
    FLOOD = "half-open flood"
    ROLLBACK = "former release, and back"
    KILL_IN_SEND = "kill in a send"
    KILL_FFMPEG = "ffmpeg killed"
    KILL_IN_UPDATE = "kill in an answer"
    TELEGRAM_LOST_UPDATE = "updates given in vain"
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
_SURROUNDINGS = (
    (Kind.FULL_DISK, 4),
    (Kind.FLOOD, 3),
    (Kind.ROLLBACK, 3),
    (Kind.KILL_IN_SEND, 4),
    (Kind.KILL_FFMPEG, 3),
)
_TELEGRAM = (
    (Kind.TELEGRAM_429, 3),
    (Kind.TELEGRAM_5XX, 2),
    (Kind.TELEGRAM_HANG_UP, 2),
    (Kind.TELEGRAM_LOST_ANSWER, 1),
    (Kind.TELEGRAM_SLOW, 2),
    (Kind.TELEGRAM_DOWN, 1),
    (Kind.CHAT_TOPIC_CLOSED, 1),
    (Kind.CHAT_TOPIC_DELETED, 2),
    (Kind.CHAT_BOT_KICKED, 1),
    (Kind.CHAT_NO_RIGHTS, 1),
    (Kind.CHAT_NO_MEDIA, 1),
    (Kind.CHAT_FORBIDDEN, 1),
    (Kind.CHAT_UNAUTHORIZED, 1),
    (Kind.CHAT_UNKNOWN_400, 2),
)
_PEOPLE = (  # where people ask
    (Kind.KILL_IN_UPDATE, 6),
    (Kind.TELEGRAM_LOST_UPDATE, 3),
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
    Shape.EMBEDDED: _EDGE + _TELEGRAM + _SURROUNDINGS,
    Shape.CLOUD: _EDGE + _TELEGRAM + _SURROUNDINGS + _AWS,
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
    Kind.FULL_DISK: (2.0, 6.0),
    Kind.FLOOD: (1.0, 6.0),
    Kind.ROLLBACK: (1.0, 6.0),
    Kind.KILL_IN_SEND: (0.0, 2.0),
    Kind.KILL_IN_UPDATE: (0.0, 2.0),
    **{kind: (0.5, 10.0) for kind, _ in _TELEGRAM if kind.name.startswith("CHAT")},
    **{kind: (0.5, 4.0) for kind, _ in _AWS if kind.name.startswith("AWS")},
}
_QUIET_AT_FIRST = 2.0
_FLAPPER_EVERY = _PACED_EVERY = 5


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
    """A whole run. `status_timeout`: when a printer counts as silent; `scale`: script seconds a second;
    `quirks` by the names of the jobs; `has_flapper`: one more printer changes as fast as it can; `requests`:
    what people ask of the bot meanwhile."""

    seed: int
    shape: Shape
    scale: float
    seconds: float
    status_timeout: float
    printers: tuple[Scenario, ...]
    faults: tuple[Fault, ...]
    quirks: Mapping[str, Quirks] = field(default_factory=dict)
    has_flapper: bool = False
    requests: tuple[Request, ...] = ()

    @property
    def files(self) -> dict[str, str]:
        """The job of each name under which it may be told of."""
        jobs = {run.job.name: run.job.name for scenario in self.printers for run in scenario.prints}
        return jobs | {quirk.renamed[1]: job for job, quirk in self.quirks.items() if quirk.renamed}

    @property
    def is_paced(self) -> bool:
        """Whether the chat takes so many messages a minute and no more: beside a flapper, and in every fifth
        run in which people ask."""
        return self.has_flapper or (bool(self.requests) and self.seed % _PACED_EVERY == 0)

    @property
    def jobs(self) -> int:
        return sum(len(scenario.prints) for scenario in self.printers)


def kinds_of(shape: Shape, *, commands: bool) -> tuple[tuple[Kind, int], ...]:
    """What goes wrong in that shape, and how often; `commands`: where people ask things of the bot."""
    return KINDS[shape] + (_PEOPLE if commands else ())


def name_of(number: int) -> str:
    """The printer of that number."""
    return f"P{number + 1}"


def make_plan(
    seed: int,
    shape: Shape,
    faults: int,
    *,
    printers: int = 4,
    jobs: int | None = None,
    scale: float = 4.0,
    commands: bool = False,
) -> Plan:
    """The run of that seed: the same for the same arguments. `commands`: people ask things of the bot.

    Every fifth in one process has a flapper, and fewer jobs. Not so the cloud's: its functions run one at a
    time here, and who has most waiting is asked most often. Nor where people ask: a flapper leaves no room in
    the chat for answers.
    """
    has_flapper = shape is Shape.EMBEDDED and seed % _FLAPPER_EVERY == 0 and not commands
    if jobs is None:
        jobs = 2 if has_flapper else 4
    random = Random(f"{seed}/{shape}/{faults}/{printers}/{jobs}/{scale}")
    even = [_scenario(random, number, jobs) for number in range(printers)]
    scenarios, quirks = [], dict[str, Quirks]()
    for scenario in even:
        odd = [_odd(random, run, scenario.rest_seconds) for run in scenario.prints]
        scenarios.append(replace(scenario, prints=tuple(run for run, _ in odd)))
        quirks |= {run.job.name: quirk for run, quirk in odd}
    seconds = min(script_seconds(scenario) for scenario in scenarios) / scale
    return Plan(
        seed,
        shape,
        scale,
        seconds,
        random.choice((5.0, 14.0)),
        tuple(scenarios),
        tuple(_faults(random, kinds_of(shape, commands=commands), faults, seconds, printers)),
        quirks,
        has_flapper,
        make_requests(Random(f"{seed}/{shape}/people"), seconds, printers) if commands else (),
    )


def script_seconds(scenario: Scenario) -> float:
    """How long a scenario takes at time scale 1, its stalls not counted."""
    seconds = scenario.idle_seconds
    for run in scenario.prints:
        seconds += run.seconds * run.ends_at + sum(pause.seconds for pause in run.pauses)
        seconds += scenario.rest_seconds
    return seconds


def _faults(
    random: Random, weighted: Sequence[tuple[Kind, int]], count: int, seconds: float, printers: int
) -> Sequence[Fault]:
    kinds, weights = zip(*weighted, strict=True)
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


def _odd(random: Random, run: Print, rest_seconds: float) -> tuple[Print, Quirks]:
    """The print with what real ones do now and then; most have one or two quirks."""
    if random.random() < 0.08:
        return replace(run, pauses=(), warning=None, seconds=40.0, ends_at=0.4), Quirks(never_runs=True)
    plates = random.choice((2, 3)) if random.random() < 0.3 else 1
    if plates > 1 and random.random() < 0.5:  # for so long that the fall is believed to be another plate
        run = replace(run, seconds=random.uniform(130, 170), ending=Ending.FINISHED, ends_at=1.0)
        plates = 2
    renamed = None
    if random.random() < 0.3:
        ending = random.choice((" plate 1", " repaired"))
        renamed = (round(random.uniform(0.2, 0.6), 2), run.job.name + ending)
    wordless = None
    if random.random() < 0.4:
        begins = random.uniform(0.1, 0.6)
        wordless = (round(begins, 2), round(begins + random.uniform(0.1, 0.5), 2))
    return run, Quirks(
        plates=plates,
        renamed=renamed,
        wordless=wordless,
        is_word_empty=random.random() < 0.5,
        clears=random.choice((0.0, random.uniform(1, 12))) if random.random() < 0.5 else None,
        place=random.choice(tuple(CodePlace)),
        lead=random.choice((0.0, random.uniform(1, 12), -random.uniform(1, min(10, rest_seconds - 2)))),
        stays=random.random() < 0.5,
        ends_idle=run.ending is Ending.FAILED and random.random() < 0.4,
    )

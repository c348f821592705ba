"""What a person must be told of a printer: the rules once more, written for the auditor alone.

A world is what the bridge may know; where it cannot be known whether it saw something, there are several.
Nothing of the product is used here: two writings of the same rules check each other.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from tests.reliability.chaos.timeline import Closed, Hindrances, Item, Killed, Opened, Started, Status
from tests.reliability.chaos.wire import Heard

TIMING_SLACK = 1.5
SETTLES_FOR = 1.0  # the first words after a gap: the last of them counts
CAUSE_WAITS_FOR = 5.0  # then an end that shows no new cause
START_TAKES = 5.0
CODE_FORGOTTEN = (25.0, 45.0)  # surely remembered until, surely forgotten from
_ACTIVE = frozenset({"PREPARE", "RUNNING", "PAUSE"})
_CANCELLED = 0x0300_400C
_ENDS = {"FINISH": "print finished", "IDLE": "print ended, cause unknown"}
LATE = " while we were away"
STARTED, ALREADY, ALREADY_PAUSED = "print started", "already printing", "a print is under way, paused now"
PAUSED, RESUMED, CHANGED_FILE = "print paused", "print resumed", "file changed"
LOST, RESTORED, ERROR = "contact lost", "contact restored", "error"
UNSEEN = "print ended while we were away, result unknown"


@dataclass(frozen=True, slots=True)
class Told:
    """A message that the rules ask for: its words, its job, and the moment before which it cannot come."""

    words: str
    job: str | None
    since: float


@dataclass(frozen=True, slots=True)
class Running:
    """The job that is open. `is_taken_as_ended`: by silence."""

    name: str | None
    state: str
    has_run: bool
    is_taken_as_ended: bool = False


@dataclass(frozen=True, slots=True)
class Settling:
    """What does not count yet: the first status of a gap was read between `earliest` and `latest`."""

    heard: Heard
    earliest: float
    latest: float

    @property
    def lasts(self) -> float:
        """At most."""
        waits_for_cause = self.heard.state in ("FAILED", "IDLE")
        return SETTLES_FOR + (CAUSE_WAITS_FOR if waits_for_cause else 0.0)


@dataclass(frozen=True, slots=True)
class World:
    """What the bridge may know of a printer. The last status, or the program's start if that is later, was
    between `earliest` and `latest`. `codes`: told error codes and when they were last seen."""

    job: Running | None = None
    is_alive: bool = False
    is_cut: bool = False  # what came last on this connection was not kept, so nothing after it was
    is_after_gap: bool = True
    is_silent: bool = False
    has_heard: bool = False
    earliest: float = 0.0
    latest: float = 0.0
    codes: tuple[tuple[str, float], ...] = ()
    settling: Settling | None = None


Outcome = tuple[World, tuple[Told, ...]]


def outcomes(world: World, item: Item, status_timeout: float, hindrances: Hindrances) -> Iterator[Outcome]:
    """The worlds that may follow one more item, and what has to be told on the way to each."""
    for settled, first in _settled(world, item, hindrances):
        for before, told in _silences(settled, item, status_timeout, hindrances):
            for after, more in _taken(before, item, hindrances):
                yield after, first + told + more


def _settled(world: World, item: Item, hindrances: Hindrances) -> Iterator[Outcome]:
    """What settles may count before the item, and must if it was time enough."""
    settling = world.settling
    if settling is None or not world.is_alive:
        yield world, ()
        return
    at = hindrances.read_at(item.at)
    is_active = isinstance(item, Status) and item.heard.state in _ACTIVE
    lasts = SETTLES_FOR if is_active else settling.lasts  # an active word waits for no cause
    due = settling.latest + lasts
    sure = hindrances.saved_at(due) if isinstance(item, Killed) else hindrances.read_at(due)
    must = item.at > sure + TIMING_SLACK and not hindrances.is_frozen_within(settling.earliest, at)
    if at >= settling.earliest + SETTLES_FOR - TIMING_SLACK / 3:
        free = replace(world, settling=None)
        since = settling.earliest + SETTLES_FOR - TIMING_SLACK / 3
        for after, told in _heard(free, settling.heard, since, settling.latest):
            yield replace(after, earliest=world.earliest, latest=world.latest), told
    if not must:
        yield world, ()


def at_the_end(world: World) -> Iterator[Outcome]:
    """When nothing more comes, what settles counts."""
    if world.settling is None:
        yield world, ()
        return
    yield from _heard(
        replace(world, settling=None), world.settling.heard, world.settling.earliest, world.settling.latest
    )


def _silences(world: World, item: Item, status_timeout: float, hindrances: Hindrances) -> Iterator[Outcome]:
    if not world.is_alive or world.is_silent or world.latest == 0:
        yield world, ()
        return
    at = hindrances.read_at(item.at)
    sure_until = at - TIMING_SLACK if isinstance(item, Killed) else at
    may = at - world.earliest > status_timeout - TIMING_SLACK
    must = sure_until - world.latest > status_timeout + TIMING_SLACK
    must = must and not hindrances.is_frozen_within(world.earliest, at)
    if not must:
        yield world, ()
    if may:
        silent = replace(world, is_silent=True, is_after_gap=True)
        job = world.job
        if job is None or job.is_taken_as_ended:
            yield silent, ()
        else:
            since = world.earliest + status_timeout - TIMING_SLACK
            yield replace(silent, job=replace(job, is_taken_as_ended=True)), (Told(LOST, job.name, since),)


def _taken(world: World, item: Item, hindrances: Hindrances) -> Iterator[Outcome]:
    match item:
        case Started(at=at):
            yield (
                replace(
                    world,
                    is_alive=True,
                    is_cut=False,
                    is_after_gap=True,
                    earliest=at,
                    latest=at + START_TAKES,
                ),
                (),
            )
        case Killed():
            yield replace(world, is_alive=False, settling=None), ()
        case Opened():
            yield replace(world, is_cut=False, is_after_gap=True), ()
        case Closed():
            yield world, ()
        case Status(heard=heard, is_sure=is_sure):
            if not is_sure or world.is_cut:
                yield replace(world, is_cut=True), ()
            if not world.is_cut and world.is_alive:
                yield from _received(world, heard, item.at, hindrances.read_at(item.at))


def _received(world: World, heard: Heard, earliest: float, at: float) -> Iterator[Outcome]:
    """A status counts at once, unless it is among the first words after a gap."""
    settling = world.settling
    if settling is None and not (world.is_after_gap or world.is_silent):
        yield from _heard(world, heard, earliest, at)
        return
    begun = Settling(heard, earliest, at) if settling is None else replace(settling, heard=heard)
    yield replace(world, settling=begun, earliest=earliest, latest=at), ()


def _heard(world: World, heard: Heard, earliest: float, at: float) -> Iterator[Outcome]:
    fresh = [code for code in codes_of(heard) if code not in dict(world.codes)]
    doubtful = [
        code
        for code, seen in world.codes
        if code in codes_of(heard) and at - seen > CODE_FORGOTTEN[0] and at - seen < CODE_FORGOTTEN[1]
    ]
    fresh += [
        code for code, seen in world.codes if code in codes_of(heard) and at - seen >= CODE_FORGOTTEN[1]
    ]
    kept = {**dict(world.codes), **dict.fromkeys(codes_of(heard), at)}
    seen = replace(world, codes=tuple(sorted(kept.items())), earliest=earliest, latest=at)
    for has_new in {bool(fresh), bool(fresh or doubtful)}:
        yield _ruled(seen, heard, has_new=has_new and world.has_heard)


def _ruled(world: World, heard: Heard, *, has_new: bool) -> Outcome:
    """`has_new`: an error code is there that was not told."""
    at = world.earliest
    is_gap, was_silent, job = world.is_after_gap or world.is_silent, world.is_silent, world.job
    is_first = not world.has_heard
    after = replace(world, is_silent=False, is_after_gap=False, has_heard=True)
    told: list[Told] = []
    if heard.state in _ACTIVE:
        running = Running(
            heard.name, heard.state, heard.state != "PREPARE" or (job is not None and job.has_run)
        )
        is_other = (
            job is not None
            and (is_gap or job.is_taken_as_ended)
            and (job.name != heard.name or (heard.state == "PREPARE" and job.has_run))
        )
        if job is None or is_other:
            if job is not None and not job.is_taken_as_ended:
                told.append(Told(UNSEEN, job.name, at))
            is_found = is_other or is_first or heard.state == "PAUSE" or (is_gap and heard.state != "PREPARE")
            words = (ALREADY_PAUSED if heard.state == "PAUSE" else ALREADY) if is_found else STARTED
            told.append(Told(words, heard.name, at))
            running = replace(running, has_run=heard.state != "PREPARE")
            has_new = False
        elif job.is_taken_as_ended:
            told.append(Told(RESTORED, heard.name, at))
            has_new = False
        else:
            if job.name != heard.name:
                told.append(Told(CHANGED_FILE, heard.name, at))
            if heard.state == "PAUSE" and job.state != "PAUSE":
                told.append(Told(PAUSED, heard.name, at))
                has_new = False
            elif job.state == "PAUSE" and heard.state == "RUNNING":
                told.append(Told(RESUMED, heard.name, at))
        after = replace(after, job=running)
    elif job is not None:
        after = replace(after, job=None)
        is_other = (is_gap or job.is_taken_as_ended) and job.name != heard.name
        if is_other:
            told += [] if job.is_taken_as_ended else [Told(UNSEEN, job.name, at)]
        elif heard.state != "IDLE" or not job.is_taken_as_ended:
            words = _ENDS.get(heard.state) or _failed(heard)
            told.append(Told(words + LATE if was_silent and heard.state != "IDLE" else words, job.name, at))
            has_new = has_new and heard.state != "FAILED"
    if has_new:
        told.append(Told(ERROR, after.job.name if after.job is not None else None, at))
    return after, tuple(told)


def _failed(heard: Heard) -> str:
    return "print cancelled" if heard.print_error == _CANCELLED else "print failed"


def codes_of(heard: Heard) -> list[str]:
    """What a person is told of: print errors but for cancels, and HMS entries."""
    error = heard.print_error
    codes = [f"{error:08X}"] if error and error != _CANCELLED and error & 0xFFFF >= 0x4000 else []
    return codes + [f"{attribute:08X}{code:08X}" for attribute, code in heard.hms]

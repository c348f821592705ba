"""Which pictures of a job are kept: evenly spaced, about as many as the film needs, whatever its length."""

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Picking:
    """The picking for one job (`token`). Times by a clock that only runs forward.

    `reached` is where on the even grid the last kept picture stands.
    """

    token: str
    began_at: float
    reached: float | None = None


def picture_interval(elapsed: float, remaining: float, budget: float) -> float:
    """Seconds between kept pictures of a job; `budget` is how many pictures the film can show.

    With nothing known of the rest (0) the interval grows with the time gone by, so that no job costs
    without bound: about budget * (1 + ln(length / (budget * camera's interval))) pictures at most.
    """
    return max(0.0, elapsed + remaining) / max(1.0, budget)


def pick(picking: Picking, now: float, remaining: float, budget: float) -> tuple[Picking, bool]:
    """Whether to keep a picture that came now; `remaining` in seconds, 0 when unknown.

    Kept on an even grid and not "so long after the last one": a camera that gives a picture each second
    would else give every second one at an interval of 1.1 s.
    """
    if picking.reached is None:
        return replace(picking, reached=now), True
    interval = picture_interval(now - picking.began_at, remaining, budget)
    due = picking.reached + interval
    if now < due:
        return picking, False
    is_on_time = now - due < interval
    return replace(picking, reached=due if is_on_time else now), True

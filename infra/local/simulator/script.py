"""What a client of BambUI meets of a scenario: the happenings at the times BambUI lets them through."""

from collections.abc import Iterator

from infra.local.simulator.happenings import Happening
from infra.local.simulator.printer import PICTURE_INTERVAL, STATUS_INTERVAL, happenings
from infra.local.simulator.scenarios import Camera, Scenario
from infra.local.simulator.stalls import hold_for_photos


def play_scenario(
    scenario: Scenario,
    *,
    name: str = "",
    model: str = "A1M",
    seed: int = 0,
    status_interval: float = STATUS_INTERVAL,
    picture_interval: float = PICTURE_INTERVAL,
) -> Iterator[Happening]:
    """The happenings of a scenario in the order of time, without end; pure and the same for the same seed."""
    script = happenings(
        scenario,
        name=name,
        model=model,
        seed=seed,
        status_interval=status_interval,
        picture_interval=picture_interval,
    )
    return hold_for_photos(script, is_stuck=scenario.camera is Camera.STUCK_AT_PHOTOS)

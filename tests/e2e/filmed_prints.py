"""Short prints of the simulated printer that are worth a film, and the films as they were received."""

from pathlib import Path
from typing import Any

from infra.simulator.scenarios import Job, Print, Scenario
from infra.simulator.simulated_printer import SimulatedPrinter
from tests.e2e.rig import IMAGE
from tests.support.telegram.server import Posted

# A short estimate: the camera's images are then nearly all kept, though the print is over in seconds.
HOOK = Job("Hook", minutes=1)
ONE = Scenario((Print(HOOK, seconds=36),))

# A budget that keeps every image, however fast they are pushed.
EVERY_IMAGE: dict[str, Any] = {"timelapse_target_duration_seconds": 600.0, "timelapse_fps_cap": 120}


def printer(
    scenario: Scenario,
    name: str = "A1M-1",
    *,
    size: tuple[int, int] = IMAGE,
    image_interval: float = 1.0,
) -> SimulatedPrinter:
    return SimulatedPrinter(
        name, "A1M", scenario, image_size=size, image_interval=image_interval, waits_for_client=True
    )


def saved(film: Posted, folder: Path) -> Path:
    """The film as the person got it."""
    assert film.video is not None
    path = folder / f"received-{film.id}.mp4"
    path.write_bytes(film.video)
    return path


def films_on_disk(folder: Path) -> list[Path]:
    return sorted((folder / "images").rglob("timelapse_*.mp4"))

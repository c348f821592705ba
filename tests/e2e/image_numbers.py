"""The simulator's image numbers: which ones a scenario's jobs have, which were kept, which a film shows."""

from io import BytesIO
from itertools import groupby
from pathlib import Path

from PIL import Image

from functions.shared.domain.status import is_active
from functions.timelapse.ffmpeg import FilmFacts, find_ffmpeg, read_film
from infra.simulator.camera import read_number
from infra.simulator.device import play_scenario
from infra.simulator.scenarios import Scenario
from infra.simulator.timeline import CameraImage, Done, StatusDelta
from tests.support.numbered_frames import gray_images


def numbers_of_jobs(scenario: Scenario) -> list[range]:
    """For each job of the scenario the numbers of the images that the camera takes while it is active."""
    jobs: list[list[int]] = []
    was_active = False
    for event in play_scenario(scenario):
        if isinstance(event, Done):
            break
        if isinstance(event, StatusDelta) and "gcode_state" in event.fields:
            is_now = is_active(event.fields["gcode_state"])
            if is_now and not was_active:
                jobs.append([])
            was_active = is_now
        elif isinstance(event, CameraImage) and event.scene is not None and was_active:
            jobs[-1].append(event.scene.number)
    return [range(numbers[0], numbers[-1] + 1) for numbers in jobs]


def number_of(jpeg: bytes) -> int:
    """The number in one image."""
    with Image.open(BytesIO(jpeg)) as image:
        return _number_in(image)


def kept_numbers(images: Path, printer_id: str) -> list[int]:
    """Of the printer's frames in its folders, in the order of their names."""
    files = (images / printer_id).rglob("*.jpg")
    return [number_of(path.read_bytes()) for path in sorted(files, key=lambda path: path.name)]


def shown_numbers(film: Path) -> list[int]:
    """What the film shows, in its order; a number that stands still counts once."""
    size = facts_of(film)
    images = gray_images(film, size.width, size.height)
    numbers = (_number_in(Image.frombytes("L", (size.width, size.height), pixels)) for pixels in images)
    return [number for number, _ in groupby(numbers)]


def _number_in(image: Image.Image) -> int:
    number = read_number(image)
    assert number is not None, "the picture's number cannot be read"
    return number


def facts_of(film: Path) -> FilmFacts:
    """Length, codec and size, read back from the file."""
    return read_film(find_ffmpeg(), film)

"""The simulated camera's images look like a real one's to everything that handles them."""

import io
from functools import cache
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops

from functions.shared.domain.jpeg import read_jpeg
from infra.simulator.camera import NUMBERS, Painter, read_number
from infra.simulator.timeline import Scene

LINES = ("A1M-1  00:01:12", "RUNNING  62 %  layer 69/110")
BED = (250, 380, 1030, 680)


def opened(jpeg: bytes) -> Image.Image:
    return Image.open(io.BytesIO(jpeg)).convert("RGB")


def changed_pixels(first: Image.Image, second: Image.Image) -> int:
    red, green, blue = ImageChops.difference(first, second).split()
    most = ImageChops.lighter(ImageChops.lighter(red, green), blue)
    return sum(most.histogram()[30:])


@pytest.fixture(scope="module")
def painter() -> Painter:
    return Painter()


@pytest.mark.parametrize(
    "scene",
    [
        Scene(1, lines=("A1M-1", "IDLE")),
        Scene(2, 10.0, "Benchy_PLA_42m", 0.02, 0.0, True, LINES),
        Scene(3, 70.0, "Twisted vase 0.2mm", 0.6, 0.0, True, LINES),
        Scene(4, 99.0, "Phone stand (blue)", 1.0, 0.0, False, LINES),
        Scene(5, 99.0, "Hook", 0.5, 1.0, True, LINES),
        Scene(6, 99.0, "Bracket_v4_PETG", 0.5, 1.0, True, LINES),
    ],
)
def test_an_image_has_the_size_and_form_of_a_real_one(painter: Painter, scene: Scene) -> None:
    jpeg = painter.jpeg(scene)
    assert 60_000 <= len(jpeg) <= 120_000
    assert jpeg[:4] == b"\xff\xd8\xff\xe0"
    assert jpeg[-2:] == b"\xff\xd9"
    assert read_jpeg(jpeg).fault is None
    assert opened(jpeg).size == (1280, 720)
    assert read_number(opened(jpeg)) == scene.number


def test_no_two_images_are_the_same_but_the_same_scene_is(painter: Painter) -> None:
    scenes = [Scene(number, 1.0, "Hook", 0.4, 0.0, True, LINES) for number in range(1, 5)]
    assert len({painter.jpeg(scene) for scene in scenes}) == 4
    assert painter.jpeg(scenes[0]) == Painter().jpeg(scenes[0])


def test_the_object_grows_and_the_next_job_begins_on_an_empty_bed(painter: Painter) -> None:
    empty = opened(painter.jpeg(Scene(3)))

    def changed(built: float) -> int:
        return changed_pixels(empty, opened(painter.jpeg(Scene(3, 0.0, "Hook", built))))

    grown = [changed(built) for built in (0.1, 0.3, 0.6, 1.0)]
    assert grown == sorted(grown)
    assert grown[0] > 3000
    assert changed(0.0) < 200


def test_spaghetti_is_plain_to_see_around_the_object(painter: Painter) -> None:
    clean = opened(painter.jpeg(Scene(9, 0.0, "Hook", 0.5, 0.0, True))).crop(BED)
    tangled = opened(painter.jpeg(Scene(9, 0.0, "Hook", 0.5, 0.9, True))).crop(BED)
    assert changed_pixels(clean, tangled) > 0.2 * clean.width * clean.height


painter_of = cache(Painter)


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, NUMBERS - 1),
    st.sampled_from([(64, 48), (160, 120), (320, 180), (854, 480)]),
    st.floats(0, 1),
    st.floats(0, 1),
)
def test_the_number_can_be_read_from_an_image_of_any_size(
    number: int, size: tuple[int, int], built: float, tangle: float
) -> None:
    scene = Scene(number, 0.0, "Benchy", built, tangle, True)
    assert read_number(opened(painter_of(size).jpeg(scene))) == number


def test_the_number_survives_scaling_and_strong_compression(painter: Painter) -> None:
    image = opened(painter.jpeg(Scene(173_529, 0.0, "Hook", 0.5, 0.5, True, LINES)))
    target = io.BytesIO()
    image.resize((640, 360)).save(target, "JPEG", quality=20)
    assert read_number(opened(target.getvalue())) == 173_529


def test_an_image_without_a_number_gives_none() -> None:
    assert read_number(Image.new("RGB", (1280, 720), "white")) is None
    assert read_number(Image.new("RGB", (64, 48), "black")) is None


def test_a_small_image_is_small_and_whole() -> None:
    jpeg = Painter((64, 48)).jpeg(Scene(77, 0.0, "Hook", 0.5, 0.5, True))
    assert len(jpeg) < 4000
    assert read_jpeg(jpeg).fault is None


@pytest.mark.parametrize("name", ["", "../../x\n\x00", "<b>&\"'", "💥" * 300, "\ud800", "x" * 5000])
def test_no_name_is_too_strange_to_be_drawn(name: str) -> None:
    jpeg = Painter((640, 360)).jpeg(Scene(1, 0.0, name, 0.3, 0.2, True, (name, name)))
    assert read_number(opened(jpeg)) == 1


def test_the_camera_noise_flickers_even_when_nothing_moves() -> None:
    painter = Painter((320, 180))
    first, second = (opened(painter.jpeg(Scene(number))) for number in (1, 2))
    box = (10, 100, 110, 170)
    assert (
        cast("int", ImageChops.difference(first.crop(box), second.crop(box)).convert("L").getextrema()[1]) > 2
    )

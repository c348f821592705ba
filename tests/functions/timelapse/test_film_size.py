"""Pixels and bits of a film."""

from hypothesis import given, settings
from hypothesis import strategies as st

from functions.timelapse.plan import film_timing
from functions.timelapse.recipe import film_shape

sides = st.integers(16, 4096)


@settings(max_examples=200, deadline=None)
@given(sides, sides, sides, st.integers(100_000, 2_000_000_000), st.integers(2, 1350))
def test_sides_are_even_and_within_the_width_and_the_bytes(
    width: int, height: int, max_width: int, max_bytes: int, count: int
) -> None:
    timing = film_timing(count, 45, 30)
    shape = film_shape(width, height, max_width, max_bytes, timing)
    assert shape.width % 2 == shape.height % 2 == 0
    assert 16 <= shape.width <= max_width
    assert shape.width <= max(16, width)
    assert (shape.rate * timing.seconds + shape.buffer) / 8 <= max_bytes


def test_the_settings_as_they_come_keep_the_cameras_size() -> None:
    shape = film_shape(1280, 720, 1280, 52_428_800, film_timing(1291, 45, 30))
    assert (shape.width, shape.height) == (1280, 720)
    assert 8_000_000 < shape.rate < 8_500_000


def test_a_wide_camera_is_shown_smaller_and_not_distorted() -> None:
    shape = film_shape(1920, 1080, 1280, 52_428_800, film_timing(500, 45, 30))
    assert (shape.width, shape.height) == (1280, 720)


def test_few_bytes_make_a_narrow_film_rather_than_a_blurred_one() -> None:
    shape = film_shape(1280, 720, 1280, 1_000_000, film_timing(1291, 45, 30))
    assert 320 <= shape.width < 800

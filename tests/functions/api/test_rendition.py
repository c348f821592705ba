import io

from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from functions.api.rendition import smaller
from functions.shared.domain.jpeg import SIZE_LIMIT, read_jpeg
from tests.support.edge_material import jpeg
from tests.support.large_jpeg import large_jpeg


def test_a_picture_that_is_too_large_keeps_its_shape_and_fits() -> None:
    original = large_jpeg()
    found = smaller(original, 1_500_000)
    assert found is not None
    assert len(found) <= 1_500_000 < len(original) < SIZE_LIMIT
    picture = read_jpeg(found)
    assert (picture.width, picture.height, picture.fault) == (1920, 1440, None)


def test_it_is_as_large_as_may_be() -> None:
    found = smaller(large_jpeg(), 400_000)
    assert found is not None
    assert read_jpeg(found).width == 640
    assert smaller(large_jpeg(), 1000) is None


def test_a_picture_without_colours_becomes_one_like_all_others() -> None:
    found = smaller(jpeg(side=64), 10_000)
    assert found is not None
    with Image.open(io.BytesIO(found)) as opened:
        assert (opened.mode, opened.size) == ("RGB", (64, 64))


def test_nothing_hidden_in_the_original_is_handed_on() -> None:
    stream = io.BytesIO()
    Image.new("RGB", (64, 64)).save(stream, "JPEG", comment=b"where I live")
    found = smaller(stream.getvalue(), 10_000)
    assert found is not None
    assert b"where I live" not in found


@given(st.binary(max_size=200), st.integers(2, 600))
def test_what_is_no_whole_picture_has_no_rendition(noise: bytes, place: int) -> None:
    assert smaller(noise, 10_000) is None
    whole = jpeg(side=64)
    broken = whole[:place] + noise + whole[-2:]
    assert smaller(broken, 10_000) is None or read_jpeg(broken).fault is None

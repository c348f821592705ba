"""Only whole JPEGs are kept."""

import base64

import pytest

from collector.bambui.messages import ImageError, ImageMessage, decode_image, read_message
from tests.support.edge_material import image_text, jpeg


def _image(text: str) -> ImageMessage:
    message = read_message(text)
    assert isinstance(message, ImageMessage)
    return message


def test_a_whole_image_comes_out_as_it_went_in() -> None:
    assert decode_image(_image(image_text(jpeg()))) == jpeg()


def test_unusual_json_of_an_image_is_understood() -> None:
    text = base64.b64encode(jpeg()).decode()
    escaped = '{"type":"jpeg_image","image":"' + text.replace("/", "\\/") + '"}'
    assert decode_image(_image(escaped)) == jpeg()
    with_more = '{"type":"jpeg_image","image":"' + text + '","extra":"x"}'
    assert decode_image(_image(with_more)) == jpeg()


@pytest.mark.parametrize(
    "text",
    [
        '{"type":"jpeg_image","image":""}',
        '{"type":"jpeg_image","image":"@@@@"}',
        '{"type":"jpeg_image","image":"QUI"}',
        '{"type":"jpeg_image","image":"\u00e9\u00e9\u00e9\u00e9"}',
        '{"type":"jpeg_image","image":"a\\q"}',
        image_text(b"\x89PNG not a jpeg"),
        image_text(jpeg()[:-20]),
        image_text(b"\xff\xd8" + b"\x00" * (11 * 1024 * 1024) + b"\xff\xd9"),
    ],
    ids=["empty", "no base64", "cut base64", "not ascii", "bad escape", "png", "truncated", "huge"],
)
def test_anything_else_is_refused_with_a_reason(text: str) -> None:
    with pytest.raises(ImageError, match=r"\w"):
        decode_image(_image(text))

"""The form body: what a server reads out of it, and that a film is never whole in memory."""

from io import BytesIO

import pytest
import requests

from functions.shared.telegram.multipart import FilePart, MultipartBody
from tests.functions.notify.harness import Counting
from tests.support.telegram.calls import _form_values


def a_film(size: int) -> FilePart:
    return FilePart("video", "t.mp4", "video/mp4", Counting(b"\r\n--x" * (size // 5)), size // 5 * 5)


@pytest.mark.parametrize("piece", [1, 7, 1000, 10**6, -1])
def test_a_server_reads_the_same_out_of_it_whatever_the_pieces(piece: int) -> None:
    film = a_film(5000)
    body = MultipartBody({"caption": "🧵 <b>&\r\n", "chat_id": "-5"}, [film])
    read = b""
    while data := body.read(piece):
        read += data
    assert len(read) == len(body)
    texts, files = _form_values(body.content_type, read)
    assert texts == {"caption": "🧵 <b>&\r\n", "chat_id": "-5"}
    assert files == {"video": b"\r\n--x" * 1000}


def test_its_length_is_known_beforehand_and_it_is_streamed() -> None:
    body = MultipartBody({}, [a_film(100_000)])
    prepared = requests.Request("POST", "http://x/", data=body).prepare()
    assert prepared.headers["Content-Length"] == str(len(body))
    assert "Transfer-Encoding" not in prepared.headers
    assert prepared.body is body  # type: ignore[comparison-overlap]


def test_a_large_film_is_read_in_small_pieces() -> None:
    film = a_film(5_000_000)
    assert isinstance(film.content, Counting)
    body = MultipartBody({}, [film])
    assert sum(len(piece) for piece in body) == len(body)
    assert film.content.largest <= 64 * 1024


def test_a_file_that_shrank_is_an_error_and_no_hang() -> None:
    body = MultipartBody({}, [FilePart("video", "t.mp4", "video/mp4", BytesIO(b"abc"), 4)])
    with pytest.raises(OSError, match="1 bytes before"):
        body.read()

"""What is live: the newest status and the newest whole image of each printer."""

import base64
import json
from concurrent.futures import ThreadPoolExecutor

from hypothesis import given
from hypothesis import strategies as st

from functions.shared.live import Live, LiveFrame, LiveStatus
from tests.functions.shared.domain.test_jpeg import WHOLE

OTHER = WHOLE[:2] + b"\xff\xfe\x00\x04hi" + WHOLE[2:]


def text(image: bytes) -> str:
    return base64.b64encode(image).decode()


def test_nothing_is_known_of_a_printer_nobody_named() -> None:
    live = Live()
    assert live.printers() == {}
    assert live.status("A1") is None
    assert live.frame("A1") is None


def test_a_printer_is_listed_with_what_is_known() -> None:
    live = Live()
    live.put_printer("A1", "A1M", True)
    live.put_status("P1", '{"data": {}}', 5.0)
    assert live.printers() == {"A1": ("A1M", True, False), "P1": (None, None, True)}
    live.put_printer("P1", "P1S", False)
    assert live.printers()["P1"] == ("P1S", False, True)


def test_the_newest_status_is_given_as_it_came() -> None:
    live = Live()
    live.put_status("A1", '{"data": {"mc_percent": 1}}', 5.0)
    live.put_status("A1", '{"data": {"mc_percent": 2}}', 6.0)
    status = live.status("A1")
    assert status is not None
    assert (status.data(), status.received_at) == ({"mc_percent": 2}, 6.0)


@given(
    message=st.text(st.characters(), max_size=30)
    | st.sampled_from(["[1]", '{"data": [1]}', '{"data": {"x": NaN}}', "[" * 100_000])
)
def test_a_status_that_is_none_is_empty(message: str) -> None:
    assert LiveStatus(message, 5.0).data() == {}


def test_the_newest_image_is_given_with_its_time() -> None:
    live = Live()
    live.put_image("A1", text(WHOLE), 5.0)
    live.put_image("A1", text(OTHER), 6.0)
    assert live.frame("A1") == LiveFrame(OTHER, 6.0)
    assert live.frame("A1") == LiveFrame(OTHER, 6.0)


def test_a_broken_image_leaves_the_last_good_one_standing() -> None:
    live = Live()
    live.put_image("A1", text(WHOLE), 5.0)
    assert live.frame("A1") is not None
    for broken in (
        text(WHOLE)[:-2],
        text(WHOLE[:500]),
        "žluť",
        "",
        "=",
        text(b"PNG"),
        text(WHOLE)[:-4] + "\n==",
    ):
        live.put_image("A1", broken, 6.0)
        assert live.frame("A1") == LiveFrame(WHOLE, 5.0)


def test_the_time_of_an_image_is_known_without_decoding_it() -> None:
    live = Live()
    assert live.frame_taken_at("A1") is None
    live.put_status("A1", "{}", 1.0)
    assert live.frame_taken_at("A1") is None
    live.put_image("A1", text(WHOLE), 5.0)
    assert live.frame_taken_at("A1") == 5.0
    assert live.frame("A1") == LiveFrame(WHOLE, 5.0)
    assert live.frame_taken_at("A1") == 5.0
    for broken in (text(WHOLE)[:-2], text(WHOLE[:500]), "žluť", "", "=", text(b"PNG")):
        live.put_image("A1", broken, 6.0)
        assert live.frame_taken_at("A1") == 5.0
    live.put_image("A1", text(OTHER), 7.0)
    assert live.frame_taken_at("A1") == 7.0


def test_many_threads_may_ask_and_tell_at_once() -> None:
    live = Live()

    def tell(number: int) -> None:
        live.put_image("A1", text(WHOLE if number % 2 else OTHER), float(number))
        live.put_status("A1", json.dumps({"data": {"n": number}}), float(number))
        live.frame("A1")
        live.printers()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(tell, range(200)))
    frame, status = live.frame("A1"), live.status("A1")
    assert frame is not None
    assert status is not None
    assert status.data() == {"n": status.received_at}

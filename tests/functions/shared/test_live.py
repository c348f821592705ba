"""What is live: the newest status of each printer, and its newest picture."""

import json
from concurrent.futures import ThreadPoolExecutor

from hypothesis import given
from hypothesis import strategies as st

from functions.shared.latest_pictures import LatestPicture
from functions.shared.live import Live, LiveStatus
from tests.functions.shared.domain.test_jpeg import WHOLE
from tests.functions.shared.test_latest_pictures import sent, text


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


def test_a_printer_of_which_only_a_picture_came_is_listed() -> None:
    live = Live()
    live.put_heard("A1")
    assert live.printers() == {"A1": (None, None, False)}


def test_the_picture_is_the_latest_of_all_that_were_put_there() -> None:
    live = Live()
    live.pictures.put("A1", sent(WHOLE), 5.0)
    assert live.frame_taken_at("A1") == 5.0
    assert live.frame("A1") == LatestPicture(WHOLE, 5.0)
    live.pictures.put("A1", sent(text(WHOLE)[:16] + "!" + text(WHOLE)[17:]), 6.0)
    assert live.frame("A1") is None


def test_many_threads_may_ask_and_tell_at_once() -> None:
    live = Live()

    def tell(number: int) -> None:
        live.put_heard("A1")
        live.put_status("A1", json.dumps({"data": {"n": number}}), float(number))
        live.printers()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(tell, range(200)))
    status = live.status("A1")
    assert status is not None
    assert status.data() == {"n": status.received_at}

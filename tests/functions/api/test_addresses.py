"""An address of a picture opens it without the key, changes only with it, and opens nothing else."""

from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.api.addresses import RENEWED_SECONDS, BucketAddresses, OwnAddresses, printer_address, validity
from tests.functions.api.bridge_data import NOW, RUNNING, BridgeData, asking
from tests.functions.api.serving import served
from tests.functions.api.test_names import HOSTILE
from tests.support.edge_material import jpeg

KEY = "a key that is long enough"
WEEK = 7 * 86_400
times = st.floats(0, 4e9)


@given(times, st.floats(-1e6, 1e6), st.floats(0, 1e6))
def test_an_address_has_begun_and_is_good_for_days_whatever_the_clocks_say(
    changed_at: float, since: float, later: float
) -> None:
    now = max(0.0, changed_at + since)
    begins, ends = validity(changed_at, now)
    assert begins <= now
    assert ends - now >= RENEWED_SECONDS
    assert ends - begins <= WEEK  # the longest that S3 signs for
    assert validity(changed_at, begins + RENEWED_SECONDS - 1) == (begins, ends)


def test_it_changes_with_the_picture_and_with_nothing_else() -> None:
    addresses, path = OwnAddresses(KEY), printer_address("A1M-1", "image")
    first = addresses.of(path, None, NOW, NOW + 5)
    assert addresses.of(path, None, NOW, NOW + 86_400) == first
    assert OwnAddresses(KEY).of(path, None, NOW, NOW + 5) == first, "another start is the same"
    others = [
        addresses.of(path, None, NOW + 0.001, NOW + 5),
        OwnAddresses(KEY + "!").of(path, None, NOW, NOW),
    ]
    assert first.text not in {it.text for it in others}


def test_without_a_key_there_is_nothing_to_sign() -> None:
    assert OwnAddresses("").of("api/printer/P/image", None, NOW, NOW).text == (
        "api/printer/P/image?at=1763816880000"
    )


class Bucket:
    """Tells what it was asked for."""

    origin = "https://frames.example"

    def address(self, key: str, begins: int, seconds: int, file_name: str | None = None) -> str:
        return f"{self.origin}/{key}?{seconds}&{file_name}"


def test_a_bucket_is_told_the_name_of_a_file_to_keep() -> None:
    addresses = BucketAddresses(Bucket())
    found = addresses.of("film", "images/A1/f.mp4", NOW, NOW, file_name="A1 Vase.mp4")
    assert found.text == f"https://frames.example/images/A1/f.mp4?{WEEK}&A1 Vase.mp4"
    assert addresses.of("film", "images/A1/f.mp4", NOW, NOW).text.endswith("&None")


@pytest.fixture
def filled(bridge: BridgeData) -> BridgeData:
    for shade, name in enumerate(HOSTILE):
        bridge.put_live(name, RUNNING, NOW)
        bridge.put_image(name, jpeg(shade), NOW)
    return bridge


def test_every_printer_s_address_opens_its_own_picture_and_no_key_is_asked_for(filled: BridgeData) -> None:
    addresses = OwnAddresses(KEY)
    with served(filled.app(KEY)) as server:
        for shade, name in enumerate(HOSTILE):
            address = addresses.of(printer_address(name, "image"), None, NOW, NOW).text
            answer = server.ask(f"/{address}")
            assert (answer.status, answer.body) == (200, jpeg(shade)), name
        assert server.ask("/" + printer_address("a/image", "image")).status == 401


async def test_nothing_else_is_opened_by_it_and_not_for_ever(filled: BridgeData) -> None:
    address = OwnAddresses(KEY).of(printer_address("image", "image"), None, NOW, NOW).text
    path, query = address.split("?")
    asked = {name: value for name, [value] in parse_qs(query).items()}
    async with asking(filled.app(KEY)) as client:
        assert (await client.get(f"/{address}")).status_code == 200
        assert (await client.post(f"/{address}")).status_code == 401
        for other in ("/api/overview", "/api/printer/image", "/api/printer/null/image", "/openapi.json"):
            assert (await client.get(f"{other}?{query}")).status_code == 401, other
        for name, value in (
            ("at", "1"),
            ("until", str(int(asked["until"]) + 1)),
            ("until", "9" * 5000),
            ("until", "²"),
            ("signature", "0" * 32),
            ("signature", "ü"),
            ("signature", ""),
        ):
            refused = await client.get(f"/{path}", params=asked | {name: value})
            assert refused.status_code == 401, (name, value)
        filled.clock.skip(float(asked["until"]) - NOW)
        assert (await client.get(f"/{address}")).status_code == 401


async def test_a_browser_keeps_a_picture_that_stands_and_only_under_its_own_address(
    bridge: BridgeData,
) -> None:
    frame = bridge.put_frame("P1", jpeg(), NOW - 3600)
    bridge.put_record("P1", status=RUNNING, received_at=NOW, state="IDLE", frame=frame)
    async with asking(bridge.app()) as client:
        [printer] = (await client.get("/api/overview")).json()["printers"]
        address = printer["image"]["address"]
        assert urlsplit(address).path == "api/printer/P1/image"
        kept = await client.get(f"/{address}")
        assert kept.headers["cache-control"] == "private, max-age=86400, immutable"
        assert (await client.get("/api/printer/P1/image")).headers["cache-control"] == "no-store"
        assert (await client.get("/api/printer/P1/image?at=1")).headers["cache-control"] == "no-store"
        bridge.put_image("P1", jpeg(9), NOW - 1)  # another follows in a second
        [printer] = (await client.get("/api/overview")).json()["printers"]
        assert printer["image"]["address"] != address
        live = await client.get(f"/{printer['image']['address']}")
        assert (live.content, live.headers["cache-control"]) == (jpeg(9), "no-store")

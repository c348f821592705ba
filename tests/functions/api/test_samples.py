"""What people said looks fine is listed for who tunes the AI."""

from collections.abc import Sequence

from fastapi.testclient import TestClient

from functions.api.app import create_app
from functions.shared.samples import Sample
from tests.functions.api.bridge_data import BridgeData
from tests.support.contracts.samples import sample


class Kept:
    """A place with two samples, one of a printer whose name cannot be written in UTF-8."""

    def keep(self, sample: Sample, pictures: Sequence[bytes]) -> None:
        raise NotImplementedError

    def newest(self) -> Sequence[Sample]:
        return [Sample("2", "\ud800", "other", 1e12), sample(1)]


def test_samples_are_listed_newest_first(bridge: BridgeData) -> None:
    app = create_app(bridge.records, bridge.frames, None, bridge.clock, samples=Kept())
    first, second = TestClient(app, base_url="http://localhost").get("/api/samples").json()
    assert (first["printer_id"], first["kept_at"]) == ("?", None)
    assert second == {
        "id": "0000000000000001",
        "printer_id": "Drucker / 1",
        "category": "spaghetti",
        "confidence": 0.9,
        "summary": "Fäden",
        "alerted_at": "2025-11-24T16:00:01Z",
        "kept_at": "2025-11-24T16:01:00Z",
        "pictures": [
            "samples/20251124T160001_0000000000000001/1.jpeg",
            "samples/20251124T160001_0000000000000001/2.jpeg",
        ],
    }


def test_where_none_are_kept_none_are_listed(bridge: BridgeData) -> None:
    app = create_app(bridge.records, bridge.frames, None, bridge.clock)
    assert TestClient(app, base_url="http://localhost").get("/api/samples").json() == []

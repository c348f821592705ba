"""The API's answers about a printer made of hostile content: they must always be JSON."""

from collections.abc import Mapping

from fastapi.responses import JSONResponse

from functions.api.health import health
from functions.api.presenter import printer_view, summary
from functions.shared.live import Live
from functions.shared.ports import FrameStore, RecordStore
from functions.shared.printer_now import newest_status
from functions.shared.read_model import ListedPrinter, Queries
from tests.support.memory_backend import MemoryFrames, MemoryRecords

_FRAMES: FrameStore = MemoryFrames()


def show(printer_id: str, values: Mapping[str, str], live: Live | None, now: float) -> None:
    """Everything the API says of that printer, from the records (JSON texts by key) and from memory."""
    records: RecordStore = MemoryRecords(dict(values))
    queries = Queries(records, _FRAMES, live)
    printer_data = queries.read(ListedPrinter(printer_id, "A1M", is_online=True, has_status=True))
    status = newest_status(printer_data)
    if status is not None:
        JSONResponse(printer_view(printer_data, status, now, None).model_dump(mode="json"))
    listed = queries.page().printers
    JSONResponse([summary(printer).model_dump(mode="json") for printer in listed])
    JSONResponse(health(queries.collectors, [printer_data], now, now - 5.0)[0].model_dump(mode="json"))

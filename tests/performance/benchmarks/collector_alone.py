"""`python -m collector` as its user runs it, between a load and an AWS that takes everything."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.performance.benchmarks.receiving import ROOT, Load
from tests.support.aws.sink import AwsSink
from tests.support.collector_process import CREDENTIALS, Edge


@asynccontextmanager
async def collector_alone(folder: Path, load: Load) -> AsyncIterator[tuple[int, AwsSink]]:
    """Its process id, and where it ships to."""
    with AwsSink() as sink:
        variables = {
            **CREDENTIALS,
            "AWS_ENDPOINT_URL": sink.url,
            "REPORTS_QUEUE_URL": f"{sink.url}/123456789012/reports.fifo",
            "FRAMES_BUCKET": "frames",
            "PRINTER_ID": load.names[0],
            "PRINTERS_API_URL": f"{load.http_url}/api/printers",
            "WS_URL_TEMPLATE": load.http_url.replace("http", "ws", 1) + "/ws/printer/{printer_id}",
            "DATA_DIR": str(folder / "data"),
            "PYTHONPATH": str(ROOT),
            "LOG_LEVEL": "WARNING",
        }
        with Edge(folder, **variables) as program:
            yield program.process_id, sink
            assert await asyncio.to_thread(program.stop) == 0

"""`python -m collector` as its user runs it, between a load and an AWS that takes everything."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.performance.benchmarks.receiving import ROOT, Load
from tests.support.aws.sink import AwsSink


@dataclass
class Shipped:
    """What has arrived so far."""

    sink: AwsSink

    @property
    def reports(self) -> int:
        return len(self.sink.reports)

    @property
    def frames(self) -> int:
        return len(self.sink.keys)


@asynccontextmanager
async def collector_alone(folder: Path, load: Load) -> AsyncIterator[tuple[int, Shipped]]:
    """Its process id, and what it has shipped."""
    with AwsSink() as sink:
        variables = {
            "AWS_ACCESS_KEY_ID": "AKIATEST",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_DEFAULT_REGION": "eu-central-1",
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
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "collector"), cwd=folder, env=os.environ | variables
        )
        try:
            yield process.pid, Shipped(sink)
        finally:
            process.terminate()
            assert await asyncio.wait_for(process.wait(), 10) == 0

"""A bridge's stores with real SQLite and files, filled by hand, and the API in front of them."""

import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI

from collector.bambui.messages import ImageMessage
from functions.api.app import create_app
from functions.shared.domain.keys import (
    collector_key,
    film_key,
    frame_key,
    inspection_key,
    job_prefix,
    printer_key,
)
from functions.shared.live import Live
from infra.local.storage.database import SqliteDatabase
from infra.local.storage.frames import FileFrameStore
from infra.local.storage.records import SqliteRecordStore
from tests.support.clock import HandClock

NOW = 1_763_816_880.0  # 2025-11-22T13:08:00Z

RUNNING: dict[str, Any] = {
    "gcode_state": "RUNNING",
    "subtask_name": "benchy",
    "mc_percent": 62,
    "layer_num": 89,
    "total_layer_num": 200,
    "mc_remaining_time": 72,
    "nozzle_temper": 219.9,
    "nozzle_target_temper": 220,
    "bed_temper": 59.8,
    "bed_target_temper": 60.0,
    "chamber_temper": 5,
    "print_error": 0,
}


def whole_record(record: dict[str, Any]) -> dict[str, Any]:
    """A record with what the tracker writes of every job."""
    job = {
        "id": "job",
        "started_at": NOW - 7200,
        "start_is_known": True,
        "phase": "active",
        "state": "RUNNING",
        "settled_at": NOW - 7200,
        "next_photo_at": NOW,
        "next_inspection_at": NOW,
        "step": 0,
    }
    return record | {"job": job | record["job"]} if isinstance(record.get("job"), dict) else record


class BridgeData:
    """The stores, the memory, and the clock of all."""

    def __init__(self, folder: Path, is_embedded: bool = True) -> None:
        self.clock = HandClock(NOW)
        self.folder = folder
        self.database = SqliteDatabase(folder / "state.db")
        self.records = SqliteRecordStore(self.database, self.clock)
        self.frames = FileFrameStore(folder / "images")
        self.live = Live() if is_embedded else None
        self.disk_trouble: str | None = None

    def app(self, api_key: str = "", root_path: str = "") -> FastAPI:
        return create_app(
            self.records,
            self.frames,
            self.live,
            self.clock,
            api_key,
            root_path,
            disk_trouble=lambda: self.disk_trouble,
        )

    def put_live(self, printer_id: str, status: object, received_at: float) -> None:
        assert self.live is not None
        message = json.dumps({"type": "printer_status", "data": status})
        self.live.put_status(printer_id, message, received_at)

    def put_image(self, printer_id: str, data: bytes, taken_at: float) -> None:
        assert self.live is not None
        self.live.put_heard(printer_id)
        text = base64.b64encode(data).decode()
        self.live.pictures.put(printer_id, ImageMessage(text, 0, len(text)), taken_at)

    def put_record(self, printer_id: str, **fields: Any) -> None:
        self._put(printer_key(printer_id), whole_record({"printer_id": printer_id, **fields}))

    def put_frame(self, printer_id: str, data: bytes, taken_at: float) -> dict[str, Any]:
        """Store a frame as the collector does; its reference for the record."""
        key = frame_key(job_prefix(printer_id, "benchy"), taken_at, 1)
        source = self.folder / "new.part"
        source.write_bytes(data)
        self.frames.put(key, source)
        return {"key": key, "taken_at": taken_at, "size": len(data)}

    def put_film(self, printer_id: str, ended_at: float, content: bytes) -> None:
        """A job that has ended, and its film."""
        prefix = job_prefix(printer_id, "benchy")
        job = {"name": "benchy", "prefix": prefix, "started_at": ended_at - 7200, "ended_at": ended_at}
        self.put_record(printer_id, status=RUNNING, received_at=ended_at, state="FINISH", job=job)
        source = self.folder / "new.part"
        source.write_bytes(content)
        self.frames.put(film_key(prefix, ended_at), source)

    def put_inspection(self, printer_id: str, **fields: Any) -> None:
        self._put(inspection_key(printer_id), fields)

    def put_collector(self, collector_id: str, received_at: float, *printer_ids: str, **facts: Any) -> None:
        printers = [{"printer_id": name, "model": "A1", "is_online": True, **facts} for name in printer_ids]
        status = {"version": "0.1.0", "printers": printers}
        body = {"collector_id": collector_id, "received_at": received_at, "status": status}
        self._put(collector_key(collector_id), body)

    def put_start(self, collector_id: str, started_at: float) -> None:
        stored = self.records.get(collector_key(collector_id))
        assert stored is not None
        stored.value["status"]["started_at"] = started_at
        self._put(stored.key, stored.value)

    def put_outbox(self, collector_id: str, **figures: object) -> None:
        stored = self.records.get(collector_key(collector_id))
        assert stored is not None
        stored.value["status"]["outbox"] = figures
        self._put(stored.key, stored.value)

    def _put(self, key: str, value: dict[str, Any]) -> None:
        stored = self.records.get(key)
        self.records.put(key, value, stored.version if stored else 0)


@asynccontextmanager
async def asking(app: FastAPI, **headers: str) -> AsyncIterator[httpx.AsyncClient]:
    """A client that calls the application without a socket."""
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://bridge", headers=headers) as client:
        yield client

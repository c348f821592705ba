"""Jobs that were never printed, behind the paths of the history: what the page is shown in its tests."""

import math
from datetime import datetime
from typing import Any

from fastapi import FastAPI, HTTPException, Request, Response

from functions.api.json_values import utc_time
from infra.simulator.timeline import Scene
from tests.functions.api.bridge_data import NOW
from tests.functions.api.page_scene import (
    FAILED,
    FINISHED,
    HOUR,
    MODELS,
    PAUSED,
    PICTURE_SIZE,
    PRINTING,
    SILENT,
    painter,
)

JOBS = (
    ("Benchy", FINISHED, "finished", None, 2.0, 5400),
    ("Dragon, articulated", FAILED, "failed", "the print stopped: the first layer was found bad", 0.5, 9100),
    ("Gridfinity 4x2 bin", PAUSED, "finished", None, 14.0, 12660),
    ("Cable clip x12", PRINTING, "cancelled", "cancelled at the printer", 20.0, 900),
    ("Phone stand (grey)", PRINTING, "finished", None, 26.0, 7320),
    ("Lamp shade", SILENT, "ended", "contact was lost", 49.0, 30200),
    ("Calibration cube", PRINTING, "never_began", "the plate was not found", 72.0, 40),
    ("Vase, spiral", FINISHED, "finished", None, 97.0, 16080),
)
HISTORY_SIZE = 34


class MadeUpHistory:
    """Jobs that were never printed, answered as infra/docs/architecture.md says of the history.

    `asked`: the queries that came. `fault`: what is answered in their place.
    """

    def __init__(self, film: bytes = b"", rename: str | None = None) -> None:
        self.film = film
        self.asked: list[str] = []
        self.fault: HTTPException | None = None
        self.is_empty = False
        self.has_gap = False  # nothing that is asked for among the newest, and more behind them
        self.is_partial = False
        self.held_back_once = ""  # a question with this in it, the first time
        self.rename = rename
        self.thumbnail = painter((320, 200)).jpeg(Scene(9, 60, "Benchy", 1.0))
        self.photo = painter(PICTURE_SIZE).jpeg(Scene(9, 60, "Benchy", 1.0))

    def lines(self) -> list[dict[str, Any]]:
        found = []
        for number in range(HISTORY_SIZE):
            name, printer, result, reason, hours, seconds = JOBS[number % len(JOBS)]
            ended = NOW - (hours + 120 * (number // len(JOBS))) * HOUR
            is_whole = result == "finished"
            has_pictures = result != "never_began"
            found.append(
                {
                    "id": f"j{number}",
                    "printer_id": self.rename or printer,
                    "model": MODELS[printer],
                    "name": self.rename or name,
                    "result": result,
                    "reason": self.rename if self.rename and reason else reason,
                    "started_at": _time(ended - seconds),
                    "start_is_known": number % 5 != 3,
                    "ended_at": _time(ended),
                    "end_is_known": result != "ended",
                    "duration_seconds": seconds,
                    "percent": 100 if is_whole else 41,
                    "layer": 200 if is_whole else 82,
                    "total_layers": 200,
                    "paused_seconds": 1260 if number % 3 == 0 else 0,
                    "film": {
                        "size": 4_812_345,
                        "address": f"api/jobs/j{number}/film?at=1",
                        "good_until": _time(NOW + HOUR),
                    }
                    if has_pictures and self.film
                    else None,
                    "image": {
                        "taken_at": _time(ended),
                        "address": f"api/jobs/j{number}/image?at=1",
                        "good_until": _time(NOW + HOUR),
                    }
                    if has_pictures
                    else None,
                    "thumbnail": {
                        "address": f"api/jobs/j{number}/image?at=1&small",
                        "good_until": _time(NOW + HOUR),
                    }
                    if has_pictures
                    else None,
                }
            )
        return found

    def whole(self, line: dict[str, Any]) -> dict[str, Any]:
        seconds, name = line["duration_seconds"], self.rename
        begun = NOW - 2 * HOUR if line["ended_at"] is None else None
        start = begun if begun is not None else _seconds(line["started_at"])
        times = [round(seconds * part / 120) for part in range(121)]
        warm = [1 - math.exp(-second / 150) for second in times]
        film = line["film"]
        return line | {
            "download": film and {"name": "A1 Benchy.mp4", "address": film["address"]},
            "errors": [
                {
                    "code": "0300-8002",
                    "text": name or "The first layer was found bad",
                    "severity": "attention",
                    "link": "https://wiki.bambulab.com/en/hms/home",
                }
            ]
            if line["result"] != "finished"
            else [],
            "pauses": [
                {
                    "began_at": _time(start + seconds * 0.4),
                    "ended_at": _time(start + seconds * 0.4 + 1260),
                    "seconds": 1260,
                    "reason": name or "filament ran out",
                }
            ]
            if line["paused_seconds"]
            else [],
            "checks": [
                {
                    "at": _time(start + seconds * 0.3),
                    "verdict": "fine",
                    "category": None,
                    "confidence": None,
                    "summary": name,
                },
                {
                    "at": _time(start + seconds * 0.6),
                    "verdict": "suspicious",
                    "category": "spaghetti",
                    "confidence": 0.64,
                    "summary": name or "Loose strands at the left edge",
                },
            ],
            "curve": {
                "seconds": times,
                "percent": [round(line["percent"] * part / 120) for part in range(121)],
                "nozzle": [round(25 + 195 * it, 1) for it in warm],
                "bed": [round(24 + 36 * it, 1) for it in warm],
                "chamber": [
                    None if second < seconds / 8 else round(24 + 9 * it, 1)
                    for second, it in zip(times, warm, strict=True)
                ],
            },
        }

    def add_to(self, app: FastAPI) -> None:
        """Its paths, before those of the bridge."""
        routes = len(app.router.routes)
        app.get("/api/jobs")(self._jobs)
        app.get("/api/jobs.csv")(self._csv)
        app.get("/api/stats")(self._stats)
        app.get("/api/jobs/{job}/film")(self._film)
        app.get("/api/jobs/{job}/image")(self._image)
        app.get("/api/jobs/{job}")(self._job)
        app.get("/api/printer/{name}/job")(self._running)
        app.get("/api/printer/{name}/messages")(self._messages)
        app.router.routes[:0] = [app.router.routes.pop() for _ in range(len(app.router.routes) - routes)][
            ::-1
        ]

    def _note(self, request: Request) -> None:
        self.asked.append(f"{request.url.path}?{request.url.query}")
        if self.held_back_once and self.held_back_once in self.asked[-1]:
            self.held_back_once = ""
            raise HTTPException(429, "too many requests", {"Retry-After": "0.1"})
        if self.fault is not None:
            raise self.fault

    def _found(self, request: Request) -> list[dict[str, Any]]:
        asked = request.query_params
        return (
            []
            if self.is_empty
            else [
                it
                for it in self.lines()
                if asked.get("printer") in (None, it["printer_id"])
                and asked.get("result") in (None, it["result"])
                and (asked.get("since") or "") <= it["ended_at"]
                and (asked.get("until") or "9") > it["ended_at"]
            ]
        )

    def _jobs(self, request: Request) -> dict[str, Any]:
        self._note(request)
        begin, limit = int(request.query_params.get("cursor", 0)), int(request.query_params.get("limit", 30))
        found = self._found(request)
        following = str(begin + limit) if len(found) > begin + limit else None
        if self.has_gap and "cursor" not in request.query_params:
            return {"at": _time(NOW), "jobs": [], "next_cursor": "0"}
        return {"at": _time(NOW), "jobs": found[begin : begin + limit], "next_cursor": following}

    def _job(self, job: str, request: Request) -> dict[str, Any]:
        self._note(request)
        for line in self.lines():
            if line["id"] == job:
                return self.whole(line)
        raise HTTPException(404, "unknown job")

    def _running(self, name: str, request: Request) -> dict[str, Any]:
        self._note(request)
        if self.is_empty:
            raise HTTPException(404, "no job yet")
        first = self.lines()[0] | {
            "ended_at": None,
            "result": None,
            "duration_seconds": 7200,
            "percent": 62,
            "started_at": _time(NOW - 2 * HOUR),
        }
        return self.whole(first)

    def _messages(self, name: str, request: Request) -> dict[str, Any]:
        self._note(request)
        told = [
            (240, "Progress: 60 %, layer 86/200, ready ~15:20", "notice"),
            (2400, "Print resumed after 21 min", "notice"),
            (3660, "Print paused: filament ran out (0300-8015)\nLoad new filament, then resume", "attention"),
            (7200, "Print started: Phone stand (blue)", "notice"),
        ]
        messages = [
            {"at": _time(NOW - ago), "text": self.rename or text, "severity": severity}
            for ago, text, severity in told
        ]
        return {"at": _time(NOW), "messages": [] if self.is_empty else messages}

    def _stats(self, request: Request) -> dict[str, Any]:
        self._note(request)
        found = self._found(request)
        months: dict[str, list[dict[str, Any]]] = {}
        for number, line in enumerate(found):
            months.setdefault(f"2025-{11 - number // 6:02d}", []).append(line)
        reasons = [
            {"reason": self.rename or "the first layer was found bad", "jobs": 3},
            {"reason": self.rename or "filament tangled", "jobs": 1},
        ]
        return {
            "at": _time(NOW),
            "all": _figures(found) | {"reasons": reasons},
            "printers": [],
            "months": [{"month": month} | _figures(lines) for month, lines in sorted(months.items())],
            "is_partial": self.is_partial,
        }

    def _csv(self, request: Request) -> Response:
        self._note(request)
        found, is_second = self._found(request), "cursor" in request.query_params
        half = len(found) // 2
        rows = ["id,name", *(f"{it['id']},made up" for it in (found[half:] if is_second else found[:half]))]
        headers = {"Content-Disposition": "attachment"}
        if not is_second:
            headers["Link"] = f'<?{request.query_params}&cursor=second>; rel="next"'
        return Response("".join(f"{row}\r\n" for row in rows), 200, headers, "text/csv")

    def _film(self, job: str, request: Request) -> Response:
        begin, _, end = request.headers.get("range", "bytes=0-").removeprefix("bytes=").partition("-")
        first, last = int(begin), int(end or len(self.film) - 1)
        headers = {"Content-Range": f"bytes {first}-{last}/{len(self.film)}", "Accept-Ranges": "bytes"}
        return Response(self.film[first : last + 1], 206, headers, "video/mp4")

    def _image(self, job: str, request: Request) -> Response:
        return Response(
            self.thumbnail if "small" in request.query_params else self.photo, media_type="image/jpeg"
        )


def _time(seconds: float) -> str:
    at = utc_time(seconds)
    assert at is not None
    return at.isoformat().replace("+00:00", "Z")


def _seconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def _figures(lines: list[dict[str, Any]]) -> dict[str, Any]:
    results = [it["result"] for it in lines]
    counts = {it: results.count(it) for it in ("finished", "failed", "cancelled", "ended")}
    seconds = [it["duration_seconds"] for it in lines]
    tried = counts["finished"] + counts["failed"]
    return {
        "jobs": len(lines),
        **counts,
        "success_rate": counts["finished"] / tried if tried else None,
        "hours": sum(seconds) / HOUR,
        "mean_seconds": sum(seconds) / len(seconds) if seconds else None,
        "longest_seconds": max(seconds, default=None),
    }

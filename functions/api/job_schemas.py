"""The shapes of the answers on past jobs, their figures, and what was told; see `schemas.py`."""

from datetime import datetime

from pydantic import Field

from functions.api.schemas import FaultView, View
from functions.shared.domain.faults import Severity

_TIME = "2025-11-22T13:08:00.123000Z"
_UNTIL = "2025-11-29T13:08:00Z"
_ADDRESS = "Relative to `/` of this bridge, or a whole one; it needs no key"


class JobFilmView(View):
    """The film of a job."""

    size: int = Field(description="In bytes", examples=[4_800_000])
    address: str = Field(
        description=f"Of an MP4, any range of it. {_ADDRESS}",
        examples=["api/jobs/5d0c1b2a3f4e5d6c7b8a/film?at=1763816880000"],
    )
    good_until: datetime = Field(description="When the address ends at the latest", examples=[_UNTIL])


class FilmDownloadView(View):
    """The film of a job as a file to keep."""

    name: str = Field(examples=["A1M-1 benchy_plate_1.mp4"])
    address: str = Field(
        description=f"Good as long as that of `film`. {_ADDRESS}",
        examples=["api/jobs/5d0c1b2a3f4e5d6c7b8a/film?at=1763816880000"],
    )


class JobImageView(View):
    """The last photo of a job."""

    taken_at: datetime = Field(description="When it was received from the camera", examples=[_TIME])
    address: str = Field(
        description=f"Of a JPEG. {_ADDRESS}",
        examples=["api/jobs/5d0c1b2a3f4e5d6c7b8a/image?at=1763816880000"],
    )
    good_until: datetime = Field(description="When the address ends at the latest", examples=[_UNTIL])


class ThumbnailView(View):
    """A small JPEG of a job's end, some 320 pixels wide; where none was made, the photo as it is."""

    address: str = Field(
        description=_ADDRESS, examples=["api/jobs/5d0c1b2a3f4e5d6c7b8a/thumbnail?at=1763816880000"]
    )
    good_until: datetime = Field(description="When the address ends at the latest", examples=[_UNTIL])


class JobLineView(View):
    """One job as a list shows it."""

    id: str = Field(description="The bridge's own id of this run", examples=["5d0c1b2a3f4e5d6c7b8a"])
    printer_id: str = Field(examples=["A1M-1"])
    model: str | None = Field(description="As BambUI says it", examples=["A1M"])
    name: str | None = Field(description="As the slicer named it", examples=["benchy_plate_1"])
    result: str | None = Field(
        description="finished, failed, cancelled, ended (not known how) or never_began (refused before it "
        "ran); null: it still runs",
        examples=["finished"],
    )
    reason: str | None = Field(description="Why it ended so, in words", examples=[None])
    started_at: datetime = Field(description="When it was seen to begin", examples=[_TIME])
    start_is_known: bool = Field(description="false: it was under way when first seen", examples=[True])
    ended_at: datetime | None = Field(description="null: it still runs", examples=[_TIME])
    end_is_known: bool = Field(
        description="false: nobody saw it end, and it was over by then at the latest", examples=[True]
    )
    duration_seconds: float | None = Field(
        description="null: its begin or its end was not seen", examples=[14_400.0]
    )
    percent: int | None = Field(description="What it had reached, 0 to 100", examples=[100])
    layer: int | None = Field(description="The last one reached", examples=[240])
    total_layers: int | None = Field(examples=[240])
    paused_seconds: float = Field(description="All its pauses together", examples=[0.0])
    film: JobFilmView | None = Field(description="null: there is none, or none yet, or it is gone")
    image: JobImageView | None = Field(description="null: there is none, or it is gone")
    thumbnail: ThumbnailView | None = Field(description="null: there is none, or it is gone")


class PauseView(View):
    """One pause of a job."""

    began_at: datetime = Field(description="When it began", examples=[_TIME])
    ended_at: datetime | None = Field(
        description="null: it lasted until the job's end, or still does", examples=[_TIME]
    )
    seconds: float | None = Field(description="null: it still lasts, or nobody saw its end", examples=[312.0])
    reason: str | None = Field(description="Why it paused, in words", examples=["Paused by the user"])


class CheckView(View):
    """One look of the AI at a job."""

    at: datetime = Field(description="When it looked", examples=[_TIME])
    verdict: str = Field(description="fine, suspicious, defect or no verdict", examples=["fine"])
    category: str | None = Field(description="What was seen; null: nothing", examples=[None])
    confidence: float | None = Field(description="0 to 1: how sure it is of a defect", examples=[0.04])
    summary: str | None = Field(description="In the AI's words", examples=[None])


class CurveView(View):
    """A job's progress and temperatures over its time: lists of one length, at most 300 points."""

    seconds: list[int] = Field(description="Since `started_at`", examples=[[0, 60, 120]])
    percent: list[int | None] = Field(description="null: not known", examples=[[0, 1, 1]])
    nozzle: list[float | None] = Field(description="Degrees Celsius", examples=[[25.0, 180.0, 220.0]])
    bed: list[float | None] = Field(description="Degrees Celsius", examples=[[24.0, 50.0, 60.0]])
    chamber: list[float | None] = Field(description="Degrees Celsius", examples=[[None, None, None]])


class JobDetailView(JobLineView):
    """One job with all that is kept of it."""

    download: FilmDownloadView | None = Field(description="null: there is no film")
    errors: list[FaultView] = Field(description="What the printer complained of while it ran")
    pauses: list[PauseView] = Field(description="By time; of very many the first 100")
    checks: list[CheckView] = Field(description="By time; of very many the last 200")
    curve: CurveView


class JobsView(View):
    """A page of jobs, the newest end first."""

    at: datetime = Field(description="The server's time", examples=[_TIME])
    jobs: list[JobLineView] = Field(
        description="At most `limit`. Fewer, even none, do not mean that no more follow: `next_cursor` does"
    )
    next_cursor: str | None = Field(
        description="Where the next page begins; null: there is none", examples=[None]
    )


class FailureReason(View):
    """How many jobs failed for one reason."""

    reason: str = Field(examples=["Filament ran out"])
    jobs: int = Field(examples=[2])


class FiguresView(View):
    """Figures of jobs that are over. One that never began does not count."""

    jobs: int = Field(examples=[12])
    finished: int = Field(examples=[10])
    failed: int = Field(examples=[1])
    cancelled: int = Field(examples=[1])
    ended: int = Field(description="It is not known how", examples=[0])
    success_rate: float | None = Field(
        description="Of those that finished or failed, how many finished: 0 to 1; null: there are none",
        examples=[0.909],
    )
    hours: float = Field(description="What they took, as far as it was seen", examples=[41.5])
    mean_seconds: float | None = Field(
        description="Of those seen from begin to end; null: there are none", examples=[12_450.0]
    )
    longest_seconds: float | None = Field(description="Likewise", examples=[43_200.0])


class FiguresWithReasons(FiguresView):
    """The same, and why jobs failed."""

    reasons: list[FailureReason] = Field(description="The most frequent first")


class PrinterFigures(FiguresWithReasons):
    """The figures of one printer."""

    printer_id: str = Field(examples=["A1M-1"])


class MonthFiguresView(FiguresView):
    """The figures of one month (UTC)."""

    month: str = Field(examples=["2025-11"])


class StatsView(View):
    """Figures of all jobs that ended on the days (UTC) that are asked for."""

    at: datetime = Field(description="The server's time", examples=[_TIME])
    all: FiguresWithReasons
    printers: list[PrinterFigures] = Field(description="By name; those without any job are left out")
    months: list[MonthFiguresView] = Field(description="The newest first; those without any are left out")
    is_partial: bool = Field(
        description="true: there is more than one answer counts, and the oldest months are missing",
        examples=[False],
    )


class MessageView(View):
    """One message that was told."""

    at: datetime = Field(description="When it happened", examples=[_TIME])
    text: str = Field(description="Without any markup", examples=["✅ A1M-1: print finished"])
    severity: Severity = Field(examples=["notice"])


class MessagesView(View):
    """What was told of a printer in the last 24 hours; progress and photos are not among it."""

    at: datetime = Field(description="The server's time", examples=[_TIME])
    messages: list[MessageView] = Field(description="The newest first, at most 50")

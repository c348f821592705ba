"""The shapes of the API's answers, with the descriptions and examples that `/openapi.json` shows.

Times are ISO 8601 in UTC; ages are seconds by the server's clock, never negative.
"""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from functions.shared.domain.faults import Severity

_TIME = "2025-11-22T13:08:00.123000Z"


class View(BaseModel):
    model_config = ConfigDict(frozen=True)


class Refusal(View):
    """Why there is no answer."""

    detail: str = Field(description="What is wrong, in words", examples=["unknown printer"])


class PrinterSummary(View):
    """One line of the list of printers."""

    printer_id: str = Field(description="The printer's name in BambUI", examples=["A1M-1"])
    model: str | None = Field(description="As BambUI says it", examples=["A1M"])
    is_online: bool | None = Field(description="It answered BambUI's ping; null: not known")
    has_status: bool = Field(description="A status is there to be asked for")


class JobView(View):
    """The running job, or the last one."""

    id: str | None = Field(description="The bridge's own id of this run", examples=["0f3a-12-77"])
    name: str | None = Field(description="As the slicer named it", examples=["benchy_plate_1"])
    is_active: bool = Field(description="Under way (printing, preparing or paused)")
    started_at: datetime | None = Field(description="When it was seen to begin", examples=[_TIME])
    ended_at: datetime | None = Field(description="When it was seen to end", examples=[None])
    result: str | None = Field(
        description="How it ended: finished, failed, cancelled, ended (not known) or never_began (it was "
        "refused before it ran)",
        examples=[None],
    )
    percent: int | None = Field(
        description="0 to 100, of the whole job; of one that is over: what it had reached", examples=[62]
    )
    layer: int | None = Field(description="Of one that is over: the last one reached", examples=[89])
    total_layers: int | None = Field(examples=[200])
    remaining_minutes: int | None = Field(
        description="As the printer estimates; null: it has no estimate yet, or the job is over",
        examples=[72],
    )
    expected_end_at: datetime | None = Field(
        description="When an active job should be ready; null: not known, or it is paused", examples=[_TIME]
    )


class TemperaturesView(View):
    """Degrees Celsius; null: the printer does not say, or nothing that can be meant (-50 to 600)."""

    nozzle: float | None = Field(examples=[219.9])
    nozzle_target: float | None = Field(examples=[220.0])
    bed: float | None = Field(examples=[59.8])
    bed_target: float | None = Field(examples=[60.0])
    chamber: float | None = Field(examples=[None])


class FaultView(View):
    """One error the printer shows now."""

    code: str = Field(description="As the printer shows it", examples=["0300-8004"])
    text: str | None = Field(
        description="In words, of common codes",
        examples=["Filament ran out (AMS A, slot 1). Load new filament, then resume"],
    )
    severity: Severity = Field(examples=["attention"])
    link: str = Field(
        description="Where to read about it", examples=["https://wiki.bambulab.com/en/hms/home"]
    )


class ImageView(View):
    """The newest picture, to be had from `/api/printer/{printer_id}/image`."""

    taken_at: datetime = Field(description="When it was received from the camera", examples=[_TIME])
    age_seconds: float = Field(examples=[1.4])


class InspectionView(View):
    """The last look of the AI at the print, and why a later one was not made."""

    last_look_at: datetime | None = Field(description="null: none was made yet", examples=[_TIME])
    age_seconds: float | None = Field(examples=[722.0])
    verdict: str = Field(description="fine, suspicious, defect or no verdict", examples=["fine"])
    category: str | None = Field(description="What was seen; null: nothing", examples=[None])
    confidence: float | None = Field(description="0 to 1: how sure it is of a defect", examples=[None])
    summary: str | None = Field(description="In the AI's words", examples=[None])
    note: str | None = Field(
        description="Why a look after that one was not made; null: none was left out",
        examples=["the print is paused"],
    )
    noted_at: datetime | None = Field(description="When that was", examples=[None])
    sentence: str = Field(examples=["last look 12 min ago: fine"])


class PrinterView(View):
    """What is known of one printer."""

    printer_id: str = Field(examples=["A1M-1"])
    model: str | None = Field(examples=["A1M"])
    is_online: bool | None = Field(description="It answered BambUI's ping; null: not known")
    received_at: datetime | None = Field(description="When `status` came", examples=[_TIME])
    age_seconds: float | None = Field(description="Age of `status`", examples=[0.8])
    state: str | None = Field(
        description="BambUI's `gcode_state`, or IDLE when inferred, or CALIBRATING while the printer runs a "
        "calibration of its own, which is no job; unknown words are passed on",
        examples=["RUNNING"],
    )
    state_inferred: bool = Field(
        description="`state` was not said by the printer: it fell silent", examples=[False]
    )
    stage: str | None = Field(
        description="What the printer does or why it paused (`stg_cur` in words); null: no job or not known",
        examples=["printing"],
    )
    silent_since: datetime | None = Field(description="Nothing was heard from then on", examples=[None])
    problem: str | None = Field(
        description="What is wrong with the connection, in words; null: nothing",
        examples=["no status for 3 min"],
    )
    job: JobView | None = Field(description="The running job, or the last one")
    temperatures: TemperaturesView
    errors: list[FaultView] = Field(description="What the printer complains of now")
    image: ImageView | None = Field(description="null: no picture yet")
    last_inspection: InspectionView | None = Field(description="null: no look was due yet")
    status: dict[str, Any] = Field(
        description="BambUI's merged status exactly as received; any key may be missing",
        examples=[{"gcode_state": "RUNNING", "mc_percent": 62, "layer_num": 89, "nozzle_temper": 219.9}],
    )


class ShownImageView(View):
    """The newest picture, and where it is to be had."""

    taken_at: datetime = Field(description="When it was received from the camera", examples=[_TIME])
    address: str = Field(
        description="Relative to `/` of this bridge, or a whole one. It needs no key and changes only with "
        "the picture (or after days); one that is refused has ended early: ask again",
        examples=["api/printer/A1M-1/image?at=1763816880123"],
    )
    good_until: datetime = Field(description="When the address ends at the latest", examples=[_TIME])


class LastLookView(View):
    """The last look of the AI at the print, and why a later one was not made."""

    last_look_at: datetime | None = Field(description="null: none was made yet", examples=[_TIME])
    verdict: str = Field(
        description="In words: fine, no verdict, suspicious or defect and why",
        examples=["suspicious (spaghetti, 81 % sure)"],
    )
    note: str | None = Field(description="Why a look after that one was not made", examples=[None])
    noted_at: datetime | None = Field(description="When that was", examples=[None])


class OverviewPrinter(View):
    """What a wall shows of one printer. All ages are to be counted from `at` of the whole."""

    printer_id: str = Field(examples=["A1M-1"])
    model: str | None = Field(examples=["A1M"])
    is_online: bool | None = Field(description="It answered BambUI's ping; null: not known")
    has_status: bool = Field(description="Something was heard of it; else no more is known")
    received_at: datetime | None = Field(
        default=None, description="When its last status came", examples=[_TIME]
    )
    state: str | None = Field(
        default=None, description="As in `/api/printer/{printer_id}`", examples=["RUNNING"]
    )
    state_inferred: bool = Field(default=False, examples=[False])
    stage: str | None = Field(default=None, examples=["printing"])
    silent_since: datetime | None = Field(default=None, examples=[None])
    problem: str | None = Field(default=None, examples=["no status for 3 min"])
    job: JobView | None = Field(default=None, description="The running job, or the last one")
    temperatures: TemperaturesView | None = Field(default=None, description="Degrees Celsius")
    errors: list[FaultView] = Field(default=[], description="What the printer complains of now")
    image: ShownImageView | None = Field(description="null: no picture yet")
    last_look: LastLookView | None = Field(description="null: no look was due yet")


class OverviewHealth(View):
    """Whether data is recent, and whether messages arrive. See `/api/health`."""

    status: str = Field(examples=["ok"])
    detail: str = Field(description="The same in words", examples=["all collectors are heard of"])
    is_open: bool = Field(description="Whether everyone in the network may look: no key is asked for")


class OverviewView(View):
    """Everything that a wall of printers shows, in one answer."""

    at: datetime = Field(description="The server's time", examples=[_TIME])
    refresh_seconds: float = Field(description="Ask again after so long", examples=[15.0])
    seconds_a_picture: float | None = Field(
        description="Load a new picture no more often than that, whichever printer's: else it costs more "
        "than it is worth; null: all of them",
        examples=[25.0],
    )
    health: OverviewHealth
    printers: list[OverviewPrinter] = Field(description="Of many printers the first, by name")
    next_cursor: str | None = Field(
        description="Where the next page of printers begins; null: there is none", examples=[None]
    )


class FilmView(View):
    """The film of a printer's last job."""

    made_at: datetime = Field(description="When its job ended", examples=[_TIME])
    size: int = Field(description="In bytes", examples=[4_800_000])
    address: str = Field(
        description="Of an MP4, any range of it. Relative to `/` of this bridge, or whole; it needs no key",
        examples=["api/printer/A1M-1/film.mp4?at=1763816880000"],
    )
    good_until: datetime = Field(description="When the address ends at the latest", examples=[_TIME])


class SampleView(View):
    """An alert of the AI that somebody looked into and found nothing, with what is kept of it."""

    id: str = Field(examples=["0123456789abcdef"])
    printer_id: str = Field(examples=["A1M-1"])
    category: str = Field(description="What the AI took it for", examples=["spaghetti"])
    confidence: float | None = Field(description="How sure it was (0 to 1)", examples=[0.82])
    summary: str | None = Field(examples=["Loose threads beside the part."])
    alerted_at: datetime | None = Field(examples=[_TIME])
    kept_at: datetime | None = Field(examples=[_TIME])
    pictures: list[str] = Field(
        description="Names of the pictures, the judged one first; below DATA_DIR, or in the bucket",
        examples=[["samples/20261127T161500_0123456789abcdef/1.jpeg"]],
    )


class CollectorHealth(View):
    """One collector's own reports (one comes every five minutes)."""

    collector_id: str = Field(examples=["c7d1f0a2"])
    version: str | None = Field(examples=["0.1.0"])
    received_at: datetime | None = Field(description="When its last report came", examples=[_TIME])
    age_seconds: float | None = Field(examples=[120.0])
    is_recent: bool = Field(
        description="Heard of within the last 15 minutes, or (embedded) the program started since"
    )
    is_superseded: bool = Field(
        description="Not heard of and does not count: recent ones list all its printers, or a week is over",
        examples=[False],
    )


class PrinterHealth(View):
    """Whether the data of one printer is recent. A printer that is switched off is not a fault."""

    printer_id: str = Field(examples=["A1M-1"])
    is_online: bool | None
    is_recent: bool = Field(description="A status came within the last 15 minutes, and it is not silent")
    silent_since: datetime | None = Field(examples=[None])
    status_age_seconds: float | None = Field(examples=[0.8])
    image_age_seconds: float | None = Field(examples=[1.4])


class ChatHealth(View):
    """Whether the chat takes messages. While it is refused they wait, and are tried again."""

    is_refused: bool = Field(description="Telegram refuses the bot, the chat or its topic", examples=[False])
    reason: str | None = Field(description="In Telegram's words, and what to do", examples=[None])
    since: datetime | None = Field(examples=[None])
    tried_at: datetime | None = Field(description="The last try", examples=[None])
    topic_missing_since: datetime | None = Field(
        description="The topic is not there: messages go to the chat itself", examples=[None]
    )
    moved_to: str | None = Field(
        description="The chat's new id, which TELEGRAM_CHAT_ID should have", examples=[None]
    )


class PicturesHealth(View):
    """The latest picture of each printer, in memory (embedded)."""

    memory_bytes: int = Field(description="What they take", examples=[1_250_000])
    limit_bytes: int = Field(
        description="What they may take: half of `PICTURES_MAX_BYTES`", examples=[134_217_728]
    )
    given_way: int = Field(
        description="How many were given up since the start because all together took more", examples=[0]
    )


class HealthView(View):
    """Whether data is recent, and whether messages arrive."""

    status: Literal["ok", "stale", "refused", "disk_full", "doubled"] = Field(
        description="stale: a collector was not heard of for 15 minutes, or nothing at all was; refused: "
        "data is recent, and the chat takes no messages; disk_full: alerts go on, pictures and films may be "
        "missing; doubled: two collectors watch the same printers"
    )
    detail: str = Field(description="The same in words", examples=["all collectors are heard of"])
    at: datetime = Field(description="The server's time", examples=[_TIME])
    is_open: bool = Field(
        default=False, description="Whether everyone in the network may look: no key is asked for"
    )
    pictures: PicturesHealth | None = None
    chat: ChatHealth
    collectors: list[CollectorHealth]
    printers: list[PrinterHealth] = Field(description="Of many printers the first, by name")
    next_cursor: str | None = Field(
        default=None,
        description="Where the next page of printers begins; null: there is none",
        examples=[None],
    )

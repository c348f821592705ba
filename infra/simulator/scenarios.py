"""What a simulated printer is to live through: the scenarios, as values.

A share is a part of a print's work, 0 to 1. Seconds are script seconds: what passes for the client at time
scale 1. A print that is said to take 42 minutes is shown within `seconds`, as in a time lapse.
Codes: infra/docs/bambu-fields.md, "Error codes" (0300-8015 filament
out, 0300-4006, 0300-400C cancelled, 0300-8007 power loss).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

Hms = tuple[tuple[int, int], ...]

ERROR_FILAMENT_OUT = 50364437
ERROR_FAILED = 50348038
ERROR_CANCELLED = 50348044
ERROR_POWER_LOSS = 50364423
HMS_FILAMENT_OUT: Hms = ((117448704, 131073),)
HMS_NOZZLE_WARNING: Hms = ((50338304, 131074),)
STAGE_PAUSED_BY_USER = 16
STAGE_FILAMENT_OUT = 6


class Camera(StrEnum):
    WORKING = "working"
    NONE = "none"
    STUCK_AT_PHOTOS = "stuck at photos"  # gives no image while BambUI waits for one


class Ending(StrEnum):
    FINISHED = "finished"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Job:
    """The file that is printed. A local job (sent in the LAN) carries the ids "0"."""

    name: str = "Benchy_PLA_42m"
    minutes: int = 42
    layers: int = 110
    is_cloud: bool = True


@dataclass(frozen=True, slots=True)
class Pause:
    """The print stands still at a share of its work for some seconds."""

    at: float
    seconds: float = 10.0
    stage: int | None = STAGE_PAUSED_BY_USER
    print_error: int = 0
    hms: Hms = ()


@dataclass(frozen=True, slots=True)
class HmsWarning:
    """An HMS entry that appears at a share of the work and stays to the end of the print."""

    at: float
    hms: Hms


@dataclass(frozen=True, slots=True)
class PowerCut:
    """No power for a while; then PAUSE with 0300-8007 until somebody resumes. The camera boots slowly."""

    at: float
    away_seconds: float = 150.0
    paused_seconds: float = 20.0
    camera_seconds: float = 12.0


@dataclass(frozen=True, slots=True)
class Print:
    """One run of a job: `seconds` from PREPARE to its whole end, pauses not counted."""

    job: Job = Job()
    seconds: float = 90.0
    ending: Ending = Ending.FINISHED
    ends_at: float = 1.0
    pauses: tuple[Pause, ...] = ()
    warning: HmsWarning | None = None
    power_cut: PowerCut | None = None
    spaghetti_from: float | None = None


@dataclass(frozen=True, slots=True)
class Scenario:
    """Idle for `idle_seconds`, the prints with `rest_seconds` after each, then idle (or from the start).

    `before`: a print that had ended before the script begins, so that FINISH or FAILED is shown.
    `is_powered`: False for a printer that is switched off for good.
    """

    prints: tuple[Print, ...] = (Print(),)
    camera: Camera = Camera.WORKING
    idle_seconds: float = 4.0
    rest_seconds: float = 8.0
    repeats: bool = False
    before: Print | None = None
    is_powered: bool = True


_BENCHY = Job()
_STAND = Job("Phone stand (blue)", minutes=63, layers=95, is_cloud=False)
_BRACKET = Job("Bracket_v4_PETG", minutes=75, layers=180, is_cloud=False)
_KEYCHAIN = Job("Keychain", minutes=30, layers=80)
_HOOK = Job("Hook", minutes=33, layers=90)
_VASE = Job("Twisted vase 0.2mm", minutes=118, layers=240)
_CLIPS = Job("Cable clips x4", minutes=25, layers=40, is_cloud=False)

_USER_PAUSE = Pause(at=0.45, seconds=10)

SCENARIOS: Mapping[str, Scenario] = {
    "full": Scenario((Print(_BENCHY),)),
    "pause": Scenario((Print(_STAND, pauses=(Pause(at=0.35, seconds=20),)),)),
    "runout": Scenario(
        (
            Print(
                _STAND,
                pauses=(Pause(0.65, 20, STAGE_FILAMENT_OUT, ERROR_FILAMENT_OUT, HMS_FILAMENT_OUT),),
            ),
        )
    ),
    "failed": Scenario(
        (Print(_BRACKET, ending=Ending.FAILED, ends_at=0.55, warning=HmsWarning(0.40, HMS_NOZZLE_WARNING)),)
    ),
    "cancelled": Scenario((Print(_KEYCHAIN, ending=Ending.CANCELLED, ends_at=0.40),)),
    "power_cut": Scenario((Print(_HOOK, power_cut=PowerCut(at=0.45)),)),
    "no_camera": Scenario((Print(_HOOK),), camera=Camera.NONE),
    "stalls": Scenario((Print(_BENCHY),), camera=Camera.STUCK_AT_PHOTOS),
    "spaghetti": Scenario((Print(_VASE, spaghetti_from=0.5),)),
    "two_jobs": Scenario((Print(_STAND), Print(_STAND))),
    "finished_before": Scenario((), before=Print(_BENCHY)),
    "off": Scenario((), is_powered=False),
    "demo": Scenario(
        (
            Print(_BENCHY),
            Print(_VASE),
            Print(_STAND, pauses=(_USER_PAUSE,)),
            Print(_CLIPS),
            Print(_HOOK),
            Print(_KEYCHAIN, pauses=(_USER_PAUSE,)),
        ),
        repeats=True,
    ),
}

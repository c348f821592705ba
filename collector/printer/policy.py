"""The rules of all sessions, from the settings."""

import math
from dataclasses import dataclass, field

from collector.printer.reporting import ReportRules
from collector.printer.settling import SettlingRules
from collector.printer.watchdog import WatchdogRules
from functions.shared.domain.limits import FRESH_FRAME_SECONDS, PHOTO_AGE_LIMIT_SECONDS
from functions.shared.settings import Settings


@dataclass(frozen=True, slots=True)
class SessionPolicy:
    """`film_budget`: how many frames are kept of a job (infinity: every one). `changes_per_minute` 0: all.

    How old a frame may be that is kept first: by a report of a change (`fresh_seconds`), by one of silence
    (`last_seconds`: none older is ever shown).
    """

    watchdog: WatchdogRules
    report: ReportRules
    film_budget: float
    settling: SettlingRules = field(default_factory=SettlingRules)
    changes_per_minute: float = 0.0
    fresh_seconds: float = FRESH_FRAME_SECONDS
    last_seconds: float = PHOTO_AGE_LIMIT_SECONDS


def session_policy(
    settings: Settings,
    *,
    inspection_interval: float | None,
    keeps_idle_frames: bool,
    settling: SettlingRules | None = None,
) -> SessionPolicy:
    """`inspection_interval` is None when AI checks are off; idle frames are kept for the cloud only, and
    there what nobody is told of comes less often the longer it lasts."""
    return SessionPolicy(
        watchdog=WatchdogRules(
            image_timeout=settings.image_timeout_seconds,
            forced_interval=settings.forced_reconnect_seconds,
            status_timeout=settings.status_timeout_seconds,
        ),
        report=ReportRules(
            active_interval=settings.report_interval_seconds,
            longest_interval=settings.longest_interval_seconds if keeps_idle_frames else 0.0,
            progress_step=settings.progress_step,
            photo_interval=settings.photo_interval_seconds,
            inspection_interval=inspection_interval,
            idle_frame_interval=settings.idle_frame_seconds if keeps_idle_frames else None,
        ),
        film_budget=_film_budget(settings),
        settling=settling or SettlingRules(),
        changes_per_minute=settings.changes_per_minute,
    )


def _film_budget(settings: Settings) -> float:
    """As many as the film can show, unless FRAMES_PER_FILM says otherwise."""
    if settings.frames_per_film is None:
        return settings.timelapse_target_duration_seconds * settings.timelapse_fps_cap
    return settings.frames_per_film or math.inf

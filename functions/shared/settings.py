"""Every setting of every program, declared once: variable, kind, default, meaning, readers."""

import dataclasses
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from functions.shared import setting_types as kinds
from functions.shared.domain.quiet_hours import QuietHours, parse_quiet_hours
from functions.shared.errors import ConfigurationError
from functions.shared.picture_memory import DEFAULT_BYTES, LEAST_BYTES
from functions.shared.setting_types import Declaration, Kind, declared
from functions.shared.text import hide_tokens
from functions.shared.value_class import dataclass

_DAY = 86_400.0
_ANY = "collector tracker notify inspection timelapse liveness chat api local"


def _path(value: str) -> Path:
    if value == "":
        raise ValueError("must not be empty")
    try:
        return Path(value).expanduser()
    except RuntimeError:
        raise ValueError("names the home folder of somebody unknown") from None


def _required(value: str) -> str:
    if value == "":
        raise ValueError("must not be empty")
    return value


def _seconds(lowest: float, highest: float) -> Callable[[str], float]:
    return kinds.number(lowest, highest)


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one program; fields that it does not read keep their defaults."""

    # fmt: off
    printer_id: str = declared(
        "PRINTER_ID", Kind.TEXT, "A1M-1", "the printer that is always connected, listed or not",
        "collector local", _required,
    )
    ws_url: str = declared(
        "WS_URL", Kind.URL, "wss://print.lo.f0rth.space/ws/printer/{PRINTER_ID}",
        "legacy: only shown in the start-up log", "collector local", kinds.text,
    )
    printers_api_url: str = declared(
        "PRINTERS_API_URL", Kind.URL, "https://print.lo.f0rth.space/api/printers",
        "BambUI's list of printers", "collector local", kinds.url("http", "https"),
    )
    printers_refresh_seconds: float = declared(
        "PRINTERS_REFRESH_SECONDS", Kind.SECONDS, "3600",
        "how often that list is read (each minute while a printer of it is away)", "collector local",
        _seconds(1, 7 * _DAY),
    )
    site: str = declared(
        "SITE", Kind.TEXT, "",
        "several collectors in one stack: this one's name, which its printers' names begin with", "collector",
        kinds.site,
    )
    ws_url_template: str = declared(
        "WS_URL_TEMPLATE", Kind.URL, "wss://print.lo.f0rth.space/ws/printer/{printer_id}",
        "BambUI's WebSocket of one printer", "collector local",
        kinds.url("ws", "wss", placeholder="{printer_id}"),
    )
    host: str = declared(
        "HOST", Kind.TEXT, "127.0.0.1", "address the API listens on", "local", kinds.host,
    )
    port: int = declared(
        "PORT", Kind.INTEGER, "8000", "port of the API (0: any free one)",
        "local", kinds.integer(0, 65535),
    )
    allowed_hosts: tuple[str, ...] = declared(
        "ALLOWED_HOSTS", Kind.TEXT, "",
        "further names under which the page, the API and `/metrics` are asked for while they need no key "
        "(`printers.example.org`, `.example.org`, `*`: any)",
        "collector local", kinds.host_names,
    )
    telegram_bot_token: str = declared(
        "TELEGRAM_BOT_TOKEN", Kind.SECRET, "", "the bot's token; empty: messages are shown in the terminal",
        "notify chat local", kinds.bot_token,
    )
    telegram_chat_id: str = declared(
        "TELEGRAM_CHAT_ID", Kind.TEXT, "", "the chat or group that gets the messages",
        "tracker notify inspection timelapse liveness chat local", kinds.chat_id,
    )
    telegram_thread_id: int | None = declared(
        "TELEGRAM_THREAD_ID", Kind.TEXT, "", "the topic in a group with topics", "notify local",
        kinds.thread_id,
    )
    telegram_api_url: str = declared(
        "TELEGRAM_API_URL", Kind.URL, "https://api.telegram.org", "another Bot API server",
        "notify chat local", kinds.url("http", "https"),
    )
    telegram_topics: str = declared(
        "TELEGRAM_TOPICS", Kind.CHOICE, "off",
        "printer: a topic for each printer, made by the bot in a group with topics where it may",
        "notify local", kinds.choice("off", "printer"),
    )
    chat_answers: bool = declared(
        "CHAT_ANSWERS", Kind.FLAG, "0", "1: the bot takes commands in the chat, and alerts have buttons",
        "notify liveness chat local", kinds.switch,
    )
    telegram_users: frozenset[int] = declared(
        "TELEGRAM_USERS", Kind.TEXT, "",
        "whom the bot answers: ids of people, apart by commas (empty: all members of the chat)",
        "chat local", kinds.user_ids,
    )
    keep_samples: int = declared(
        "KEEP_SAMPLES", Kind.INTEGER, "100",
        "alerts of the AI that somebody said look fine: so many are kept with their pictures (0: none)",
        "chat api local", kinds.integer(0, 10_000),
    )
    progress_mode: str = declared(
        "PROGRESS_MODE", Kind.CHOICE, "separate",
        "separate: a message each time; edit: one message for each job, which is edited; off: no progress "
        "and no interval photos", "notify local", kinds.choice("separate", "edit", "off"),
    )
    quiet_hours: QuietHours | None = declared(
        "QUIET_HOURS", Kind.TEXT, "",
        "by the clock of `TIMEZONE`, such as `22:00-07:00`: what is no alert makes no sound, progress waits "
        "for a summary at their end",
        "notify liveness chat local", parse_quiet_hours,
    )
    progress_step: int = declared(
        "PROGRESS_STEP", Kind.INTEGER, "5", "percent between progress messages (0: none)",
        "collector tracker local", kinds.integer(0, 100),
    )
    reconnect_min_seconds: float = declared(
        "RECONNECT_MIN_SECONDS", Kind.SECONDS, "1", "first wait before connecting again", "collector local",
        _seconds(0.01, 3600),
    )
    reconnect_max_seconds: float = declared(
        "RECONNECT_MAX_SECONDS", Kind.SECONDS, "30", "longest wait before connecting again",
        "collector local", _seconds(0.01, 3600),
    )
    photo_interval_seconds: float = declared(
        "PHOTO_INTERVAL_SECONDS", Kind.SECONDS, "3600", "a photo this often while printing (0: none)",
        "collector tracker local", _seconds(0, 7 * _DAY),
    )
    forced_reconnect_seconds: float = declared(
        "FORCED_RECONNECT_SECONDS", Kind.SECONDS, "300", "connect anew this often (0 or less: never)",
        "collector local", _seconds(-1e9, 7 * _DAY),
    )
    image_timeout_seconds: float = declared(
        "IMAGE_TIMEOUT_SECONDS", Kind.SECONDS, "60", "connect anew after so long without a picture",
        "collector local", _seconds(1, _DAY),
    )
    status_timeout_seconds: float = declared(
        "STATUS_TIMEOUT_SECONDS", Kind.SECONDS, "30", "so long without a status is silence",
        "collector local", _seconds(1, _DAY),
    )
    silence_grace_seconds: float = declared(
        "SILENCE_GRACE_SECONDS", Kind.SECONDS, "0",
        "how long a job that fell silent may come back before it is said to have ended (0: at once)",
        "tracker local", _seconds(0, 7 * _DAY),
    )
    watchdog_tick_seconds: float = declared(
        "WATCHDOG_TICK_SECONDS", Kind.SECONDS, "5", "how often the time-outs are looked at",
        "collector local", _seconds(0.01, 60),
    )
    images_dir: Path = declared(
        "IMAGES_DIR", Kind.TEXT, "images", "folder of frames and films (embedded)", "local", _path,
    )
    image_retention_days: float = declared(
        "IMAGE_RETENTION_DAYS", Kind.NUMBER, "7", "frames are removed after so many days",
        "template api local", kinds.number(0.01, 36_500),
    )
    retention_cleanup_interval_seconds: float = declared(
        "RETENTION_CLEANUP_INTERVAL_SECONDS", Kind.SECONDS, "3600", "how often old files are looked for",
        "local", _seconds(1, 7 * _DAY),
    )
    timelapse_max_bytes: int = declared(
        "TIMELAPSE_MAX_BYTES", Kind.INTEGER, "52428800", "no film is larger than that", "timelapse local",
        kinds.integer(100_000, 2_000_000_000),
    )
    timelapse_target_duration_seconds: float = declared(
        "TIMELAPSE_TARGET_DURATION_SECONDS", Kind.SECONDS, "45", "length of a film",
        "collector timelapse local", _seconds(1, 600),
    )
    timelapse_max_width: int = declared(
        "TIMELAPSE_MAX_WIDTH", Kind.INTEGER, "1280", "widest film, in pixels", "timelapse local",
        kinds.integer(16, 4096),
    )
    timelapse_fps_cap: int = declared(
        "TIMELAPSE_FPS_CAP", Kind.INTEGER, "30", "most frames per second of film",
        "collector timelapse local", kinds.integer(1, 120),
    )
    frames_per_film: int | None = declared(
        "FRAMES_PER_FILM", Kind.INTEGER, "",
        "most frames kept of a job, evenly spread (0: every one; empty: length x frames per second)",
        "collector local", kinds.integer_or_unset(0, 10_000_000),
    )
    openrouter_api_key: str = declared(
        "OPENROUTER_API_KEY", Kind.SECRET, "", "switches AI checks on", "inspection local", kinds.text,
    )
    openrouter_base_url: str = declared(
        "OPENROUTER_BASE_URL", Kind.URL, "https://openrouter.ai/api/v1", "any OpenAI-compatible server",
        "inspection local", kinds.url("http", "https"),
    )
    ai_model: str = declared(
        "AI_MODEL", Kind.TEXT, "google/gemini-2.5-flash", "the model that looks", "inspection local",
        _required,
    )
    ai_check_interval_seconds: float = declared(
        "AI_CHECK_INTERVAL_SECONDS", Kind.SECONDS, "3600", "one look this often while printing",
        "collector tracker inspection local", _seconds(10, 7 * _DAY),
    )
    ai_confidence_threshold: float = declared(
        "AI_CONFIDENCE_THRESHOLD", Kind.NUMBER, "0.7", "how sure a look must be to count (0 to 1)",
        "inspection local", kinds.number(0, 1),
    )
    data_dir: Path = declared(
        "DATA_DIR", Kind.TEXT, "data", "folder of state that must survive", "collector local", _path,
    )
    api_key: str = declared(
        "API_KEY", Kind.SECRET, "",
        "when set, all but `/api/` asks for it as `x-api-key`; 16 characters or more",
        "local", kinds.api_key,
    )
    report_interval_seconds: float = declared(
        "REPORT_INTERVAL_SECONDS", Kind.SECONDS, "120", "heartbeat while a job is active", "collector local",
        _seconds(1, 3600),
    )
    changes_per_minute: float = declared(
        "CHANGES_PER_MINUTE", Kind.NUMBER, "12",
        "changes of one printer let through in the long run, five minutes' worth at once (0: all)",
        "collector local", kinds.number(0, 100_000),
    )
    reports_queue_url: str = declared(
        "REPORTS_QUEUE_URL", Kind.URL, "", "SQS queue of the reports (cloud)", "collector",
        kinds.url("http", "https"),
    )
    commands_queue_url: str = declared(
        "COMMANDS_QUEUE_URL", Kind.URL, "",
        "SQS queue by which the chat asks for a fresh picture (cloud; empty: it shows the newest there is)",
        "collector", kinds.url("http", "https"),
    )
    frames_bucket: str = declared(
        "FRAMES_BUCKET", Kind.TEXT, "", "S3 bucket of frames and films (cloud)", "collector", kinds.text,
    )
    idle_frame_seconds: float = declared(
        "IDLE_FRAME_SECONDS", Kind.SECONDS, "300", "one frame this often while idle (cloud)", "collector",
        _seconds(1, _DAY),
    )
    longest_interval_seconds: float = declared(
        "LONGEST_INTERVAL_SECONDS", Kind.SECONDS, "3600",
        "what nobody is told of is shown so late at most, the longer it lasts (cloud; 0: no interval grows)",
        "collector", _seconds(0, _DAY),
    )
    outbox_max_bytes: int = declared(
        "OUTBOX_MAX_BYTES", Kind.INTEGER, "2147483648", "most the edge keeps while the far side is away",
        "collector local", kinds.integer(1_000_000, 2**50),
    )
    storage_max_bytes: int | None = declared(
        "STORAGE_MAX_BYTES", Kind.INTEGER, "",
        "most that frames and films take (embedded; empty: four fifths of what is free at the start)",
        "local", kinds.integer_or_unset(1_000_000, 2**53),
    )
    pictures_max_bytes: int = declared(
        "PICTURES_MAX_BYTES", Kind.INTEGER, str(DEFAULT_BYTES),
        "most memory that pictures of all printers take; over it the largest give way",
        "collector local", kinds.integer(LEAST_BYTES, 2**50),
    )
    film_retention_days: float = declared(
        "FILM_RETENTION_DAYS", Kind.NUMBER, "30", "films are removed after so many days",
        "template api local", kinds.number(0.01, 36_500),
    )
    history_retention_days: float = declared(
        "HISTORY_RETENTION_DAYS", Kind.NUMBER, "0", "jobs stay in the history for so many days (0: for ever)",
        "tracker timelapse inspection local", kinds.number(0, 36_500),
    )
    telegram_messages_per_minute: int = declared(
        "TELEGRAM_MESSAGES_PER_MINUTE", Kind.INTEGER, "20", "pace in a group (0: no pacing)",
        "notify chat local", kinds.integer(0, 1000),
    )
    ai_checks_per_job: int = declared(
        "AI_CHECKS_PER_JOB", Kind.INTEGER, "100", "most looks at one job", "inspection local",
        kinds.integer(0, 1_000_000),
    )
    ai_checks_per_day: int = declared(
        "AI_CHECKS_PER_DAY", Kind.INTEGER, "100", "most looks at one printer in a day (UTC)",
        "inspection local", kinds.integer(0, 1_000_000),
    )
    simulate: bool | None = declared(
        "SIMULATE", Kind.FLAG, "", "1: simulated printer, 0: never; unset: only when nothing is configured",
        "local", kinds.flag,
    )
    timezone: ZoneInfo = declared(
        "TIMEZONE", Kind.ZONE, "UTC", "zone of the times in messages and in the terminal",
        "notify liveness chat local", kinds.zone,
    )
    ffmpeg: str = declared(
        "FFMPEG", Kind.TEXT, "", "another ffmpeg than the one that is installed along", "timelapse local",
        kinds.text,
    )
    metrics_port: int = declared(
        "METRICS_PORT", Kind.INTEGER, "0", "port of the collector's `/metrics` (0: off)", "collector",
        kinds.integer(0, 65535),
    )
    metrics_host: str = declared(
        "METRICS_HOST", Kind.TEXT, "127.0.0.1", "address that it listens on; no key is asked for there",
        "collector", kinds.host,
    )
    log_level: str = declared(
        "LOG_LEVEL", Kind.CHOICE, "INFO", "DEBUG, INFO, WARNING or ERROR", _ANY,
        kinds.choice("DEBUG", "INFO", "WARNING", "ERROR"),
    )
    log_format: str = declared(
        "LOG_FORMAT", Kind.CHOICE, "text", "text for a person, json for a machine",
        "collector local", kinds.choice("text", "json"),
    )
    # fmt: on

    @property
    def legacy_address(self) -> str:
        """WS_URL with the printer's name in its place, as the program before this one connected to it."""
        return self.ws_url.replace("{PRINTER_ID}", self.printer_id)


def declarations() -> list[Declaration]:
    """All declarations in the order of infra/docs/settings.md."""
    return [field.metadata["declaration"] for field in dataclasses.fields(Settings)]


def default_hosts(settings: Settings, *, has_printers: bool = True) -> str:
    """The hosts that are asked as no setting names others, each with its variables; empty if there are none.

    `has_printers`: real ones are watched. What is switched off (no token, no key) is not asked.
    """
    is_asked = {
        "PRINTERS_API_URL": has_printers,
        "WS_URL_TEMPLATE": has_printers,
        "TELEGRAM_API_URL": bool(settings.telegram_bot_token),
        "OPENROUTER_BASE_URL": bool(settings.openrouter_api_key),
    }
    found: dict[str, list[str]] = {}
    for field in dataclasses.fields(settings):
        variable = field.metadata["declaration"].variable
        if is_asked.get(variable) and getattr(settings, field.name) == field.default:
            found.setdefault(urlsplit(str(field.default)).hostname or "", []).append(variable)
    return ", ".join(f"{host} ({', '.join(variables)})" for host, variables in found.items())


def load_settings(environment: Mapping[str, str], program: str) -> Settings:
    """The settings that a program reads. An empty variable means its default.

    Raises ConfigurationError naming every fault by variable; values of secrets are never repeated.
    """
    values: dict[str, object] = {}
    faults: list[str] = []
    for field in dataclasses.fields(Settings):
        declaration: Declaration = field.metadata["declaration"]
        given = environment.get(declaration.variable, "").strip()
        if program not in declaration.programs or given == "":
            continue
        if not kinds.is_clean(given):
            faults.append(f"{declaration.variable} must not contain control characters or broken text")
            continue
        try:
            values[field.name] = declaration.parse(given)
        except ValueError as error:
            faults.append(f"{declaration.variable} {error}{_shown(declaration.kind, given)}")
    settings = Settings(**values)  # type: ignore[arg-type]
    faults += _contradictions(settings)
    if faults:
        raise ConfigurationError(faults)
    return settings


def _shown(kind: Kind, given: str) -> str:
    """The value that was given, without what may be secret: a token in the wrong variable, a password."""
    if kind is Kind.SECRET or (kind is Kind.URL and "@" in given):
        return ""
    return f" (it is {hide_tokens(given)[:80]!r})"


def _contradictions(settings: Settings) -> list[str]:
    faults = []
    if settings.reconnect_max_seconds < settings.reconnect_min_seconds:
        faults.append("RECONNECT_MAX_SECONDS must not be less than RECONNECT_MIN_SECONDS")
    if settings.telegram_bot_token and not settings.telegram_chat_id:
        faults.append("TELEGRAM_CHAT_ID is needed with TELEGRAM_BOT_TOKEN (printer-bridge chat-id shows it)")
    return faults

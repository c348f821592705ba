"""Settings: the names and defaults that were agreed, every fault at once, and no secret in any message."""

import re
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.shared.errors import ConfigurationError
from functions.shared.setting_types import PROGRAMS, Kind
from functions.shared.settings import Settings, declarations, default_hosts, load_settings

AGREED = """
    PRINTER_ID=A1M-1 WS_URL=wss://print.lo.f0rth.space/ws/printer/{PRINTER_ID}
    PRINTERS_API_URL=https://print.lo.f0rth.space/api/printers
    PRINTERS_REFRESH_SECONDS=3600 SITE= WS_URL_TEMPLATE=wss://print.lo.f0rth.space/ws/printer/{printer_id}
    HOST=127.0.0.1 PORT=8000 ALLOWED_HOSTS= TELEGRAM_BOT_TOKEN= TELEGRAM_CHAT_ID= TELEGRAM_THREAD_ID=
    TELEGRAM_API_URL=https://api.telegram.org TELEGRAM_TOPICS=off CHAT_ANSWERS=0 PROGRESS_MODE=separate
    TELEGRAM_USERS= KEEP_SAMPLES=100 COMMANDS_QUEUE_URL=
    QUIET_HOURS= PROGRESS_STEP=5 RECONNECT_MIN_SECONDS=1 RECONNECT_MAX_SECONDS=30
    PHOTO_INTERVAL_SECONDS=3600 FORCED_RECONNECT_SECONDS=300 IMAGE_TIMEOUT_SECONDS=60
    STATUS_TIMEOUT_SECONDS=30
    SILENCE_GRACE_SECONDS=0 WATCHDOG_TICK_SECONDS=5 IMAGES_DIR=images IMAGE_RETENTION_DAYS=7
    RETENTION_CLEANUP_INTERVAL_SECONDS=3600 TIMELAPSE_MAX_BYTES=52428800 TIMELAPSE_TARGET_DURATION_SECONDS=45
    TIMELAPSE_MAX_WIDTH=1280 TIMELAPSE_FPS_CAP=30 FRAMES_PER_FILM= OPENROUTER_API_KEY=
    OPENROUTER_BASE_URL=https://openrouter.ai/api/v1 AI_MODEL=google/gemini-2.5-flash
    AI_CHECK_INTERVAL_SECONDS=3600 AI_CONFIDENCE_THRESHOLD=0.7 DATA_DIR=data API_KEY=
    REPORT_INTERVAL_SECONDS=120 CHANGES_PER_MINUTE=12 REPORTS_QUEUE_URL= FRAMES_BUCKET=
    IDLE_FRAME_SECONDS=300 OUTBOX_MAX_BYTES=2147483648 STORAGE_MAX_BYTES= PICTURES_MAX_BYTES=268435456
    FILM_RETENTION_DAYS=30 HISTORY_RETENTION_DAYS=0 TELEGRAM_MESSAGES_PER_MINUTE=20
    AI_CHECKS_PER_JOB=100 AI_CHECKS_PER_DAY=100 METRICS_PORT=0 METRICS_HOST=127.0.0.1
    SIMULATE= TIMEZONE=UTC FFMPEG= LOG_LEVEL=INFO LOG_FORMAT=text
"""
DEFAULTS = dict(line.split("=", 1) for line in AGREED.split())
OF_THE_COLLECTOR = {declared.variable for declared in declarations() if declared.programs == ("collector",)}
TOKEN = "123456789:AAbbCCddEEffGGhhIIjjKKllMMnnOOppQQr"
NUMERIC = [name for name in DEFAULTS if any(
    declared.variable == name and declared.kind in (Kind.INTEGER, Kind.NUMBER, Kind.SECONDS)
    for declared in declarations()
)]  # fmt: skip


def test_names_and_defaults_are_the_agreed_ones() -> None:
    assert {declared.variable: declared.default for declared in declarations()} == DEFAULTS


def test_nothing_set_and_everything_empty_both_mean_the_defaults() -> None:
    unset = load_settings({}, "local")
    assert load_settings(dict.fromkeys(DEFAULTS, ""), "local") == unset
    assert load_settings(dict.fromkeys(DEFAULTS, "  "), "local") == unset
    assert load_settings(DEFAULTS, "local") == unset
    assert unset.printers_refresh_seconds == 3600.0
    assert unset.images_dir == Path("images")
    assert unset.timezone == ZoneInfo("UTC")
    assert (unset.simulate, unset.telegram_thread_id, unset.telegram_bot_token) == (None, None, "")


def test_the_legacy_address_has_the_printers_name_whatever_its_content() -> None:
    assert load_settings({}, "local").legacy_address == "wss://print.lo.f0rth.space/ws/printer/A1M-1"
    named = load_settings({"PRINTER_ID": "{x} 100 %"}, "collector")
    assert named.legacy_address == "wss://print.lo.f0rth.space/ws/printer/{x} 100 %"
    assert load_settings({"WS_URL": "not an address"}, "local").legacy_address == "not an address"


def test_every_address_that_is_asked_by_default_is_said() -> None:
    everything_on = Settings(telegram_bot_token=TOKEN, openrouter_api_key="key")
    by_default = {it.variable for it in declarations() if it.kind is Kind.URL and it.default}
    said = re.findall(r"[A-Z_]{3,}", default_hosts(everything_on))
    assert set(said) == by_default - {"WS_URL"}  # that one is never asked
    assert default_hosts(Settings(), has_printers=False) == ""


def test_every_setting_is_read_by_a_program_there_is_and_explained() -> None:
    for declared in declarations():
        assert declared.programs, declared.variable
        assert set(declared.programs) <= set(PROGRAMS)
        assert "local" in declared.programs or declared.programs == ("collector",)
        assert declared.meaning
        assert "|" not in declared.meaning  # it stands in a table


def test_values_are_read_in_their_types() -> None:
    given_values = {
        "PRINTER_ID": "P1S büro", "PORT": "0", "RECONNECT_MIN_SECONDS": "0.5",
        "FORCED_RECONNECT_SECONDS": "-1",
        "TELEGRAM_BOT_TOKEN": TOKEN, "TELEGRAM_CHAT_ID": "-1001234567890", "TELEGRAM_THREAD_ID": "7",
        "SIMULATE": "0",
        "TIMEZONE": "Europe/Berlin", "LOG_LEVEL": "debug", "LOG_FORMAT": "JSON", "DATA_DIR": "/srv/x",
    }  # fmt: skip
    settings = load_settings(given_values, "local")
    assert (settings.printer_id, settings.port, settings.reconnect_min_seconds) == ("P1S büro", 0, 0.5)
    assert (settings.forced_reconnect_seconds, settings.telegram_thread_id, settings.simulate) == (
        -1.0,
        7,
        False,
    )
    assert (settings.log_level, settings.log_format, settings.data_dir) == ("DEBUG", "json", Path("/srv/x"))
    assert settings.timezone == ZoneInfo("Europe/Berlin")


def test_every_fault_is_named_at_once() -> None:
    junk = dict.fromkeys(NUMERIC, "junk") | {
        "TIMEZONE": "Mars/Olympus", "SIMULATE": "yes", "LOG_LEVEL": "LOUD", "LOG_FORMAT": "xml",
        "TELEGRAM_CHAT_ID": "my chat", "TELEGRAM_BOT_TOKEN": "junk", "TELEGRAM_THREAD_ID": "-1",
        "PRINTERS_API_URL": "ftp://x", "WS_URL_TEMPLATE": "wss://x/no-place-for-the-name",
        "TELEGRAM_API_URL": "x y", "TELEGRAM_TOPICS": "all", "CHAT_ANSWERS": "yes", "PROGRESS_MODE": "loud",
        "QUIET_HOURS": "at night", "TELEGRAM_USERS": "Ada", "KEEP_SAMPLES": "-1",
        "OPENROUTER_BASE_URL": "http://[",
    }  # fmt: skip
    with pytest.raises(ConfigurationError) as caught:
        load_settings(junk, "local")
    expected = {name for name in junk if name not in OF_THE_COLLECTOR}
    assert {fault.split()[0] for fault in caught.value.faults} == expected
    assert len(str(caught.value).splitlines()) == len(expected)


def test_settings_that_contradict_each_other_are_named() -> None:
    with pytest.raises(ConfigurationError) as caught:
        load_settings({"RECONNECT_MIN_SECONDS": "60", "TELEGRAM_BOT_TOKEN": TOKEN}, "local")
    assert [fault.split()[0] for fault in caught.value.faults] == [
        "RECONNECT_MAX_SECONDS",
        "TELEGRAM_CHAT_ID",
    ]


@pytest.mark.parametrize("name", NUMERIC)
@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "1e999", "9" * 400, "-9e99", "0x10", "1,5", "٣x"])
def test_no_number_is_out_of_range(name: str, value: str) -> None:
    with pytest.raises(ConfigurationError, match=name):
        load_settings({name: value}, "collector" if name in OF_THE_COLLECTOR else "local")


def test_a_program_does_not_stumble_over_settings_of_another() -> None:
    assert load_settings({"PORT": "junk", "AI_MODEL": ""}, "collector").port == 8000


@given(junk=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40))
@pytest.mark.parametrize("name", sorted(DEFAULTS))
def test_any_text_in_any_setting_is_taken_or_named(name: str, junk: str) -> None:
    faults: tuple[str, ...] = ()
    try:
        load_settings({name: junk}, "local")
    except ConfigurationError as error:
        faults = error.faults
    assert all(name in fault and "\n" not in fault for fault in faults)


def test_no_secret_is_in_a_message_or_shown() -> None:
    secrets = {
        "TELEGRAM_BOT_TOKEN": "hunter2 is wrong",
        "OPENROUTER_API_KEY": "hunter2",
        "API_KEY": "hunter2",
    }
    misplaced = {
        "TELEGRAM_CHAT_ID": TOKEN, "PORT": TOKEN, "TELEGRAM_API_URL": "ftp://me:hunter2@host",
        "WS_URL_TEMPLATE": "wss://me:hunter2@host/",
    }  # fmt: skip
    with pytest.raises(ConfigurationError) as caught:
        load_settings(secrets | misplaced, "local")
    assert len(caught.value.faults) == 6
    assert "hunter2" not in str(caught.value)
    assert TOKEN not in str(caught.value)
    good = {
        "TELEGRAM_BOT_TOKEN": TOKEN, "TELEGRAM_CHAT_ID": "1", "OPENROUTER_API_KEY": "hunter2",
        "API_KEY": "hunter2 hunter2 hunter2",
        "WS_URL_TEMPLATE": "wss://me:hunter2@host/{printer_id}",
    }  # fmt: skip
    shown = repr(load_settings(good, "local"))
    assert "hunter2" not in shown
    assert TOKEN not in shown


@pytest.mark.parametrize("host", ["localhost:8000", "127.0.0.1:", "[::1]:8000", ":8000"])
def test_an_address_to_listen_on_has_no_port(host: str) -> None:
    with pytest.raises(ConfigurationError, match="HOST must not have a port"):
        load_settings({"HOST": host}, "local")


@pytest.mark.parametrize("host", ["localhost", "0.0.0.0", "::", "::1", "fe80::1"])
def test_names_and_addresses_of_both_kinds_can_be_listened_on(host: str) -> None:
    assert load_settings({"HOST": host}, "local").host == host

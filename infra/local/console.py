"""What a person sees in the terminal: what runs, where, and which printers are there."""

from collections.abc import Sequence
from datetime import datetime, tzinfo
from typing import TextIO

from collector.agent import PrinterView
from functions.shared.runtime.clocks import Clock
from functions.shared.settings import Settings, default_hosts
from functions.shared.text import hide_tokens, printable
from infra.local.cli import PROGRAM, as_typed
from infra.local.config import open_door


class Console:
    """Writes lines for a person; `clock` and `zone` stamp those that come later."""

    def __init__(self, stream: TextIO, clock: Clock, zone: tzinfo) -> None:
        self._stream = stream
        self._clock = clock
        self._zone = zone
        self._seen: dict[str, str] = {}

    def say(self, text: str) -> None:
        moment = datetime.fromtimestamp(self._clock(), self._zone)
        self._write(f"{moment:%H:%M:%S}  {text}")

    def say_start(
        self,
        settings: Settings,
        version: str,
        base_url: str,
        is_simulated: bool,
        program: str = PROGRAM,
        typos: Sequence[tuple[str, str]] = (),
        is_contained: bool = False,
    ) -> None:
        """The opening lines, once everything is up.

        `program` is how to call this one; `typos`: variables that nobody reads, with what they look like.
        `is_contained`: a container is what runs.
        """
        rows = [
            ("printers", _printers(settings, is_simulated)),
            ("page", f"{base_url}/"),
            ("API", f"{base_url}/api/printers" + ("  (x-api-key needed)" if settings.api_key else "")),
            ("metrics", f"{base_url}/metrics"),
            ("messages", _messages(settings)),
            ("AI checks", _checks(settings)),
            ("pictures", f"{settings.images_dir}/  (kept {settings.image_retention_days:g} days)"),
            ("state", f"{settings.data_dir}/"),
        ]
        if settings.ws_url != Settings().ws_url:
            rows.append(("WS_URL", f"{_shown(settings.legacy_address)}  (legacy, not used)"))
        hosts = default_hosts(settings, has_printers=not is_simulated)
        if hosts:
            rows.append(("defaults", f"{hosts}: not set, so these are asked"))
        rows.append(("trouble?", f"{program} doctor"))
        lines = [f"Printer Realtime Bridge {version}", *(f"  {name:<10} {value}" for name, value in rows)]
        danger = open_door(settings, is_contained)
        if danger is not None:
            lines += [f"  warning    {danger[0].upper()}:", f"  warning    {as_typed(danger[1], program)}"]
        lines += [_typo(name, meant) for name, meant in typos]
        lines.append("  docker stop ends it." if is_contained else "  Ctrl-C ends it.")
        self._write("\n".join(lines) + "\n")

    def say_printers(self, printers: Sequence[PrinterView]) -> None:
        """A line for each printer whose standing has changed."""
        for printer in printers:
            connection_state = _connection_state(printer)
            if self._seen.get(printer.printer_id) == connection_state:
                continue
            is_new = printer.printer_id not in self._seen
            self._seen[printer.printer_id] = connection_state
            if not (is_new and connection_state == _CONNECTING):
                self.say(f"{_printable(printer.printer_id)}: {connection_state}")

    def _write(self, text: str) -> None:
        try:
            self._stream.write(text + "\n")
            self._stream.flush()
        except (OSError, ValueError):  # the terminal is gone; the bridge is not
            pass


_CONNECTING = "connecting"


def _connection_state(printer: PrinterView) -> str:
    model = f" ({_printable(printer.model)})" if printer.model else ""
    if printer.is_connected:
        return f"connected{model}"
    if printer.is_refused:
        return "BambUI does not know this printer (PRINTER_ID?); asked again with each look at its list"
    if printer.is_online is False:
        return f"switched off{model}"
    return _CONNECTING


def _typo(name: str, meant: str) -> str:
    return f"  ! {hide_tokens(_printable(name))} is not a setting: did you mean {meant}?"


def _printers(settings: Settings, is_simulated: bool) -> str:
    if is_simulated:
        return "a simulated one that shows a print of an hour in 90 s (SIMULATE=0: never)"
    return f"{_shown(settings.printers_api_url)}, and always {_printable(settings.printer_id)}"


def _messages(settings: Settings) -> str:
    if not settings.telegram_bot_token:
        return "shown here (to send them, set TELEGRAM_BOT_TOKEN and TELEGRAM_CHAT_ID)"
    topic = f", topic {settings.telegram_thread_id}" if settings.telegram_thread_id else ""
    return f"sent to Telegram chat {settings.telegram_chat_id}{topic}"


def _checks(settings: Settings) -> str:
    if not settings.openrouter_api_key:
        return "off (to switch them on, set OPENROUTER_API_KEY)"
    return f"{settings.ai_model} every {settings.ai_check_interval_seconds:g} s of a print"


def _shown(url: str) -> str:
    """A URL without a password in it."""
    scheme, separator, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}{separator}{host.rsplit('@', 1)[-1]}{slash}{path.partition('?')[0]}"


def _printable(text: str) -> str:
    return printable(text)[:80]

"""The composition root of `printer-bridge chat-id`.

getUpdates is called without `offset`, so that nothing is confirmed: who else reads the bot's updates still
gets them all (a negative offset would make Telegram forget the older ones), and without `allowed_updates`,
which Telegram would keep as the bot's setting.
"""

import argparse
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from functions.shared.errors import ConfigurationError
from functions.shared.settings import Settings, load_settings
from infra.local.chat_ids import wording
from infra.local.chat_ids.updates import SeenChat, chats_of
from infra.local.cli import PROGRAM, as_typed
from infra.local.installation import read_source
from infra.local.probes.output import redactor, secrets_of, show
from infra.local.probes.telegram_api import BotAnswer, BotApi, text_of

FOUND, FAULT, UNUSABLE = 0, 1, 2
_POLL_SECONDS = 25.0
_PAUSE_SECONDS = 2.0
_ANSWER_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class ChatsAnswer:
    """The chats, whether there may be more, and why not if nothing could be asked."""

    chats: tuple[SeenChat, ...] = ()
    is_full: bool = False
    refusal: BotAnswer | None = None


def run(
    arguments: argparse.Namespace,
    output: TextIO,
    notes: TextIO,
    folder: Path | None = None,
    given: Mapping[str, str] | None = None,
    sleep: Callable[[float], None] = time.sleep,
    monotonic: Callable[[], float] = time.monotonic,
    program: str = PROGRAM,
    root: Path | None = None,
) -> int:
    """Exit code 0: chats were shown; 1: there are none, or Telegram cannot be asked; 2: settings unusable.

    `program` is how this one is called in the commands that are shown; `root`: below which installed services
    are looked for.
    """
    given = dict(os.environ) if given is None else given
    try:
        environment = read_source(arguments.env_file, folder or Path.cwd(), given, root).variables
        settings = _settings(environment)
    except ConfigurationError as error:
        show(notes, "These settings cannot be used:\n" + "".join(f"  {fault}\n" for fault in error.faults))
        return UNUSABLE
    one_line = redactor(secrets_of(environment))

    def clean(text: str) -> str:
        lines = (" " * (len(line) - len(line.lstrip())) + one_line(line) for line in text.split("\n"))
        return as_typed("\n".join(lines), program)

    def fail(text: str, code: int) -> int:
        show(
            output if arguments.json else notes,
            wording.fault_as_json(clean(text)) if arguments.json else clean(text),
        )
        return code

    if not settings.telegram_bot_token:
        return fail(wording.WITHOUT_A_BOT, UNUSABLE)
    api = BotApi(settings.telegram_api_url, settings.telegram_bot_token)
    me = api.call("getMe", _ANSWER_SECONDS)
    if not me.is_ok:
        return fail(wording.fault_in_words(me, settings.telegram_api_url), FAULT)
    name = f"@{text_of(me.fields.get('username')) or 'your_bot'}"
    result = ask_once(api)
    if not result.chats and result.refusal is None:
        is_waiting = arguments.wait > 0
        words = wording.nothing_in_words(
            name, me.fields.get("can_read_all_group_messages") is True, is_waiting
        )
        if not is_waiting:
            return fail(words, FAULT)
        show(notes, clean(words))
        result = wait(api, arguments.wait, sleep, monotonic)
    if result.refusal is not None:
        return fail(wording.fault_in_words(result.refusal, settings.telegram_api_url), FAULT)
    if not result.chats:
        return fail(f"No chat showed up within {arguments.wait:g} s.\n", FAULT)
    if arguments.json:
        show(output, wording.chats_as_json(result.chats, result.is_full, one_line))
        return FOUND
    words = wording.chats_in_words(result.chats, name) + (wording.full_in_words() if result.is_full else "")
    show(output, clean(words))
    return FOUND


def ask_once(api: BotApi, poll_seconds: float = 0.0) -> ChatsAnswer:
    """Ask once; with `poll_seconds` Telegram answers as soon as there is anything, at the latest then."""
    answer = api.call(
        "getUpdates",
        poll_seconds + _ANSWER_SECONDS,
        limit=wording.UPDATES_LIMIT,
        **({"timeout": int(poll_seconds)} if poll_seconds >= 1 else {}),
    )
    if not answer.is_ok:
        return ChatsAnswer(refusal=answer)
    updates = answer.result if isinstance(answer.result, list) else []
    return ChatsAnswer(tuple(chats_of(updates)), len(updates) >= wording.UPDATES_LIMIT)


def wait(
    api: BotApi, seconds: float, sleep: Callable[[float], None], monotonic: Callable[[], float]
) -> ChatsAnswer:
    """Until there is a chat, a refusal, or the time is over. A network that is away for a moment is borne."""
    deadline = monotonic() + seconds
    result = ChatsAnswer()
    while not result.chats and (left := deadline - monotonic()) > 0:
        result = ask_once(api, min(_POLL_SECONDS, left))
        if result.refusal is not None and result.refusal.unreachable is None:
            return result
        if not result.chats:
            sleep(min(_PAUSE_SECONDS, max(0.0, deadline - monotonic())))
    return result


def _settings(environment: Mapping[str, str]) -> Settings:
    """Token and server alone: the chat is what is looked for, and other faults are not asked about."""
    needed = ("TELEGRAM_BOT_TOKEN", "TELEGRAM_API_URL")
    chosen = {name: environment[name] for name in needed if name in environment}
    return load_settings({**chosen, "TELEGRAM_CHAT_ID": "1"}, "local")

"""What a chat must have got when everything that a former release left waiting has been worked off."""

import re
from collections.abc import Sequence

from tests.support.openai.replies import Reply, defect, fine
from tests.support.openai.requests import SeenRequest
from tests.support.samples import CHAT_ID, SampleMessage, chat
from tests.support.telegram.server import Posted

# As the samples were written, but for the pace: nobody wants to wait for that.
SETTINGS = {
    "TELEGRAM_CHAT_ID": str(CHAT_ID),
    "TELEGRAM_MESSAGES_PER_MINUTE": "1000",
    "PROGRESS_STEP": "10",
    "SILENCE_GRACE_SECONDS": "600",
    "TIMELAPSE_TARGET_DURATION_SECONDS": "2",
    "TIMELAPSE_FPS_CAP": "5",
    "TIMELAPSE_MAX_WIDTH": "320",
    "AI_MODEL": "fake/vision",
}
_NO_TIME_IN = ("paused", "offline", "back online")
_TIME = re.compile(r" · [^·\n]* left(?: · ready ~[^·\n]*)?$", re.MULTILINE)
ALL = sum(len(chat(part)) for part in ("waiting", "follows", "films"))


def find_trouble(request: SeenRequest) -> Reply:
    """The model sees again in `A1-mini`, at 41 %, what the former release saw; elsewhere all is well."""
    return defect("warping", 0.95, "Corner up.") if "41 % done" in request.text else fine()


def is_about_film(message: SampleMessage) -> bool:
    return message.text.startswith("🎬")


def read(message: Posted) -> SampleMessage:
    """The message as a person has it."""
    if message.photo is not None:
        return SampleMessage(message.text, "photo")
    return SampleMessage(message.text, "" if message.video_size is None else "film")


def as_told_before() -> dict[str, list[SampleMessage]]:
    """What the former release told when it worked off a copy of the samples itself, but for the times that
    it promised of prints that stand still or were not reached: nobody does so any more."""
    parts = ("waiting", "follows", "films")
    return {part: [_without_promise(message) for message in chat(part)] for part in parts}


def _without_promise(message: SampleMessage) -> SampleMessage:
    headline = message.text.split("\n", 1)[0]
    if not any(words in headline for words in _NO_TIME_IN):
        return message
    return SampleMessage(_TIME.sub("", message.text), message.carries)


def as_told_now(messages: Sequence[Posted]) -> dict[str, list[SampleMessage]]:
    """The same of these messages: what waited in its order, the rest sorted.

    Films are a group of their own, and what comes of the waiting work has no order between printers.
    """
    told = [read(message) for message in messages]
    alerts = [message for message in told if not is_about_film(message)]
    count = len(chat("waiting"))
    return {
        "waiting": alerts[:count],
        "follows": in_any_order(alerts[count:]),
        "films": in_any_order([message for message in told if is_about_film(message)]),
    }


def in_any_order(messages: Sequence[SampleMessage]) -> list[SampleMessage]:
    return sorted(messages, key=lambda message: message.text)

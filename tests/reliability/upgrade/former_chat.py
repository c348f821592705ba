"""What a chat must have got when everything that a former release left waiting has been worked off."""

import re
from collections import Counter
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
# A ping that was lost seconds after a status says nothing any more, unless it was asked for already.
_NO_LONGER_TOLD = ("offline while printing", "back online")
# What was added to the words of a code.
_REWORDED = ("it does not say why.\n", "it does not say why. Look at it, then resume.\n")
_TIME = re.compile(r" · [^·\n]* left(?: · ready ~[^·\n]*)?$", re.MULTILINE)


def _kept(part: str) -> list[SampleMessage]:
    """What is told of that part still."""
    told = []
    for message in chat(part):
        headline = message.text.split("\n", 1)[0]
        if part == "follows" and any(words in headline for words in _NO_LONGER_TOLD):
            continue
        has_no_time = any(words in headline for words in _NO_TIME_IN)
        text = _TIME.sub("", message.text) if has_no_time else message.text
        if part == "follows":
            text = text.replace(*_REWORDED)
        told.append(SampleMessage(text, message.carries))
    return told


ALL = sum(len(_kept(part)) for part in ("waiting", "follows", "films"))


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
    """What the former release told when it worked off a copy of the samples itself, by printer.

    But for what is told otherwise now: see above.
    """
    return _parts(*(_kept(part) for part in ("waiting", "follows", "films")))


def as_told_now(messages: Sequence[Posted]) -> dict[str, list[SampleMessage]]:
    """The same of these messages: what waited in the order of its printer, the rest sorted.

    Films are a group of their own, and printers have the chat in turns.
    """
    told = [read(message) for message in messages]
    left = Counter(map(_printer_of, _kept("waiting")))
    waiting: list[SampleMessage] = []
    follows: list[SampleMessage] = []
    for message in told:
        if not is_about_film(message):
            printer = _printer_of(message)
            (waiting if left[printer] > 0 else follows).append(message)
            left[printer] -= 1
    return _parts(waiting, follows, [message for message in told if is_about_film(message)])


def _parts(
    waiting: Sequence[SampleMessage], follows: Sequence[SampleMessage], films: Sequence[SampleMessage]
) -> dict[str, list[SampleMessage]]:
    parts: dict[str, list[SampleMessage]] = {}
    for message in waiting:
        parts.setdefault(f"waiting of {_printer_of(message)}", []).append(message)
    return parts | {"follows": in_any_order(follows), "films": in_any_order(films)}


def _printer_of(message: SampleMessage) -> str:
    """As its first line names it, with its icon away."""
    return message.text.partition(": ")[0].partition(" ")[2]


def in_any_order(messages: Sequence[SampleMessage]) -> list[SampleMessage]:
    return sorted(messages, key=lambda message: message.text)

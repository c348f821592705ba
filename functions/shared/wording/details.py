"""The words below a message's first line: figures, what is the matter, what to do, the message itself."""

from functions.shared.wording.figures import capitalized, count, listed, sentence

NO_REASON = "The printer does not say why."
IS_IT_SO = "Look at the printer, and stop the print if it is so."
LOOK_THEN_RESUME = "Look at the printer, then resume."
CHECK_POWER = "Check its power and network."
PAUSED_NOW = "It is paused now."
GOES_ON = "The print goes on."
NO_FILM = "The film could not be made. The frames are kept."
NOBODY_WATCHES = "The printers are not watched until it is back."
DISK_IS_FULL = "Alerts go on, pictures and films may be missing. Free some space: all is well again then."
TAKEN_AS_ENDED = "The job is taken as ended."
WIKI = "wiki"

FILM_TOO_LARGE = "The film is too large for Telegram"
FILM_NOT_TAKEN = "Telegram does not take the film"
FILM_BROKE_OFF = "Sending the film broke off again and again"
FILM_UNREADABLE = "The film could not be read."
REST_NOT_TAKEN = "Telegram does not take the rest of this message."
TOPIC_IS_MISSING = (
    "The topic of TELEGRAM_THREAD_ID is not there: messages come here until it is back or another is set."
)

# They say already what is to be done, or that nothing is.
_ADVISES = ". "
_ON_PURPOSE = "Paused by"


def took(lasted: str) -> str:
    return f"took {lasted}"


def after(lasted: str) -> str:
    return f"after {lasted}"


def layers_of(total: int) -> str:
    return count(total, "layer")


def film(length: str, of: str | None, frames: int, missing: int) -> str:
    """`45 s film of 3 h · 1,350 frames · 2 frames are missing`"""
    parts = [f"{length} film" + (f" of {of}" if of else ""), count(frames, "frame")]
    if missing > 0:
        parts.append(f"{count(missing, 'frame')} {'is' if missing == 1 else 'are'} missing")
    return listed(parts)


def film_left_out(why: str, size: str) -> str:
    return f"{why} ({size})."


KEPT_AS = " It is kept as "


def has_advice(reason: str) -> bool:
    return _ADVISES in reason or reason.startswith(_ON_PURPOSE)


def paused_because(reason: str) -> str:
    return f"It is paused: {reason[:1].lower()}{reason[1:]}." if reason else PAUSED_NOW


def by_hand(because: str, words: str) -> str:
    return f"{capitalized(because)} {words}"


def verdict(percent: int, text: str) -> str:
    return sentence(f"The AI check is {percent} % sure" + (f": {text}" if text else ""))


def no_words(codes: int) -> str:
    return f"No words are known for {'this code' if codes == 1 else 'these codes'}."


def and_more(number: int) -> str:
    return f"And {number} more."


def photo_age(age: str) -> str:
    return f"picture from {age} before"


def delayed(age: str) -> str:
    return f"delayed {age}"


def left_out(number: int) -> str:
    """`3 older messages of this printer were left out.`"""
    were = "was" if number == 1 else "were"
    return f"{count(number, 'older message')} of this printer {were} left out."

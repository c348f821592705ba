"""Every word that the bot says in the chat: descriptions of commands, answers, buttons, toasts."""

from functions.shared.telegram.markup import Line, Span
from functions.shared.wording.durations import duration, rough_duration

DESCRIPTIONS = {  # by command (`functions/chat/commands.py`)
    "status": "How all printers are",
    "photo": "A fresh photo of a printer",
    "printers": "Which printers there are",
    "eta": "When the running prints are ready",
    "errors": "What the printers complain of",
    "history": "The last prints",
    "film": "The timelapse of a printer's last print",
    "stats": "How prints ended",
    "mute": "Keep a printer quiet: /mute P1S 2h",
    "unmute": "Let it speak again",
    "quiet": "Quiet hours: /quiet 22:00-07:00, off",
    "help": "What you can ask",
}

ALL_PRINTERS_BUTTON = "All printers"  # beside those by which one is chosen

HELP = (
    "What you can ask. A printer's name may stand behind a command, as short as it is clear; without one you "
    "can choose."
)
HELP_CRITICAL = "Critical messages come whatever is muted and whatever the hour. I cannot steer a printer."

NO_PRINTERS = "No printer is known yet."
NO_ERRORS = "No printer complains of anything."
NOTHING_RUNS = "Nothing is being printed."
NO_HISTORY = "No print is known yet."
NOT_MUTED = "Nothing is muted."

ICONS = {
    "paused": "⏸️",
    "failed": "❌",
    "trouble": "⚠️",
    "critical": "🚨",
    "printing": "🖨",
    "preparing": "▶️",
    "finished": "✅",
    "idle": "💤",
    "away": "🔌",
    "silent": "📡",
    "calibrating": "🔧",
    "muted": "🔕",
    "speaks": "🔔",
    "quiet": "🌙",
    "film": "🎬",
    "fine": "👌",
    "photo": "📷",
}
RESULTS = {
    "finished": ("✅", "finished"),
    "failed": ("❌", "failed"),
    "cancelled": ("🚫", "cancelled"),
    "never_began": ("🚫", "never began"),
    "ended": ("❔", "ended, cause unknown"),
    "silenced": ("📡", "contact lost"),
    "contact_lost": ("📡", "contact lost"),
}
UNKNOWN_RESULT = ("❔", "ended")
CALIBRATING = "calibrating"
NEVER_HEARD = "nothing heard yet"
OFFLINE = "offline"
ONLINE = "online"
INFERRED = "not heard of"
NO_WORDS = "no words are known for this code"
WIKI = "wiki"
NO_NAME = "without a name"


def headline(printers: int, troubled: int, running: int) -> str:
    """Of /status for several printers."""
    parts = [f"{printers} printers"]
    parts += [f"{troubled} need{'s' if troubled == 1 else ''} you"] if troubled else []
    parts += [f"{running} printing"] if running else []
    return ", ".join(parts)


def more_printers(shown: int) -> str:
    return f"These are the first {shown}. Ask for another by its name: /status NAME"


def unknown_printer(name: str) -> str:
    return f"No printer is called {name}. /printers shows them."


def choose(word: str) -> str:
    what = {
        "photo": "A photo of which printer?",
        "film": "The film of which printer?",
        "mute": "Which printer is to be quiet?",
        "unmute": "Which printer may speak again?",
    }
    return what.get(word, "Which printer?")


def too_many_to_choose(word: str, printers: int) -> str:
    return f"There are {printers} printers: write the name behind the command, /{word} NAME"


def several_match(name: str) -> str:
    return f"{name} may be several. Which?"


def muted(name: str | None, until: str) -> str:
    whom = "All printers are" if name is None else f"{name} is"
    return f"{whom} muted until {until}. Critical messages still come. /unmute ends it."


def unmuted(name: str | None) -> str:
    return "Nothing is muted any more." if name is None else f"{name} speaks again."


def unmuted_with_all(name: str) -> str:
    """A mute of all printers ends with it, others' own ones do not."""
    return f"{name} speaks again, and so does every printer that is not muted by itself."


def muted_mark(until: str) -> str:
    """Beside a printer's name."""
    return f"muted until {until}"


def bad_span() -> str:
    return "For how long? Such as /mute P1S 2h, 30m or 1d; 30 days at the most."


def quiet_now(hours: str | None, is_own: bool) -> str:
    if hours is None:
        return "There are no quiet hours. /quiet 22:00-07:00 sets them."
    by = "/quiet off ends them" if is_own else "they are those of QUIET_HOURS; /quiet off ends them"
    return f"Quiet hours are {hours}: {by}, /quiet 23:00-06:00 changes them."


def quiet_set(hours: str) -> str:
    return f"Quiet hours are {hours} from now on. Critical messages come all the same."


QUIET_OFF = "There are no quiet hours any more. /quiet 22:00-07:00 sets them."
QUIET_DEFAULT = "Quiet hours are those of QUIET_HOURS again."
BAD_HOURS = (
    "Hours such as /quiet 22:00-07:00, please; /quiet off, or /quiet default for those of the settings."
)


def photo_age(seconds: float) -> str:
    return f"picture from {duration(seconds)} ago"


def no_fresh_photo(seconds: float) -> str:
    return f"no fresh picture came, this one is from {duration(seconds)} ago"


def no_photo(name: str) -> str:
    return f"There is no picture of {name}."


def no_film(name: str) -> str:
    return f"There is no film of {name}'s last print (yet, or any more)."


def no_film_of_print(name: str) -> str:
    return f"There is no film of that print of {name} (yet, or any more)."


def film_may_be_here(name: str) -> str:
    return f"The film of {name} may be here already: its sending was broken off. If it is not, ask again."


def film_too_large(name: str, size: str) -> str:
    return f"The film of {name} is larger than Telegram takes ({size})."


def could_not_send(what: str) -> str:
    return f"Telegram did not take it ({what})."


def looks_fine(person: str, category: str) -> str:
    whose = f"{person} looked: " if person else ""
    return f"{whose}all is well. {category} is not told again in this print."


MUTED_TOAST = "Muted."
FINE_TOAST = "Thank you: not told again in this print."
OLD_BUTTON_TOAST = "This button is of another version."
PRINTER_GONE_TOAST = "This printer is not known any more."
TOO_MANY_TOAST = "One moment, please: that was a lot at once."


def since(seconds: float) -> str:
    return f"{rough_duration(seconds)} ago"


def ago(seconds: float) -> str:
    return f"heard {rough_duration(seconds)} ago"


def took(seconds: float) -> str:
    return f"took {duration(seconds)}"


def ready(at: str) -> str:
    return f"ready ~{at}"


def stats(total: int) -> str:
    return f"{total} print{'' if total == 1 else 's'} known"


def success_rate(percent: int) -> str:
    return f"{percent} % finished"


def hours(seconds: float) -> str:
    return f"{duration(seconds)} of printing"


def moved_line(new_chat: int) -> Line:
    text = f"This group has a new id: set TELEGRAM_CHAT_ID={new_chat}. Messages come here meanwhile."
    return (Span(text),)


def and_more(number: int) -> str:
    return f"and {number} more"

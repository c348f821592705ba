"""Fixed numbers that more than one part goes by, each with why it has that value.

What only one file goes by stands in that file, what the queues refuse in `functions/shared/ports.py`, what a
user may set in `functions/shared/settings.py`. Seconds, unless the name says otherwise.
"""

# Longer than a message can lie in its queue and then among the dead letters (14 days each): one that a person
# puts back is not done twice.
DONE_MARK_SECONDS = 30 * 86_400.0

# A collector reports on itself each five minutes, whatever its printers do: three reports are missing then.
COLLECTOR_SILENT_SECONDS = 900.0
# Away for so long it was taken out of service: a holiday with the machine off is shorter.
COLLECTOR_FORGOTTEN_SECONDS = 7 * 86_400.0

# Cameras give an image each one to five seconds: within ten it still shows the moment of a change.
FRESH_FRAME_SECONDS = 10.0
# A younger photo looks like now to a person: its age would be noise.
PHOTO_AGE_MENTIONED_SECONDS = 30.0
# From the photo to what is told with it. An older one shows a print that has gone on, and would be believed:
# none is shown, but for the frame that an alert of the AI is about.
PHOTO_AGE_LIMIT_SECONDS = 120.0
# From here a message's "now" is wrong: it says that it is late or, if only now counts in it, is dropped.
LATE_MESSAGE_SECONDS = 120.0

# For so long a status outranks a ping that finds nobody: longer than BambUI's own stalls (ten seconds each)
# and than a lost ping takes to be made good.
BELIEVED_SECONDS = 60.0

# A refusal of the chat is tried again after a quarter of an hour at the latest: one that was not tried for
# longer is of a chat that is no longer written to.
CHAT_REFUSAL_STANDS_SECONDS = 960.0

# Before that, "0 minutes left" means that the printer has no estimate yet.
REMAINING_TRUSTED_FROM_PERCENT = 90

# Most prints that fail do so in their first layers, long before an hourly check.
FIRST_CHECK_SECONDS = 300.0

# What Telegram takes as a thumbnail (core.telegram.org/bots/api, sendVideo), in pixels a side and in bytes.
THUMBNAIL_SIDE, THUMBNAIL_BYTES = 320, 200_000

# Characters. BambUI bounds no name; no real one comes near this, and keys are made of them.
PRINTER_NAME_LIMIT = 300


def first_check_after(interval: float | None) -> float:
    """From a job's begin, or resume, to its first check; `interval` is None while AI is off.

    The edge, which keeps a frame for it, and the tracker, which asks for it, go by the same time.
    """
    return min(FIRST_CHECK_SECONDS, interval or 0.0)

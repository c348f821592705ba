"""Answers that change what the chat wishes: /mute, /unmute, /quiet. Pure."""

from functions.chat.response import NAME_LIMIT, Ask, Known, Response, said
from functions.shared.domain.quiet_hours import parse_quiet_hours
from functions.shared.messages.chat_preferences import (
    EVERY_PRINTER,
    QUIET_IS_OFF,
    ChatPreferences,
    with_mute,
    with_quiet,
    without_mute,
)
from functions.shared.telegram.markup import Line, Span, name_words
from functions.shared.wording import chat_answers as wording
from functions.shared.wording.figures import clock_time


def mute(printer_id: str, seconds: int, known: Known, toast: str = "") -> Response:
    until = known.now + seconds
    at = clock_time(until, known.now, known.zone) or ""
    name = None if printer_id == EVERY_PRINTER else name_words(printer_id, NAME_LIMIT)

    def change(preferences: ChatPreferences) -> ChatPreferences:
        return with_mute(preferences, printer_id, known.now, until)

    line: Line = (Span(f"{wording.ICONS['muted']} {wording.muted(name, at)}"),)
    return Response(blocks=((line,),), change=change, toast=toast)


def unmute(ask: Ask) -> Response:
    """Of one printer, or of all. A mute of all cannot go on without one: it ends with that printer's."""
    known = ask.known
    muted = [it for it in known.preferences.mutes if it.holds(known.now)]
    if not muted:
        return said(wording.NOT_MUTED)
    printer_id = ask.printers[0].printer_id if ask.printers else EVERY_PRINTER

    def change(preferences: ChatPreferences) -> ChatPreferences:
        return without_mute(preferences, printer_id, known.now)

    is_all_muted = any(it.printer_id == EVERY_PRINTER for it in muted)
    left = [it for it in change(known.preferences).mutes if it.holds(known.now)]
    name = name_words(printer_id, NAME_LIMIT)
    if printer_id == EVERY_PRINTER or (is_all_muted and not left):
        text = wording.unmuted(None)
    else:
        text = wording.unmuted_with_all(name) if is_all_muted else wording.unmuted(name)
    line: Line = (Span(f"{wording.ICONS['speaks']} {text}"),)
    return Response(blocks=((line,),), change=change)


def quiet(ask: Ask) -> Response:
    known, typed = ask.known, ask.request.rest.strip().lower()
    if not typed:
        own = known.preferences.quiet
        hours = str(known.quiet_hours) if known.quiet_hours is not None and own is None else own
        return said(
            wording.quiet_now(None if hours == QUIET_IS_OFF else hours, own is not None),
            wording.ICONS["quiet"],
        )
    if typed in ("off", "default"):
        new = QUIET_IS_OFF if typed == "off" else None
        text = wording.QUIET_OFF if typed == "off" else wording.QUIET_DEFAULT
    else:
        try:
            new = str(parse_quiet_hours(typed))
        except ValueError:
            return said(wording.BAD_HOURS)
        text = wording.quiet_set(new)

    def change(preferences: ChatPreferences) -> ChatPreferences:
        return with_quiet(preferences, new)

    line: Line = (Span(f"{wording.ICONS['quiet']} {text}"),)
    return Response(blocks=((line,),), change=change)

"""What is answered: a request and what is known -> what is to be said and done. Pure.

A message is made of blocks (a printer each), so that what is too long for one is cut between printers.
"""

from collections.abc import Callable, Mapping, Sequence

from functions.chat.commands import ALL, USUAL_MUTE_SECONDS, Request, Word, matching, request_of
from functions.chat.past_answers import film_of_print, history, last_film, stats
from functions.chat.response import NAME_LIMIT, SEPARATOR, Ask, Block, Button, Known, Response, said
from functions.chat.standing import Standing, card, standing_of, title
from functions.chat.wishes import mute, quiet, unmute
from functions.shared.domain.keys import token_of
from functions.shared.messages.callback_data import Action, CallbackData, encode_callback
from functions.shared.messages.chat_preferences import EVERY_PRINTER
from functions.shared.printer_now import PrinterNow
from functions.shared.telegram.markup import Line, Span, code_words, name_words, plain_words, safe_url
from functions.shared.wording import buttons as button_texts
from functions.shared.wording import chat_answers as wording
from functions.shared.wording.figures import clock_time

BUTTONS_LIMIT = 60  # more than anybody looks through; Telegram takes a hundred
_IN_A_ROW = 2
_COMPACT_FROM = 6  # printers in one message
_ONLINE: Mapping[bool | None, str] = {True: wording.ONLINE, False: wording.OFFLINE}


def answer_command(request: Request, known: Known) -> Response:
    """Total."""
    if not known.printers and request.word not in (Word.HELP, Word.QUIET):
        return said(wording.NO_PRINTERS)
    if request.word is Word.MUTE and request.rest and not request.name and request.seconds is None:
        return said(wording.bad_span())
    if not request.name:
        return _ANSWERS[request.word](Ask(request, known))
    if request.name.lower() == ALL:
        return _for_all(request, known)
    names = [it.printer_id for it in known.printers]
    found = matching(request.name, names)
    if not found and request.word is Word.FILM and (film := film_of_print(request.name, known)) is not None:
        return film
    if not found:
        return said(wording.unknown_printer(plain_words(request.name, NAME_LIMIT)))
    if len(found) > 1:
        question = wording.several_match(plain_words(request.name, NAME_LIMIT))
        return _choice(request, found, question, with_all=False)
    meant = tuple(it for it in known.printers if it.printer_id == found[0])
    return _ANSWERS[request.word](Ask(request, known, meant))


def answer_press(data: CallbackData, known: Known) -> Response:
    """Total. What is asked for by a button is said to all: in a group others see it too."""
    printer = next((it for it in known.printers if token_of(it.printer_id) == data.printer), None)
    if data.printer and printer is None:
        return Response(toast=wording.PRINTER_GONE_TOAST)
    name = printer.printer_id if printer is not None else ""
    match data.action:
        case Action.PHOTO if printer is not None:
            return Response(photo_of=name)
        case Action.FILM if printer is not None:
            return Response(film_of=name, film_job=data.job)
        case Action.MUTE:
            return mute(name or EVERY_PRINTER, data.seconds, known, toast=wording.MUTED_TOAST)
        case Action.LOOKS_FINE if printer is not None:
            text = wording.looks_fine(
                plain_words(known.person, NAME_LIMIT), data.category.replace("_", " ").capitalize()
            )
            return Response(
                blocks=(((Span(f"{wording.ICONS['fine']} "), *title(name), Span(f": {text}")),),),
                dismissed=(name, data.job, data.category),
                toast=wording.FINE_TOAST,
            )
        case Action.CHOOSE:
            request = request_of(data.command)
            if request is None:
                return Response(toast=wording.OLD_BUTTON_TOAST)
            chosen = Request(request.word, name or ALL, data.seconds or None, name or ALL)
            return _for_all(chosen, known) if not name else _exactly(chosen, known, printer)
        case _:
            return Response(toast=wording.OLD_BUTTON_TOAST)


def _exactly(request: Request, known: Known, printer: PrinterNow | None) -> Response:
    return _ANSWERS[request.word](Ask(request, known, () if printer is None else (printer,)))


def _for_all(request: Request, known: Known) -> Response:
    if request.word is Word.MUTE:
        return mute(EVERY_PRINTER, request.seconds or USUAL_MUTE_SECONDS, known)
    if request.word is Word.UNMUTE:
        return unmute(Ask(request, known))
    return answer_command(Request(request.word), known)


def _choice(request: Request, names: Sequence[str], question: str, *, with_all: bool) -> Response:
    if len(names) > BUTTONS_LIMIT:
        return said(wording.too_many_to_choose(request.word, len(names)))
    seconds = request.seconds or 0
    buttons = [
        Button(
            button_words(name),
            encode_callback(
                CallbackData(Action.CHOOSE, token_of(name), command=request.word, seconds=seconds)
            ),
        )
        for name in sorted(names, key=str.casefold)
    ]
    rows = [tuple(buttons[at : at + _IN_A_ROW]) for at in range(0, len(buttons), _IN_A_ROW)]
    if with_all:
        data = CallbackData(Action.CHOOSE, command=request.word, seconds=seconds)
        rows.append((Button(wording.ALL_PRINTERS_BUTTON, encode_callback(data)),))
    return Response(blocks=(((Span(question),),),), buttons=tuple(rows))


def button_words(name: str) -> str:
    """A printer's name on a button, where nothing has to be made harmless."""
    return name_words(name, 40)


def _choose(ask: Ask, *, with_all: bool = False) -> Response:
    names = [it.printer_id for it in ask.known.printers]
    return _choice(ask.request, names, wording.choose(ask.request.word), with_all=with_all)


def _status(ask: Ask) -> Response:
    known, one = ask.known, ask.one
    if one is not None:
        block = card(one, known, is_compact=False)
        return Response(blocks=(block,), buttons=(_below(one.printer_id),))
    ordered = sorted(
        ((standing_of(it), it) for it in known.printers),
        key=lambda pair: (pair[0], pair[1].printer_id.casefold(), pair[1].printer_id),
    )
    troubled = sum(standing is Standing.TROUBLE for standing, _ in ordered)
    running = sum(it.job is not None and it.job.is_active for _, it in ordered)
    head: Block = ((Span(wording.headline(len(ordered), troubled, running), "b"),),)
    is_compact = len(ordered) >= _COMPACT_FROM
    blocks = [card(it, known, is_compact=is_compact) for _, it in ordered]
    return Response(blocks=(head, *blocks, *_rest(known)))


def _below(printer_id: str) -> tuple[Button, ...]:
    token = token_of(printer_id)
    mute_hour = CallbackData(Action.MUTE, token, seconds=USUAL_MUTE_SECONDS)
    return (
        Button(button_texts.PHOTO, encode_callback(CallbackData(Action.PHOTO, token))),
        Button(button_texts.MUTE_AN_HOUR, encode_callback(mute_hour)),
    )


def _rest(known: Known) -> tuple[Block, ...]:
    return () if known.is_all else (((Span(wording.more_printers(len(known.printers))),),),)


def _photo(ask: Ask) -> Response:
    one = ask.one
    return _choose(ask) if one is None else Response(photo_of=one.printer_id)


def _film(ask: Ask) -> Response:
    one = ask.one
    return _choose(ask) if one is None else last_film(one, ask.known)


def _printers(ask: Ask) -> Response:
    def block(it: PrinterNow) -> Block:
        model = f" ({plain_words(it.model, 40)})" if it.model else ""
        online = _ONLINE.get(it.is_online)
        until = ask.known.preferences.muted_until(it.printer_id, ask.known.now)
        at = clock_time(until, ask.known.now, ask.known.zone) if until is not None else None
        notes = [online, wording.muted_mark(at) if at else None]
        shown = "".join(f"{SEPARATOR}{note}" for note in notes if note)
        return ((*title(it.printer_id), Span(model + shown)),)

    ordered = sorted(ask.known.printers, key=lambda it: it.printer_id.casefold())
    return Response(blocks=(*map(block, ordered), *_rest(ask.known)))


def _eta(ask: Ask) -> Response:
    known = ask.known
    chosen = ask.printers or known.printers
    running = [it for it in chosen if it.job is not None and it.job.is_active]
    if not running:
        return said(wording.NOTHING_RUNS)
    ends = sorted(running, key=lambda it: (it.job and it.job.expected_end_at) or float("inf"))
    return Response(blocks=tuple(card(it, known, is_compact=True) for it in ends) + _rest(known))


def _errors(ask: Ask) -> Response:
    chosen = ask.printers or ask.known.printers
    blocks: list[Block] = []
    for it in sorted(chosen, key=lambda it: it.printer_id.casefold()):
        lines: list[Line] = []
        for fault in it.faults[:5]:
            url = safe_url(fault.link)
            link = (Span(" "), Span(wording.WIKI, link=url)) if url else ()
            text = plain_words(fault.text, 300) if fault.text else wording.NO_WORDS
            lines.append((Span(f"{text} "), Span(code_words(fault.code, 40), "code"), *link))
        if len(it.faults) > len(lines):
            lines.append((Span(wording.and_more(len(it.faults) - len(lines))),))
        if lines:
            blocks.append((title(it.printer_id), *lines))
    return Response(blocks=tuple(blocks)) if blocks else said(wording.NO_ERRORS)


def _mute_command(ask: Ask) -> Response:
    one = ask.one
    if one is None:
        return _choose(ask, with_all=True)
    return mute(one.printer_id, ask.request.seconds or USUAL_MUTE_SECONDS, ask.known)


def _help(ask: Ask) -> Response:  # noqa: ARG001 - the same for everybody
    lines: list[Line] = [(Span(f"/{word}: {plain_words(wording.DESCRIPTIONS[word], 100)}"),) for word in Word]
    return Response(blocks=(((Span(wording.HELP),),), tuple(lines), ((Span(wording.HELP_CRITICAL),),)))


_ANSWERS: dict[Word, Callable[[Ask], Response]] = {
    Word.STATUS: _status,
    Word.PHOTO: _photo,
    Word.PRINTERS: _printers,
    Word.ETA: _eta,
    Word.ERRORS: _errors,
    Word.HISTORY: history,
    Word.FILM: _film,
    Word.STATS: stats,
    Word.MUTE: _mute_command,
    Word.UNMUTE: unmute,
    Word.QUIET: quiet,
    Word.HELP: _help,
}

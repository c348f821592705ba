"""What is answered: a request and what is known -> what is to be said and done. Pure.

A message is made of blocks (a printer each), so that what is too long for one is cut between printers.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo

from functions.chat import wording
from functions.chat.commands import ALL, USUAL_MUTE_SECONDS, Request, Word, matching, request_of
from functions.chat.past_jobs import PastJob
from functions.chat.standing import Standing, card, standing_of, title
from functions.shared.domain.keys import token_of
from functions.shared.domain.quiet_hours import QuietHours, parse_quiet_hours
from functions.shared.messages.callback_data import Action, CallbackData, encode_callback
from functions.shared.messages.chat_preferences import (
    EVERY_PRINTER,
    QUIET_IS_OFF,
    ChatPreferences,
    with_mute,
    with_quiet,
    without_mute,
)
from functions.shared.printer_now import PrinterNow
from functions.shared.telegram.figure_words import clock_time
from functions.shared.telegram.markup import Line, Span, code_words, name_words, plain_words, safe_url
from functions.shared.wording import buttons as button_texts

NAME_LIMIT, JOB_LIMIT = 60, 80
BUTTONS_LIMIT = 60  # more than anybody looks through; Telegram takes a hundred
_IN_A_ROW = 2
_COMPACT_FROM = 6  # printers in one message
_HISTORY_LIMIT = 15
_SEPARATOR = " · "
_ONLINE: Mapping[bool | None, str] = {True: wording.ONLINE, False: wording.OFFLINE}

Block = tuple[Line, ...]
Change = Callable[[ChatPreferences], ChatPreferences]


@dataclass(frozen=True, slots=True)
class Button:
    text: str
    data: str


@dataclass(frozen=True, slots=True)
class Known:
    """All that an answer may need. `is_all`: there are no more printers than these; `jobs`: prints that are
    over, newest first; `quiet_hours`: those of the settings; `person`: who asks, as they call themselves.
    """

    now: float
    zone: tzinfo
    printers: tuple[PrinterNow, ...] = ()
    is_all: bool = True
    preferences: ChatPreferences = field(default=ChatPreferences())
    jobs: tuple[PastJob, ...] = ()
    quiet_hours: QuietHours | None = None
    person: str = ""

    def named(self, printer_id: str) -> PrinterNow | None:
        return next((it for it in self.printers if it.printer_id == printer_id), None)


@dataclass(frozen=True, slots=True)
class Response:
    """What is said (`blocks` with `buttons` below the last message), sent (a photo or film of that printer)
    and changed; `toast`: what who pressed a button sees; `dismissed`: job token and category of an alert that
    was none, whose pictures are kept.
    """

    blocks: tuple[Block, ...] = ()
    buttons: tuple[tuple[Button, ...], ...] = ()
    photo_of: str | None = None
    film_of: str | None = None
    film_job: str = ""
    change: Change | None = None
    dismissed: tuple[str, str, str] | None = None
    toast: str = ""
    is_silent: bool = True


@dataclass(frozen=True, slots=True)
class _Ask:
    """One request with what is known; `printers`: those that are meant (empty: all)."""

    request: Request
    known: Known
    printers: tuple[PrinterNow, ...] = field(default=())


def answer_command(request: Request, known: Known) -> Response:
    """Total."""
    if not known.printers and request.word not in (Word.HELP, Word.QUIET):
        return said(wording.NO_PRINTERS)
    if request.word is Word.MUTE and request.rest and not request.name and request.seconds is None:
        return said(wording.bad_span())
    if not request.name:
        return _ANSWERS[request.word](_Ask(request, known))
    if request.name.lower() == ALL:
        return _for_all(request, known)
    names = [it.printer_id for it in known.printers]
    found = matching(request.name, names)
    if not found and request.word is Word.FILM:  # it may be the print's name
        jobs = {it.job.name: it.printer_id for it in known.printers if it.job is not None and it.job.name}
        found = [jobs[name] for name in matching(request.name, list(jobs))]
    if not found:
        return said(wording.unknown_printer(plain_words(request.name, NAME_LIMIT)))
    if len(found) > 1:
        question = wording.several_match(plain_words(request.name, NAME_LIMIT))
        return _choice(request, found, question, with_all=False)
    meant = tuple(it for it in known.printers if it.printer_id == found[0])
    return _ANSWERS[request.word](_Ask(request, known, meant))


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
            return _mute(name or EVERY_PRINTER, data.seconds, known, toast=wording.MUTED_TOAST)
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


def said(text: str, icon: str = "") -> Response:
    """One line."""
    return Response(blocks=(((Span(f"{icon} {text}" if icon else text),),),))


def _exactly(request: Request, known: Known, printer: PrinterNow | None) -> Response:
    return _ANSWERS[request.word](_Ask(request, known, () if printer is None else (printer,)))


def _for_all(request: Request, known: Known) -> Response:
    if request.word is Word.MUTE:
        return _mute(EVERY_PRINTER, request.seconds or USUAL_MUTE_SECONDS, known)
    if request.word is Word.UNMUTE:
        return _unmute(_Ask(request, known))
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


def _one(ask: _Ask) -> PrinterNow | None:
    """The printer that is meant, or the only one there is."""
    if ask.printers:
        return ask.printers[0]
    return ask.known.printers[0] if len(ask.known.printers) == 1 and ask.known.is_all else None


def _choose(ask: _Ask, *, with_all: bool = False) -> Response:
    names = [it.printer_id for it in ask.known.printers]
    return _choice(ask.request, names, wording.choose(ask.request.word), with_all=with_all)


def _status(ask: _Ask) -> Response:
    known, one = ask.known, _one(ask)
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
    mute = CallbackData(Action.MUTE, token, seconds=USUAL_MUTE_SECONDS)
    return (
        Button(button_texts.PHOTO, encode_callback(CallbackData(Action.PHOTO, token))),
        Button(button_texts.MUTE_AN_HOUR, encode_callback(mute)),
    )


def _rest(known: Known) -> tuple[Block, ...]:
    return () if known.is_all else (((Span(wording.more_printers(len(known.printers))),),),)


def _photo(ask: _Ask) -> Response:
    one = _one(ask)
    return _choose(ask) if one is None else Response(photo_of=one.printer_id)


def _film(ask: _Ask) -> Response:
    one = _one(ask)
    return _choose(ask) if one is None else Response(film_of=one.printer_id)


def _printers(ask: _Ask) -> Response:
    def block(it: PrinterNow) -> Block:
        model = f" ({plain_words(it.model, 40)})" if it.model else ""
        online = _ONLINE.get(it.is_online)
        until = ask.known.preferences.muted_until(it.printer_id, ask.known.now)
        at = clock_time(until, ask.known.now, ask.known.zone) if until is not None else None
        notes = [online, wording.muted_mark(at) if at else None]
        shown = "".join(f"{_SEPARATOR}{note}" for note in notes if note)
        return ((*title(it.printer_id), Span(model + shown)),)

    ordered = sorted(ask.known.printers, key=lambda it: it.printer_id.casefold())
    return Response(blocks=(*map(block, ordered), *_rest(ask.known)))


def _eta(ask: _Ask) -> Response:
    known = ask.known
    chosen = ask.printers or known.printers
    running = [it for it in chosen if it.job is not None and it.job.is_active]
    if not running:
        return said(wording.NOTHING_RUNS)
    ends = sorted(running, key=lambda it: (it.job and it.job.expected_end_at) or float("inf"))
    return Response(blocks=tuple(card(it, known, is_compact=True) for it in ends) + _rest(known))


def _errors(ask: _Ask) -> Response:
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


def _history(ask: _Ask) -> Response:
    names = {it.printer_id for it in ask.printers}
    jobs = [job for job in ask.known.jobs if not names or job.printer_id in names][:_HISTORY_LIMIT]
    if not jobs:
        return said(wording.NO_HISTORY)
    return Response(blocks=tuple(_past(job, ask.known) for job in jobs))


def _past(job: PastJob, known: Known) -> Block:
    icon, result = wording.RESULTS.get(job.result, wording.UNKNOWN_RESULT)
    at = clock_time(job.ended_at, known.now, known.zone)
    facts = [result, at, wording.took(job.seconds) if job.seconds and job.seconds > 0 else None]
    name = code_words(job.name, JOB_LIMIT) if job.name else wording.NO_NAME
    first: Line = (
        Span(f"{icon} "),
        *title(job.printer_id),
        Span(": "),
        Span(name, "code" if job.name else ""),
    )
    return (first, (Span(_SEPARATOR.join(fact for fact in facts if fact)),))


def _stats(ask: _Ask) -> Response:
    names = {it.printer_id for it in ask.printers}
    jobs = [job for job in ask.known.jobs if not names or job.printer_id in names]
    if not jobs:
        return said(wording.NO_HISTORY)
    results = Counter(job.result for job in jobs)
    finished = round(100 * results.get("finished", 0) / len(jobs))
    seconds = sum(max(0.0, job.seconds or 0.0) for job in jobs)
    lines: list[Line] = [(Span(wording.stats(len(jobs)), "b"),)]
    for result, number in results.most_common():
        icon, words = wording.RESULTS.get(result, wording.UNKNOWN_RESULT)
        lines.append((Span(f"{icon} {number} {words}"),))
    whole = [wording.success_rate(finished), wording.hours(seconds) if seconds else None]
    lines.append((Span(_SEPARATOR.join(part for part in whole if part)),))
    return Response(blocks=(tuple(lines),))


def _mute_command(ask: _Ask) -> Response:
    one = _one(ask)
    if one is None:
        return _choose(ask, with_all=True)
    return _mute(one.printer_id, ask.request.seconds or USUAL_MUTE_SECONDS, ask.known)


def _mute(printer_id: str, seconds: int, known: Known, toast: str = "") -> Response:
    until = known.now + seconds
    at = clock_time(until, known.now, known.zone) or ""
    name = None if printer_id == EVERY_PRINTER else name_words(printer_id, NAME_LIMIT)

    def change(preferences: ChatPreferences) -> ChatPreferences:
        return with_mute(preferences, printer_id, known.now, until)

    line: Line = (Span(f"{wording.ICONS['muted']} {wording.muted(name, at)}"),)
    return Response(blocks=((line,),), change=change, toast=toast)


def _unmute(ask: _Ask) -> Response:
    known = ask.known
    muted = [mute for mute in known.preferences.mutes if mute.holds(known.now)]
    if not muted:
        return said(wording.NOT_MUTED)
    printer_id = ask.printers[0].printer_id if ask.printers else EVERY_PRINTER
    name = None if printer_id == EVERY_PRINTER else name_words(printer_id, NAME_LIMIT)

    def change(preferences: ChatPreferences) -> ChatPreferences:
        return without_mute(preferences, printer_id, known.now)

    line: Line = (Span(f"{wording.ICONS['speaks']} {wording.unmuted(name)}"),)
    return Response(blocks=((line,),), change=change)


def _quiet(ask: _Ask) -> Response:
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


def _help(ask: _Ask) -> Response:  # noqa: ARG001 - the same for everybody
    lines: list[Line] = [(Span(f"/{word}: {plain_words(wording.DESCRIPTIONS[word], 100)}"),) for word in Word]
    return Response(blocks=(((Span(wording.HELP),),), tuple(lines), ((Span(wording.HELP_CRITICAL),),)))


_ANSWERS: dict[Word, Callable[[_Ask], Response]] = {
    Word.STATUS: _status,
    Word.PHOTO: _photo,
    Word.PRINTERS: _printers,
    Word.ETA: _eta,
    Word.ERRORS: _errors,
    Word.HISTORY: _history,
    Word.FILM: _film,
    Word.STATS: _stats,
    Word.MUTE: _mute_command,
    Word.UNMUTE: _unmute,
    Word.QUIET: _quiet,
    Word.HELP: _help,
}

"""Answers about prints that are over: /history, /film, /stats. Pure."""

from collections.abc import Sequence
from typing import Any

from functions.chat.commands import matching
from functions.chat.past_jobs import PastJob
from functions.chat.response import JOB_LIMIT, SEPARATOR, Ask, Block, Known, Response, said
from functions.chat.standing import title
from functions.shared.domain.keys import token_of
from functions.shared.messages.job_figures import DayFigures, together
from functions.shared.messages.job_history import NEVER_BEGAN
from functions.shared.printer_now import PrinterNow
from functions.shared.telegram.markup import Line, Span, code_words
from functions.shared.wording import chat_answers as wording
from functions.shared.wording.figures import clock_time

_HISTORY_LIMIT = 15
_COUNTED = ("finished", "failed", "cancelled", "ended")


def history(ask: Ask) -> Response:
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
    return (first, (Span(SEPARATOR.join(fact for fact in facts if fact)),))


def last_film(printer: PrinterNow, known: Known) -> Response:
    """Of its last print that is over: while one runs, of the one before."""
    if printer.job is None or not printer.job.is_active:
        return Response(film_of=printer.printer_id)
    before = next((job for job in known.jobs if job.printer_id == printer.printer_id), None)
    return Response(film_of=printer.printer_id, film_job=token_of(before.job_id) if before else "")


def film_of_print(name: str, known: Known) -> Response | None:
    """Of the newest print that may be called so; None: there is none."""
    jobs = [job for job in known.jobs if job.name]
    found = set(matching(name, [job.name or "" for job in jobs]))
    job = next((it for it in jobs if it.name in found), None)
    if job is not None:
        return Response(film_of=job.printer_id, film_job=token_of(job.job_id))
    running = {it.job.name: it.printer_id for it in known.printers if it.job is not None and it.job.name}
    found_now = matching(name, list(running))
    return Response(film_of=running[found_now[0]]) if found_now else None


def stats(ask: Ask) -> Response:
    names = {it.printer_id for it in ask.printers}
    counted = [it.figures for name, it in ask.known.totals.items() if not names or name in names]
    total = together([*counted, *_not_counted(ask.printers or ask.known.printers, ask.known)])
    if not total.jobs:
        return said(wording.NO_HISTORY)
    results = [(word, getattr(total, word)) for word in _COUNTED]
    lines: list[Line] = [(Span(wording.stats(total.jobs), "b"),)]
    for result, number in sorted(results, key=lambda it: -it[1]):
        icon, words = wording.RESULTS.get(result, wording.UNKNOWN_RESULT)
        lines += [(Span(f"{icon} {number} {words}"),)] if number else []
    finished = wording.success_rate(round(100 * total.finished / total.jobs))
    whole = [finished, wording.hours(total.seconds) if total.seconds else None]
    lines.append((Span(SEPARATOR.join(part for part in whole if part)),))
    return Response(blocks=(tuple(lines),))


def _not_counted(printers: Sequence[PrinterNow], known: Known) -> list[DayFigures]:
    """The last print that a printer's record remembers, of before prints were counted."""
    jobs = {job.job_id: job for job in known.jobs}
    found = []
    for printer in printers:
        job = jobs.get(printer.job.id or "") if printer.job is not None else None
        totals = known.totals.get(printer.printer_id)
        is_counted = job is not None and totals is not None and job.job_id in totals.recent
        if job is None or is_counted or job.result == NEVER_BEGAN:
            continue
        result = job.result if job.result in _COUNTED else "ended"
        counts: dict[str, Any] = {result: 1, "seconds": max(0.0, job.seconds or 0.0)}
        found.append(DayFigures(0, **counts))
    return found

"""A notification as the message a person reads. Pure: the time and zone are given.

Line 1 icon, printer, event; line 2 the job; line 3 the figures; then reason and what to do; last, small,
the codes and what is to be known of the message itself (age of the photo, delay).
"""

from dataclasses import dataclass, replace
from datetime import tzinfo

from functions.notify.buttons import Buttons
from functions.shared.domain.faults import Fault, is_told_by, most_exact
from functions.shared.domain.limits import LATE_MESSAGE_SECONDS, PHOTO_AGE_MENTIONED_SECONDS
from functions.shared.messages.effects import BY_HAND, Category, Film, Notification
from functions.shared.telegram.markup import (
    CAPTION_LIMIT,
    TEXT_LIMIT,
    WORD_JOINER,
    Line,
    Span,
    code_words,
    fitted,
    name_words,
    plain_words,
    safe_url,
    to_html,
    to_plain,
    utf16_length,
    without_markup,
)
from functions.shared.wording import details, figures
from functions.shared.wording.durations import duration
from functions.shared.wording.headlines import Figures, is_paused, is_silent, wording_of

_PRINTER_LIMIT = 80
_JOB_LIMIT = 120
_FAULTS_LIMIT = 5
_SEPARATOR = " · "


@dataclass(frozen=True, slots=True)
class RenderContext:
    """When a message is written: now, how many seconds ago the event was, and the reader's zone; `notes` are
    sentences on the messages themselves (what was left out, where they go). `is_quiet`: it makes no sound.
    The others as in Message.
    """

    now: float
    lateness: float
    zone: tzinfo
    notes: tuple[str, ...] = ()
    goes_to_topic: bool = True
    is_quiet: bool = False
    topic_id: int | None = None
    reply_to: int | None = None
    buttons: Buttons = ()


@dataclass(frozen=True, slots=True)
class Message:
    """What goes out: Telegram's HTML (None: send the plain text), the same as plain text, its sound, and
    whether it goes to the topic, if one is set, or to the chat itself.

    `topic_id`: its printer's own topic, in the place of the one that is set; `reply_to`: the message that it
    answers to, if that is there still; `buttons`: rows of what can be pressed under it.
    """

    html: str | None
    plain: str
    is_silent: bool = False
    goes_to_topic: bool = True
    topic_id: int | None = None
    reply_to: int | None = None
    buttons: Buttons = ()

    @property
    def outside_telegram(self) -> str:
        """The plain text for a terminal or a log, where nothing can be pressed: it needs no joiners."""
        return self.plain.replace(WORD_JOINER, "")

    def unformatted(self) -> "Message":
        """The same without markup, for when Telegram cannot read it."""
        return replace(self, html=None)


def photo_age(notification: Notification) -> float | None:
    """Seconds from the photo to the event by the edge's clock; None without a photo."""
    frame = notification.frame
    return None if frame is None else notification.observed_at - frame.taken_at


def render(
    notification: Notification,
    context: RenderContext,
    *,
    has_photo: bool = False,
    remark: Line = (),
    as_caption: bool = False,
) -> Message:
    """The message, within Telegram's limit for a caption (with a photo or film) or a text.

    `has_photo`: a photo goes along, so its age is said. `remark`: one more line before the last.
    `as_caption`: of a photo that is there already.
    """
    is_film = notification.category is Category.FILM and not remark
    limit = CAPTION_LIMIT if has_photo or is_film or as_caption else TEXT_LIMIT
    lines = [
        _headline(notification),
        _job_line(notification),
        _figures(notification, context),
        *_details(notification, 300 if limit == CAPTION_LIMIT else 1000),
        remark,
        *((Span(note),) for note in context.notes),
        _codes(notification),
        _footnotes(notification, context, has_photo),
    ]
    lines = [line for line in lines if line]
    return _addressed(to_html(fitted(lines, limit)), _plain(lines, limit), notification, context)


def message_of_lines(lines: list[Line], context: RenderContext) -> Message:
    """A text of several printers."""
    return Message(
        to_html(lines), _plain(lines, TEXT_LIMIT), context.is_quiet, context.goes_to_topic, context.topic_id
    )


def _addressed(html: str | None, plain: str, notification: Notification, context: RenderContext) -> Message:
    """How loud it is, where it goes, and what is under it."""
    return Message(
        html,
        plain,
        is_silent(notification) or context.is_quiet,
        context.goes_to_topic,
        context.topic_id,
        context.reply_to,
        context.buttons,
    )


def headline_message(notification: Notification, context: RenderContext, remark: str) -> Message:
    """Its first line and a remark, without markup: what is left to try when the whole is not taken."""
    lines = [_headline(notification), (Span(remark),)]
    return _addressed(None, _plain(lines, TEXT_LIMIT), notification, context)


def film_remark(film: Film, why: str, *, is_named: bool = True) -> Line:
    """Why a film does not come along, and where it lies."""
    said = Span(details.film_left_out(why, figures.size(film.size)))
    if not is_named:
        return (said,)
    return (said, Span(details.KEPT_AS), Span(code_words(film.key, 300), "code"), Span("."))


def _headline(notification: Notification) -> Line:
    spoken = wording_of(notification)
    printer = Span(name_words(notification.printer_id, _PRINTER_LIMIT), "b")
    return (Span(f"{spoken.icon} "), printer, Span(f": {plain_words(spoken.words, 200)}"))


def _job_line(notification: Notification) -> Line:
    if not notification.job.name:
        return ()
    return (Span(code_words(notification.job.name, _JOB_LIMIT), "code"),)


def _figures(notification: Notification, context: RenderContext) -> Line:
    job = notification.job
    percent = figures.known_percent(job.percent)
    layer = figures.layers(job.layer, job.total_layers)
    minutes = None if is_paused(notification) else job.remaining_minutes
    left = figures.remaining(minutes, percent)
    ready = figures.ready(minutes, context.now, context.lateness, context.zone)
    total = figures.known_layers(job.total_layers)
    seconds = notification.duration_seconds
    lasted = duration(seconds) if seconds is not None and 0 <= seconds < 1e8 else None
    progress = f"{figures.bar(percent)} {percent} %" if percent is not None else None
    match wording_of(notification).figures:
        case Figures.ESTIMATE:
            layers = details.layers_of(total) if total is not None else None
            parts = [left, ready, layers]
        case Figures.RUNNING:
            parts = [progress, layer, left, ready]
        case Figures.STANDING:
            parts = [progress, layer]
        case Figures.RESULT:
            layers = details.layers_of(total) if total is not None else None
            parts = [details.took(lasted) if lasted else None, layers]
        case Figures.STOPPED:
            parts = [progress, layer, details.after(lasted) if lasted else None]
        case Figures.NONE:
            parts = [_film_words(notification.film, lasted)] if notification.film else []
    shown = _SEPARATOR.join(part for part in parts if part)
    return (Span(shown),) if shown else ()


def _film_words(film: Film, lasted: str | None) -> str:
    seconds = film.duration_seconds if 0 <= film.duration_seconds < 1e6 else 0.0
    return details.film(duration(seconds), lasted, max(0, film.frames), film.missing)


def _details(notification: Notification, limit: int) -> list[Line]:
    """Reason and what to do."""
    exact = [fault.text for fault in notification.faults[:_FAULTS_LIMIT] if fault.text]
    reason = most_exact(notification.reason, exact) if notification.reason else ""
    reason, by_hand, command = reason.partition(BY_HAND)
    if command:  # it is there to be copied: no joiner may be in it
        because = details.by_hand(plain_words(reason, limit), by_hand)
        return [(Span(because), Span(code_words(command, limit), "code"), Span("."))]
    reason = plain_words(reason, limit) if reason else ""
    text = plain_words(notification.text, limit) if notification.text else ""
    if notification.category is Category.DEFECT:
        texts = [_verdict(notification, text), details.IS_IT_SO]
    else:
        texts = [_reason_span(notification, reason), *_fault_texts(notification, reason, limit // 2), text]
    return [(Span(text),) for text in texts if text]


def _reason_span(notification: Notification, reason: str) -> str:
    because = figures.sentence(reason) if reason else ""
    match notification.category:
        case Category.PAUSED:
            advice = "" if details.has_advice(reason) else details.LOOK_THEN_RESUME
            said = f"{because or details.NO_REASON} {advice}"
        case Category.FAILED | Category.NEVER_BEGAN if not reason and not notification.faults:
            said = details.NO_REASON
        case Category.CONTACT_LOST | Category.OFFLINE:
            said = f"{because} {details.CHECK_POWER}"
        case Category.CONTACT_RESTORED | Category.ALREADY_PRINTING if is_paused(notification):
            said = details.paused_because(reason)
        case Category.CONTACT_RESTORED if not reason:
            said = details.GOES_ON
        case Category.FILM_FAILED if not reason:
            said = details.NO_FILM
        case Category.COLLECTOR_LOST:
            said = f"{because} {details.NOBODY_WATCHES}"
        case Category.COLLECTOR_DISK_FULL:
            said = details.DISK_IS_FULL
        case _:
            said = because
    if notification.ended and notification.category in (Category.CONTACT_LOST, Category.OFFLINE):
        said += f" {details.TAKEN_AS_ENDED}"
    return said.strip()


def _verdict(notification: Notification, text: str) -> str:
    confidence = notification.confidence
    if confidence is None or not 0 <= confidence <= 1:
        return figures.sentence(text)
    return details.verdict(round(confidence * 100), text)


def _fault_texts(notification: Notification, reason: str, limit: int) -> list[str]:
    """What the faults say, each event once, though several codes tell it."""
    shown = notification.faults[:_FAULTS_LIMIT]
    texts = [text for fault in shown if fault.text and (text := plain_words(fault.text, limit))]
    said = [reason] if reason else []
    for text in texts:
        if not any(is_told_by(text, other) for other in said):
            said.append(text)
    lines = [figures.sentence(text) for text in said if text != reason]
    if shown and not said and notification.category in (Category.ERROR, Category.FAILED):
        lines.append(details.no_words(len(shown)))
    if len(notification.faults) > len(shown):
        lines.append(details.and_more(len(notification.faults) - len(shown)))
    return lines


def _codes(notification: Notification) -> Line:
    spans: list[Span] = []
    for fault in notification.faults[:_FAULTS_LIMIT]:
        spans += [Span(_SEPARATOR)] if spans else []
        spans += _code(fault)
    return tuple(spans)


def _code(fault: Fault) -> list[Span]:
    url = safe_url(fault.link)
    code = Span(code_words(fault.code, 40), "code")
    return [code, Span(" "), Span(details.WIKI, link=url)] if url else [code]


def _footnotes(notification: Notification, context: RenderContext, has_photo: bool) -> Line:
    notes = []
    age = photo_age(notification)
    if has_photo and age is not None and age > PHOTO_AGE_MENTIONED_SECONDS:
        notes.append(details.photo_age(duration(age)))
    if context.lateness > LATE_MESSAGE_SECONDS:
        notes.append(details.delayed(duration(context.lateness)))
    return (Span(_SEPARATOR.join(notes), "i"),) if notes else ()


def _plain(lines: list[Line], limit: int) -> str:
    """Addresses are left out when they would not fit."""
    lines = without_markup(lines)
    whole = to_plain(lines)
    if utf16_length(whole) <= limit:
        return whole
    return to_plain(fitted([tuple(replace(span, link="") for span in line) for line in lines], limit))

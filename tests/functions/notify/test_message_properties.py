"""Whatever a notification holds, its message is valid, within limits, and does no harm."""

import sys
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.notify.render import RenderContext, film_remark, render
from functions.shared.domain.faults import Fault, Severity
from functions.shared.messages.effects import Category, Film, JobSnapshot, Notification
from functions.shared.messages.report import FrameReference
from functions.shared.telegram.markup import (
    CAPTION_LIMIT,
    TEXT_LIMIT,
    Span,
    clean,
    cut_end,
    cut_middle,
    fitted,
    inert,
    name_words,
    plain_words,
    safe_url,
    to_html,
    utf16_length,
)
from tests.functions.notify.harness import BERLIN, NOW, notification
from tests.support.telegram.entities import live_entities
from tests.support.telegram.markup import read_html, read_marked, utf16_units

ANYTHING = st.characters(codec=None, exclude_categories=())
NASTY = st.sampled_from(
    [
        "<b>&\"'", "</b><script>", "&lt;", "../../x", "a\nb\r\nc\td", "\u202egnp.exe", "\u2066x\u2069",
        "🧵" * 200, "x" * 300, "\ud800", "\udfff", "\x00\x1b[31mred", "שלום", "e" + "\u0301" * 300,
        "👨‍👩‍👧‍👦" * 80, "@admin evil.com http://x.y/z", "\u200b", "\u3164", " ", "\ufeff",
        "<a href=\"javascript:1\">", "tg://user?id=1",
    ]
)  # fmt: skip
TEXTS = st.one_of(NASTY, st.text(ANYTHING, min_size=1, max_size=400))
OPTIONAL = st.one_of(st.none(), TEXTS)
INTEGERS = st.one_of(st.none(), st.integers(), st.integers(-5, 300))
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
FAULTS = st.builds(Fault, code=TEXTS, text=OPTIONAL, link=OPTIONAL, severity=st.sampled_from(Severity))
FILMS = st.builds(
    Film, TEXTS, st.integers(), FLOATS, st.integers(), st.integers(), st.integers(), st.integers()
)
NOTIFICATIONS = st.builds(
    Notification,
    id=TEXTS,
    category=st.sampled_from(Category),
    printer_id=TEXTS,
    observed_at=FLOATS,
    job=st.builds(JobSnapshot, OPTIONAL, INTEGERS, INTEGERS, INTEGERS, INTEGERS, st.booleans()),
    duration_seconds=st.one_of(st.none(), FLOATS),
    from_state=OPTIONAL,
    to_state=st.one_of(OPTIONAL, st.just("PAUSE")),
    reason=OPTIONAL,
    text=OPTIONAL,
    confidence=st.one_of(st.none(), FLOATS, st.floats(0, 1)),
    faults=st.lists(FAULTS, max_size=12).map(tuple),
    severity=st.sampled_from(Severity),
    frame=st.one_of(st.none(), st.builds(FrameReference, TEXTS, FLOATS, st.integers())),
    film=st.one_of(st.none(), FILMS),
    ended=st.booleans(),
    late_end=st.booleans(),
)
LIVE = (
    "@someone", "https://evil.example", "http://evil.example/a?b=c#d", "evil.com", "Evil.COM/x", "1.evil.de",
    "t.me/x", "tg://user?id=1", "tg://resolve", "/start", "/start@evil_bot", "#tag", "#метка", "$BTC",
    "me@evil.com", "mailto:me@evil.com", "192.168.1.1", "10.0.0.1:8000/x", "xn--80ak6aa92e.xn--p1ai",
    "пример.рф", "उदाहरण.भारत", "+1-212-555-0123", "+49 (0)30 1234567", "+491701234567", "030 123456789",
    "4111 1111 1111 1111", "user:secret@evil.com", "a.b.evil.com", "x_y-z.shop",
)  # fmt: skip
ALLOWED_TAGS = ("b", "i", "code", "a")


@settings(max_examples=250, deadline=None)
@given(NOTIFICATIONS, st.floats(0, 1e300), st.booleans(), st.booleans())
def test_any_notification_gives_a_message_that_telegram_takes(
    given_notification: Notification, lateness: float, has_photo: bool, has_remark: bool
) -> None:
    film = given_notification.film
    remark = film_remark(film, "Too large") if film and has_remark else ()
    context = RenderContext(NOW, lateness, BERLIN)
    message = render(given_notification, context, has_photo=has_photo, remark=remark)
    assert message.html is not None
    text = read_html(message.html)
    is_film = given_notification.category is Category.FILM and not remark
    limit = CAPTION_LIMIT if has_photo or is_film else TEXT_LIMIT
    assert 0 < utf16_units(text.strip()) <= limit
    assert 0 < utf16_units(message.plain.strip()) <= limit
    message.html.encode()
    assert not [
        character
        for character in text + message.plain
        if character != "\n" and unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp")
    ]


@settings(max_examples=150, deadline=None)
@given(TEXTS, TEXTS)
def test_no_name_can_add_a_line_or_a_tag(printer: str, job: str) -> None:
    given_notification = notification(Category.FINISHED, printer_id=printer, job_name=job)
    html = render(given_notification, RenderContext(NOW, 0, BERLIN)).html
    assert html is not None
    assert html.count("\n") == 1
    assert (html.count("<b>"), html.count("<code>"), html.count("<")) == (1, 1, 4)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("<b>&\"'</b>", "<b>&\"'</b>"),
        ("a\nb\r\n\tc", "a b c"),
        ("\u202egnp.exe", "gnp.exe"),
        ("\x1b[31mred\x00", "[31mred"),
        ("\ud800", "\ufffd"),
        ("שלום", "\u2068שלום\u2069"),
        ("🧵🪡", "🧵🪡"),
        ("\u200b\u202e", "?"),
        ("x" * 300, "x" * 80 + "…" + "x" * 39),
    ],
)
def test_a_hostile_job_name_is_shown_harmlessly(name: str, shown: str) -> None:
    html = render(notification(job_name=name), RenderContext(NOW, 0, BERLIN)).html
    assert html is not None
    assert read_html(html).split("\n")[1] == shown


@pytest.mark.parametrize("words", LIVE)
def test_words_of_a_printer_become_no_mention_no_link_and_no_command(words: str) -> None:
    assert live_entities(words), "it would be nothing anyway"
    for text in (words, f"see {words} now", f"({words})", f"x{words}", f"{words}.", f"{words}{words}"):
        assert live_entities(inert(text)) == []
        assert inert(text).replace("\u2060", "") == text
        assert inert(inert(text)) == inert(text)
    given_notification = notification(
        Category.PAUSED,
        printer_id=words,
        job_name=words,
        reason=words,
        text=words,
        faults=(Fault(words, words),),
    )
    message = render(given_notification, RenderContext(NOW, 0, BERLIN))
    assert message.html is not None
    assert live_entities(*read_marked(message.html)) == []
    assert live_entities(message.plain) == []


@settings(max_examples=200, deadline=None)
@given(st.lists(st.one_of(st.sampled_from(LIVE), st.text("@/#$.:+aZ1_- ()é\u200dभ", max_size=6)), max_size=6))
def test_no_mixture_of_them_does_either(parts: list[str]) -> None:
    assert live_entities(inert("".join(parts))) == []


def test_a_name_in_code_is_copied_as_it_is() -> None:
    html = render(notification(job_name="v1.beta @x.gcode"), RenderContext(NOW, 0, BERLIN)).html
    assert html is not None
    assert "<code>v1.beta @x.gcode</code>" in html


def test_ordinary_text_is_left_as_it_is() -> None:
    sentence = "Filament ran out. Load new filament, e.g. 0.4 mm at 18:40"
    assert plain_words(sentence, 300) == sentence


@settings(max_examples=200, deadline=None)
@given(TEXTS, st.integers(4, 400))
def test_cutting_keeps_the_limit_and_whole_characters(text: str, limit: int) -> None:
    cleaned = clean(text)
    for cut in (cut_end(cleaned, limit), cut_middle(cleaned, limit)):
        assert utf16_units(cut) <= limit
        assert utf16_length(cut) == utf16_units(cut)
        assert cut == cleaned or "…" in cut
    assert utf16_units(name_words(text, limit)) <= limit + 2  # two isolating marks


def test_cutting_in_the_middle_keeps_what_tells_files_apart() -> None:
    assert cut_middle("part_of_a_very_long_name_plate_7.3mf", 20) == "part_of_a_ver…_7.3mf"


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.lists(st.tuples(TEXTS, st.sampled_from(["", *ALLOWED_TAGS])), max_size=4), max_size=5),
    st.integers(1, 300),
)
def test_fitting_never_breaks_markup(drawn: list[list[tuple[str, str]]], limit: int) -> None:
    lines = [
        tuple(
            Span(clean(text), "" if tag == "a" else tag, "https://x.y/?a=1&b='\"<" if tag == "a" else "")
            for text, tag in line
        )
        for line in drawn
    ]
    text = read_html(to_html(fitted(lines, limit)))
    assert utf16_units(text) <= limit
    whole = "\n".join("".join(span.text for span in line) for line in lines)
    assert text == whole or utf16_units(whole) > limit


@pytest.mark.parametrize(
    ("url", "is_safe"),
    [
        ("https://wiki.bambulab.com/en/x1/hmscode/0300_0100", True),
        ("javascript:alert(1)", False),
        ("tg://user?id=1", False),
        ("https://a b", False),
        ("https://x.y/\n", False),
        ("https://x/" + "y" * 400, False),
        (None, False),
    ],
)
def test_only_plain_web_addresses_become_links(url: str | None, is_safe: bool) -> None:
    assert safe_url(url) == (url if is_safe else "")


def test_a_quote_in_an_address_stays_inside_its_attribute() -> None:
    html = to_html([(Span("wiki", link='https://x.y/"onclick="<b>&'),)])
    assert read_html(html) == "wiki"
    assert html == '<a href="https://x.y/&quot;onclick=&quot;&lt;b&gt;&amp;">wiki</a>'


def test_the_highest_code_point_counts_as_two() -> None:
    assert utf16_length(chr(sys.maxunicode)) == 2

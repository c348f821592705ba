"""An answer becomes a verdict only if it says one; everything else is "no verdict", with the reason."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.inspection.verdict import SUMMARY_LIMIT, Defect, NoVerdict, Verdict, clean_text, read_verdict

GOOD = {"has_defect": True, "confidence": 0.9, "category": "spaghetti", "summary": "Loose filament."}
SEEN = Verdict(True, 0.9, Defect.SPAGHETTI, "Loose filament.")
TEXT = json.dumps(GOOD)


def answer(**changes: object) -> str:
    return json.dumps(GOOD | changes)


@pytest.mark.parametrize(
    "text",
    [
        TEXT,
        json.dumps(GOOD, indent=2),
        f"```json\n{TEXT}\n```",
        f"```\n{TEXT}\n```",
        f"Here is what I see:\n{TEXT}\nHope this helps {{}}!",
        f"[{TEXT}]",
        f'{{"result": {TEXT}}}',
        f"{TEXT}\n{TEXT}",
        f"The set {{a, b}} is not JSON, this is: {TEXT}",
        answer(extra="more"),
        answer(has_defect="True"),
        answer(category="Spaghetti "),
        answer(confidence="0.9"),
        answer(confidence="90%"),
        answer(confidence=" 90 % "),
        answer(confidence="0,9"),
        answer(confidence=90),
        answer(confidence="90"),
    ],
)
def test_a_readable_answer_is_read_however_it_is_wrapped(text: str) -> None:
    assert read_verdict(text) == SEEN


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (None, "empty"),
        ("", "empty"),
        ("  \n", "empty"),
        ("There is spaghetti everywhere, has_defect: true, confidence 0.99!", "no JSON"),
        ("null", "no JSON"),
        ("[true, 0.9]", "no JSON"),
        ("{'has_defect': True}", "no JSON"),
        (TEXT[:50], "no JSON"),
        (answer(confidence="high"), "confidence"),
        (answer(confidence="-5"), "confidence"),
        (answer(confidence=-0.1), "confidence"),
        (answer(confidence=101), "confidence"),
        (answer(confidence=10**400), "confidence"),
        (answer(confidence=True), "confidence"),
        (answer(confidence=None), "confidence"),
        (TEXT.replace("0.9", "NaN"), "confidence"),
        (TEXT.replace("0.9", "Infinity"), "confidence"),
        (answer(has_defect=1), "has_defect"),
        (answer(has_defect="perhaps"), "has_defect"),
        (answer(category=3), "category"),
        (answer(category=None), "category"),
        (answer(summary=["a"]), "summary"),
        (json.dumps({"has_defect": True, "confidence": 1}), "lacked category, summary"),
        (TEXT[:-1] + ', "has_defect": false}', "no JSON"),
        (f"{TEXT}\nor rather\n{answer(has_defect=False)}", "2 different answers"),
        (TEXT + " " * 30_000, "too long"),
        ('{"a":' * 3_000, "no JSON"),
        ("{" * 19_000, "no JSON"),
    ],
)
def test_an_unreadable_answer_is_no_verdict_and_says_why(text: str | None, reason: str) -> None:
    verdict = read_verdict(text)
    assert isinstance(verdict, NoVerdict)
    assert reason in verdict.reason


def test_an_answer_that_was_cut_off_refused_or_withheld_is_said_to_be_so() -> None:
    assert read_verdict(TEXT[:50], "length") == NoVerdict("the answer was cut off")
    assert read_verdict("Hm.", "content_filter") == NoVerdict("the answer was withheld by a content filter")
    assert read_verdict(None, refusal="I can't\nsee that") == NoVerdict("the model refused: I can't see that")
    assert read_verdict(TEXT + " And so on and", "length") == SEEN


def test_small_numbers_are_shares_and_a_percent_sign_counts() -> None:
    for given_value, share in ((1, 1.0), (1.0, 1.0), (0, 0.0), ("1%", 0.01), (0.5, 0.5), (87.5, 0.875)):
        verdict = read_verdict(answer(confidence=given_value))
        assert isinstance(verdict, Verdict)
        assert verdict.confidence == pytest.approx(share)


def test_an_unknown_category_is_other_and_none_stands_for_no_defect() -> None:
    def category(**changes: object) -> Defect:
        verdict = read_verdict(answer(**changes))
        assert isinstance(verdict, Verdict)
        return verdict.category

    assert category(category="Layer Shift") is Defect.LAYER_SHIFT
    assert category(category="blob-on-nozzle") is Defect.BLOB_ON_NOZZLE
    assert category(category="spaghetti monster") is Defect.OTHER
    assert category(category="none") is Defect.OTHER
    assert category(category="warping", has_defect=False) is Defect.NONE
    assert category(category=None, has_defect=False) is Defect.NONE


def test_a_summary_is_one_short_line_without_control_characters() -> None:
    verdict = read_verdict(answer(summary="a\x00b\u202ec\r\nd\ud800 <b>" + "x" * 1000))
    assert isinstance(verdict, Verdict)
    assert verdict.summary.startswith("a b c d <b>x")
    assert len(verdict.summary) == SUMMARY_LIMIT
    verdict.summary.encode()


@settings(max_examples=150, deadline=None)
@given(
    st.text(max_size=400) | st.builds(lambda a, b: a + TEXT + b, st.text(max_size=60), st.text(max_size=60))
)
def test_no_text_can_raise(text: str) -> None:
    verdict = read_verdict(text)
    assert isinstance(verdict, NoVerdict) or 0 <= verdict.confidence <= 1


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@settings(max_examples=150, deadline=None)
@given(st.fixed_dictionaries({}, optional=dict.fromkeys(GOOD, _JSON)))
def test_no_object_can_raise(body: dict[str, object]) -> None:
    verdict = read_verdict(json.dumps(body))
    if isinstance(verdict, Verdict):
        assert body.keys() == GOOD.keys()
        assert 0 <= verdict.confidence <= 1
        assert clean_text(verdict.summary) == verdict.summary

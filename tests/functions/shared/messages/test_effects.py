"""Effects: the same on both sides of a queue, and nothing else gets through."""

import dataclasses
import json
from collections.abc import Callable
from typing import Any, TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.shared.domain.faults import Fault, Severity
from functions.shared.errors import ContractError
from functions.shared.messages.codec import to_json
from functions.shared.messages.effects import (
    Category,
    Effect,
    Film,
    Inspection,
    JobSnapshot,
    Notification,
    Timelapse,
    decode_inspection,
    decode_notification,
    decode_timelapse,
    encode_effect,
    outgoing,
)
from functions.shared.ports import message_fault
from tests.functions.shared.messages.test_report import (
    any_json,
    any_text,
    counts,
    frame_references,
    some_text,
    stamps,
)

KindT = TypeVar("KindT", Notification, Inspection, Timelapse)


def whole(kind: type[KindT], **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[KindT]:
    """Any value of the kind; no field may be left out."""
    assert set(fields) == {field.name for field in dataclasses.fields(kind)}
    return st.builds(kind, **fields)


maybe_text = st.none() | some_text
maybe_count = st.none() | counts
categories = st.sampled_from(Category)
severities = st.sampled_from(Severity)
faults = st.builds(Fault, code=some_text, text=maybe_text, link=maybe_text, severity=severities)
job_snapshots = st.builds(
    JobSnapshot, name=maybe_text, percent=maybe_count, layer=maybe_count, total_layers=maybe_count,
    remaining_minutes=maybe_count
)  # fmt: skip
films = st.builds(
    Film, key=some_text, size=counts, duration_seconds=stamps, width=counts, height=counts, frames=counts,
    missing=counts
)  # fmt: skip
timelapses = whole(
    Timelapse,
    id=some_text, printer_id=some_text, job_id=some_text, observed_at=stamps, prefix=some_text, since=stamps,
    until=stamps, frames_kept=maybe_count, model=maybe_text, job_name=maybe_text, result=categories,
    duration_seconds=st.none() | stamps, max_bytes=maybe_count,
)  # fmt: skip
inspections = whole(
    Inspection,
    id=some_text, printer_id=some_text, job_id=some_text, observed_at=stamps, prefix=some_text, since=stamps,
    frame=st.none() | frame_references, model=maybe_text, job=job_snapshots, printing_since=stamps,
    confirms=maybe_text, late_by=stamps,
)  # fmt: skip
notifications = whole(
    Notification,
    id=some_text, category=categories, printer_id=some_text, observed_at=stamps, late_by=stamps,
    model=maybe_text,
    job_id=maybe_text, job=job_snapshots, duration_seconds=st.none() | stamps, from_state=maybe_text,
    to_state=maybe_text,
    reason=maybe_text, text=maybe_text, confidence=st.none() | stamps,
    faults=st.lists(faults, max_size=3).map(tuple), severity=severities, frame=st.none() | frame_references,
    film=st.none() | films, remake=st.none() | timelapses, ended=st.booleans(), late_end=st.booleans(),
    number=maybe_count, edit_of=maybe_text,
)  # fmt: skip

Decoder = Callable[[str], Effect]
EXAMPLES: list[tuple[Effect, Decoder]] = [
    (
        Notification(
            "n", Category.PAUSED, "A1", 5.0, faults=(Fault("0300-8012"),), film=Film("k", 1, 2.0, 3, 4, 5)
        ),
        decode_notification,
    ),
    (Inspection("i", "A1", "job", 5.0, "images/A1/x/", 1.0), decode_inspection),
    (Timelapse("t", "A1", "job", 5.0, "images/A1/x/", 1.0, 4.0), decode_timelapse),
]


@given(effect=notifications)
def test_a_notification_comes_through_as_it_was(effect: Notification) -> None:
    assert decode_notification(encode_effect(effect)) == effect


@given(effect=inspections)
def test_an_inspection_comes_through_as_it_was(effect: Inspection) -> None:
    assert decode_inspection(encode_effect(effect)) == effect


@given(effect=timelapses)
def test_a_timelapse_comes_through_as_it_was(effect: Timelapse) -> None:
    assert decode_timelapse(encode_effect(effect)) == effect


@given(text=any_text | any_json.map(json.dumps))
@pytest.mark.parametrize("decode", [decode for _, decode in EXAMPLES])
def test_any_text_is_an_effect_or_a_contract_error(decode: Decoder, text: str) -> None:
    with pytest.raises(ContractError):
        decode(text)


@given(data=st.data(), value=any_json | st.sampled_from([10**400, [None], [{"code": 1}], {"key": "k"}]))
@pytest.mark.parametrize(("effect", "decode"), EXAMPLES)
def test_any_value_in_any_place_is_taken_or_a_contract_error(
    effect: Effect, decode: Decoder, data: st.DataObject, value: object
) -> None:
    name = data.draw(st.sampled_from([*to_json(effect)]))
    fault = ""
    try:
        decoded = decode(json.dumps(json.loads(encode_effect(effect)) | {name: value}))
    except ContractError as error:
        fault = str(error)
    else:
        assert decode(encode_effect(decoded)) == decoded
    assert len(fault) < 250


def test_empty_texts_say_nothing() -> None:
    effect = Notification(
        "n", Category.DEFECT, "A1", 5.0, job=JobSnapshot(""), text="", faults=(Fault("c", "", ""),)
    )
    decoded = decode_notification(encode_effect(effect))
    assert (decoded.job.name, decoded.text, decoded.faults) == (None, None, (Fault("c"),))


@given(effect=notifications | inspections | timelapses, group=any_text)
def test_every_effect_can_be_put_on_every_queue_and_its_id_is_what_repeats(
    effect: Effect, group: str
) -> None:
    entry = outgoing(effect, group)
    assert message_fault(entry, fifo=True) is None
    assert entry.body.isascii()
    assert entry.deduplication_id == outgoing(effect, "another").deduplication_id

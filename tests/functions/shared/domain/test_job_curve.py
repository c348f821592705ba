"""A curve stays within its points however long the job is, and whatever portions they come in."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.shared.domain.job_curve import (
    KEPT_POINTS,
    SLOT_SECONDS,
    Curve,
    CurvePoint,
    decode_curve,
    encode_curve,
    is_point_due,
    merged_curve,
    thinned,
)

_DEGREES = st.none() | st.integers(-50, 600)
_POINTS = st.builds(
    CurvePoint, st.integers(0, 400_000), st.none() | st.integers(0, 100), _DEGREES, _DEGREES, _DEGREES
)
_CURVES = st.lists(_POINTS, max_size=60, unique_by=lambda point: point.seconds).map(merged_curve)


def every(seconds: int, until: int) -> Curve:
    return tuple(CurvePoint(at, at * 100 // until) for at in range(0, until, seconds))


@given(_CURVES)
def test_what_is_written_is_read_back(curve: Curve) -> None:
    assert decode_curve(encode_curve(curve)) == curve


@given(st.text(max_size=80) | st.text("0123456789,;-", max_size=80))
def test_any_text_is_some_curve_within_bounds(text: str) -> None:
    for point in decode_curve(text):
        assert point.seconds >= 0
        assert point.percent is None or 0 <= point.percent <= 100
        assert point.nozzle is None or -50 <= point.nozzle <= 600


def test_a_column_that_lacks_a_value_makes_it_no_curve() -> None:
    assert decode_curve("0,30;1;200,1;60,0;,") == ()
    assert decode_curve("0,30;1,1;200,1;60,0;,") == (CurvePoint(0, 1, 200, 60), CurvePoint(30, 2, 201, 60))


@settings(max_examples=60)
@given(st.data(), st.integers(1, 6).map(lambda half: 2 * half))
def test_thinning_goes_by_no_order_and_no_portions(data: st.DataObject, most: int) -> None:
    points = data.draw(_CURVES)
    whole = thinned(points, most)
    assert len(whole) <= most
    kept = data.draw(st.sets(st.sampled_from(points))) if points else set()
    part = thinned(sorted(kept, key=lambda point: point.seconds), most)
    later = sorted({*part, *points}, key=lambda point: point.seconds)
    assert thinned(later, most) == whole
    assert thinned(whole, most) == whole
    rest = [point for point in points if point not in kept]
    both = sorted({*part, *thinned(rest, most)}, key=lambda point: point.seconds)
    assert thinned(both, most) == whole


@given(_CURVES, _CURVES)
def test_merging_twice_is_merging_once(one: Curve, other: Curve) -> None:
    merged = merged_curve(one, other)
    assert merged_curve(merged, other) == merged_curve(merged, one) == merged
    assert [point.seconds for point in merged] == sorted({point.seconds for point in merged})


@pytest.mark.parametrize(("hours", "fewest"), [(1, 100), (4, 150), (40, 140), (400, 140)])
def test_a_job_of_any_length_has_enough_points_and_never_too_many(hours: int, fewest: int) -> None:
    seconds = hours * 3600
    curve: Curve = ()
    last: int | None = None
    for at in range(0, seconds, 20):
        if is_point_due(at, last):
            curve, last = merged_curve(curve, (CurvePoint(at, 0),)), at
    assert fewest <= len(curve) <= KEPT_POINTS
    assert curve[0].seconds == 0
    gaps = [after.seconds - before.seconds for before, after in itertools.pairwise(curve)]
    assert max(gaps) <= 2 * max(SLOT_SECONDS, 2.01 * seconds / KEPT_POINTS)


def test_a_doubled_slot_keeps_its_first_point() -> None:
    curve = thinned(every(SLOT_SECONDS, SLOT_SECONDS * 8), 4)
    assert [point.seconds for point in curve] == [0, 60, 120, 180]

"""Quiet hours: by the wall's clock, over midnight and changes of clocks, in every zone."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.shared.domain.quiet_hours import QuietHours, parse_quiet_hours, quiet_span

BERLIN = ZoneInfo("Europe/Berlin")
NIGHT = QuietHours(time(22, 0), time(7, 0))
# Among them clocks that change by half an hour, at midnight, and a day that never was.
ZONES = (
    *("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Havana", "Pacific/Apia"),
    *("Asia/Kathmandu", "Africa/Casablanca", "America/St_Johns", "Pacific/Chatham"),
)
FROM, TO = 1_262_304_000, 1_900_000_000  # 2010 to 2030

times = st.builds(time, st.integers(0, 23), st.sampled_from((0, 1, 15, 30, 59)))
hours = st.tuples(times, times).filter(lambda pair: pair[0] != pair[1]).map(lambda pair: QuietHours(*pair))
zones = st.sampled_from(ZONES).map(ZoneInfo)
moments = st.integers(FROM, TO).map(float)


def at(text: str, zone: ZoneInfo = BERLIN) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=zone).timestamp()


def shown(hours: QuietHours, moment: float, zone: ZoneInfo = BERLIN) -> tuple[str, str] | None:
    span = quiet_span(hours, zone, moment)
    if span is None:
        return None
    begin, end = (datetime.fromtimestamp(edge, zone) for edge in (span.begins_at, span.ends_at))
    return begin.isoformat(timespec="minutes"), end.isoformat(timespec="minutes")


def test_a_night_reaches_over_midnight_and_its_end_is_not_in_it() -> None:
    assert shown(NIGHT, at("2025-11-24T21:59:59")) is None
    for inside in ("2025-11-24T22:00", "2025-11-25T00:00", "2025-11-25T06:59:59"):
        assert shown(NIGHT, at(inside)) == ("2025-11-24T22:00+01:00", "2025-11-25T07:00+01:00")
    assert shown(NIGHT, at("2025-11-25T07:00")) is None


def test_hours_of_one_day_do_not() -> None:
    noon = QuietHours(time(13, 0), time(15, 30))
    assert shown(noon, at("2025-11-24T15:29")) == ("2025-11-24T13:00+01:00", "2025-11-24T15:30+01:00")
    assert shown(noon, at("2025-11-24T12:59")) is None
    assert shown(noon, at("2025-11-24T23:00")) is None


def test_a_night_in_which_clocks_change_ends_by_the_clock_on_the_wall() -> None:
    assert shown(NIGHT, at("2025-03-30T01:00")) == ("2025-03-29T22:00+01:00", "2025-03-30T07:00+02:00")
    assert shown(NIGHT, at("2025-10-26T01:00")) == ("2025-10-25T22:00+02:00", "2025-10-26T07:00+01:00")


def test_an_hour_that_comes_twice_is_quiet_twice_and_one_jumped_over_not_at_all() -> None:
    twice = QuietHours(time(2, 15), time(2, 45))
    assert shown(twice, at("2025-10-26T02:20")) == ("2025-10-26T02:15+02:00", "2025-10-26T02:45+01:00")
    until = QuietHours(time(1, 0), time(2, 30))
    assert shown(until, at("2025-10-26T01:30")) == ("2025-10-26T01:00+02:00", "2025-10-26T02:30+01:00")
    assert shown(until, at("2025-03-30T01:59")) == ("2025-03-30T01:00+01:00", "2025-03-30T03:00+02:00")
    jumped = QuietHours(time(2, 15), time(2, 45))
    assert shown(jumped, at("2025-03-30T03:00")) is None
    since = QuietHours(time(2, 30), time(4, 0))
    assert shown(since, at("2025-03-30T03:10")) == ("2025-03-30T03:00+02:00", "2025-03-30T04:00+02:00")


@given(hours=hours, zone=zones, moment=moments)
def test_who_is_in_a_span_lies_within_it_and_its_ends_are_not_moved_by_where_one_asks(
    hours: QuietHours, zone: ZoneInfo, moment: float
) -> None:
    span = quiet_span(hours, zone, moment)
    if span is None:
        return
    assert span.begins_at <= moment < span.ends_at
    assert span.ends_at - span.begins_at < 86_400 * 2
    assert quiet_span(hours, zone, span.ends_at - 1) is not None
    assert quiet_span(hours, zone, span.begins_at) is not None


@given(hours=hours, zone=zones, moment=moments)
def test_far_from_a_change_of_clocks_it_is_quiet_if_the_wall_says_so(
    hours: QuietHours, zone: ZoneInfo, moment: float
) -> None:
    offsets = {datetime.fromtimestamp(moment + day * 86_400, zone).utcoffset() for day in (-2, -1, 0, 1, 2)}
    if len(offsets) > 1:
        return
    wall = datetime.fromtimestamp(moment, zone).time()
    if hours.begin < hours.end:
        is_quiet = hours.begin <= wall < hours.end
    else:
        is_quiet = wall >= hours.begin or wall < hours.end
    assert (quiet_span(hours, zone, moment) is not None) == is_quiet


@given(hours=hours, zone=zones, day=st.integers(FROM // 86_400, TO // 86_400))
def test_each_night_is_one_span(hours: QuietHours, zone: ZoneInfo, day: int) -> None:
    """However finely one asks within two days, no span overlaps another but at its seam."""
    spans = {
        (span.begins_at, span.ends_at)
        for minutes in range(0, 2 * 1440, 20)
        if (span := quiet_span(hours, zone, day * 86_400.0 + minutes * 60)) is not None
    }
    ordered = sorted(spans)
    assert len({begin for begin, _ in ordered}) == len(ordered)
    assert all(end - begin > 0 for begin, end in ordered)


@given(text=st.text(max_size=14))
def test_any_text_is_hours_or_refused(text: str) -> None:
    try:
        parsed = parse_quiet_hours(text)
    except ValueError as error:
        assert "must" in str(error)  # noqa: PT017 - what is raised is what is asked for
        return
    assert parsed is None or parse_quiet_hours(str(parsed)) == parsed


@pytest.mark.parametrize("text", ["22:00", "22:00-22:00", "25:00-07:00", "22:60-07:00", "night"])
def test_what_is_no_span_of_a_day_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="must"):
        parse_quiet_hours(text)


def test_a_time_beyond_all_calendars_is_not_quiet() -> None:
    assert quiet_span(NIGHT, BERLIN, 1e18) is None
    assert quiet_span(NIGHT, BERLIN, float("nan")) is None
    early = datetime(1, 1, 1, 0, 30, tzinfo=UTC) + timedelta(minutes=1)
    assert quiet_span(NIGHT, UTC, early.timestamp()) is None

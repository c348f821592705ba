"""A clock that jumps hands nothing out twice, for what is in hand is measured by time that really passes."""

from pathlib import Path

import pytest

from functions.shared.runtime.clocks import MonotonicWallClock
from functions.shared.settings import Settings
from infra.local.stores import open_stores
from tests.support.clock import HandClock
from tests.support.contracts.queue import bodies, message, only, send

WEEKS = 3 * 7 * 86_400.0


@pytest.mark.parametrize("jump", [WEEKS, -WEEKS])
def test_what_is_in_hand_stays_so_though_the_clock_jumps(tmp_path: Path, jump: float) -> None:
    hand = HandClock()
    clock = MonotonicWallClock(wall=hand.wall, monotonic=hand.monotonic)
    settings = Settings(data_dir=tmp_path / "data", images_dir=tmp_path / "images")
    stores = open_stores(settings, clock, hand.monotonic)
    queue = stores.notifications
    send(queue, message("first", "chat"), message("other", "films"), message("second", "chat"))
    in_hand, late = queue.receive(2)
    queue.retry(late, 600.0)
    hand.jump(jump)
    hand.pass_time(30)
    assert queue.receive() == []
    hand.pass_time(600)
    assert only(queue.receive()).body == "other"
    queue.acknowledge(in_hand)
    second = only(queue.receive())
    assert second.body == "second"
    send(queue, message("third", "later"))
    assert only(queue.receive()).sent_at == clock()
    stores.database.close()
    again = open_stores(settings, clock, hand.monotonic)
    assert set(bodies(again.notifications.receive())) == {"other", "second", "third"}
    again.database.close()


@pytest.mark.parametrize("jump", [WEEKS, -WEEKS, 0.0])
def test_what_waits_is_as_late_as_it_really_is_though_the_clock_jumps(tmp_path: Path, jump: float) -> None:
    hand = HandClock()
    settings = Settings(data_dir=tmp_path / "data", images_dir=tmp_path / "images")
    stores = open_stores(settings, hand.wall, hand.monotonic)
    queue = stores.notifications
    send(queue, message("alert"))
    hand.pass_time(30)
    queue.retry(only(queue.receive()), 10.0)
    hand.jump(jump)
    hand.pass_time(10)
    alert = only(queue.receive())
    assert hand.wall() - alert.sent_at == pytest.approx(40.0)
    send(queue, message("next", "later"))
    hand.pass_time(5)
    assert hand.wall() - only(queue.receive()).sent_at == pytest.approx(5.0)
    queue.acknowledge(alert)
    stores.database.close()


def test_what_another_run_sent_is_as_old_as_it_says(tmp_path: Path) -> None:
    hand = HandClock()
    settings = Settings(data_dir=tmp_path / "data", images_dir=tmp_path / "images")
    stores = open_stores(settings, hand.wall, hand.monotonic)
    send(stores.notifications, message("alert"))
    stores.database.close()
    hand.pass_time(3600)
    again = open_stores(settings, hand.wall, hand.monotonic)
    assert hand.wall() - only(again.notifications.receive()).sent_at == pytest.approx(3600.0)
    again.database.close()

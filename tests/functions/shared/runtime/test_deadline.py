"""When the work in hand has to be over."""

import math

from functions.shared.runtime.deadline import Deadline
from tests.support.clock import HandClock


def test_there_is_no_end_until_one_is_set_and_each_piece_of_work_has_its_own() -> None:
    clock = HandClock()
    deadline = Deadline(clock)
    assert deadline.left() == math.inf
    deadline.set(40)
    clock.pass_time(41)
    assert deadline.left() == -1
    deadline.set(40)
    assert deadline.left() == 40

"""The plan of a run: the same for the same seed, and of the kinds that it shall have."""

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.reliability.chaos.__main__ import plans
from tests.reliability.chaos.plan import Kind, Shape, kinds_of, make_plan


@settings(max_examples=30)
@given(seed=st.integers(0, 2**40), shape=st.sampled_from(Shape), faults=st.integers(0, 60))
def test_a_plan_is_a_pure_function_of_its_seed(seed: int, shape: Shape, faults: int) -> None:
    plan = make_plan(seed, shape, faults)
    assert plan == make_plan(seed, shape, faults)
    assert len(plan.faults) == faults
    moments = [fault.at for fault in plan.faults]
    assert moments == sorted(moments)
    allowed = {kind for kind, _ in kinds_of(shape, commands=False)}
    for fault in plan.faults:
        assert fault.kind in allowed
        assert 0 < fault.at <= plan.seconds + 0.001
        assert 0 <= fault.seconds <= 10
        assert 0 <= fault.target < len(plan.printers)


@given(seed=st.integers(0, 2**40))
@settings(max_examples=10)
def test_no_two_jobs_have_one_name_so_that_each_message_is_of_one_job(seed: int) -> None:
    names = [run.job.name for one in make_plan(seed, Shape.EMBEDDED, 1).printers for run in one.prints]
    assert len(names) == len(set(names))


def test_another_seed_is_another_run() -> None:
    assert make_plan(1, Shape.EMBEDDED, 20).faults != make_plan(2, Shape.EMBEDDED, 20).faults


def test_every_kind_of_fault_comes_within_some_runs() -> None:
    found: set[Kind] = set()
    for shape, commands in itertools.product(Shape, (False, True)):
        plans_made = [make_plan(seed, shape, 40, commands=commands) for seed in range(12)]
        kinds = {fault.kind for plan in plans_made for fault in plan.faults}
        assert kinds == {kind for kind, _ in kinds_of(shape, commands=commands)}
        found |= kinds
    assert found == set(Kind)


def test_the_faults_asked_for_are_spread_over_runs_of_both_shapes() -> None:
    made = plans(7, 203, list(Shape))
    assert sum(len(plan.faults) for plan in made) == 203
    assert {plan.shape for plan in made} == set(Shape)
    assert len({plan.seed for plan in made}) == len(made)


def test_the_command_that_is_named_after_a_failure_gives_the_same_run() -> None:
    for plan in plans(7, 200, list(Shape)):
        again = plans(plan.seed, len(plan.faults), [plan.shape], bool(plan.requests))
        assert again == [plan]

"""Bounds on attempts."""

from __future__ import annotations

from server.identity.throttle import KEYS, BackOff, RateLimit
from tests.server.identity.site import Clock


def test_a_rate_limit_lets_so_many_through_and_recovers() -> None:
    clock = Clock()
    limit = RateLimit(2, 60, clock=clock)
    assert [limit.allows("a"), limit.allows("a"), limit.allows("a")] == [True, True, False]
    assert limit.allows("b")
    clock.advance(60)
    assert limit.allows("a")


def test_waiting_doubles_after_the_free_failures_up_to_the_longest() -> None:
    clock = Clock()
    back_off = BackOff(3, 10.0, clock=clock)
    waits = []
    for _ in range(8):
        back_off.failed("ada")
        waits.append(back_off.wait("ada"))
    assert waits == [0, 0, 1, 2, 4, 8, 10, 10]
    clock.advance(10)
    assert back_off.wait("ada") == 0
    back_off.failed("ada")
    assert back_off.wait("ada") == 10


def test_success_forgets_the_failures_of_that_name_only() -> None:
    back_off = BackOff(1, 10.0, clock=Clock())
    back_off.failed("ada")
    back_off.failed("bob")
    back_off.succeeded("ada")
    assert (back_off.wait("ada"), back_off.wait("bob")) == (0, 1)


def test_strangers_cannot_fill_memory() -> None:
    clock = Clock()
    limit, back_off = RateLimit(1, 60, clock=clock), BackOff(1, 10, clock=clock)
    for number in range(KEYS + 10):
        limit.allows(str(number))
        back_off.failed(str(number))
    assert len(limit._attempts) == len(back_off._failures) == KEYS

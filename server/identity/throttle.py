"""Bounds on attempts, kept in this process: how often something may be tried, and how long to wait after failures."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass

KEYS = 10_000  # the oldest keys are forgotten beyond this, so that strangers cannot fill memory


class RateLimit:
    """At most `limit` attempts a key in any `seconds`. Keys are addresses of peers."""

    def __init__(self, limit: int, seconds: float, *, clock: Callable[[], float]) -> None:
        self._limit = limit
        self._seconds = seconds
        self._clock = clock
        self._attempts: OrderedDict[str, deque[float]] = OrderedDict()

    def allows(self, key: str) -> bool:
        """Counts this attempt unless it is refused."""
        now = self._clock()
        attempts = self._attempts.setdefault(key, deque())
        self._attempts.move_to_end(key)
        if len(self._attempts) > KEYS:
            self._attempts.popitem(last=False)
        while attempts and attempts[0] <= now - self._seconds:
            attempts.popleft()
        if len(attempts) >= self._limit:
            return False
        attempts.append(now)
        return True


@dataclass(slots=True)
class _Failures:
    count: int = 0
    until: float = 0.0


class BackOff:
    """After `free` failures of a key each further one doubles the wait, up to `longest` seconds."""

    def __init__(self, free: int, longest: float, *, clock: Callable[[], float]) -> None:
        self._free = free
        self._longest = longest
        self._clock = clock
        self._failures: OrderedDict[str, _Failures] = OrderedDict()

    def wait(self, key: str) -> float:
        """Seconds until the next attempt is looked at; 0 = now."""
        failures = self._failures.get(key)
        return max(0.0, failures.until - self._clock()) if failures else 0.0

    def failed(self, key: str) -> None:
        failures = self._failures.setdefault(key, _Failures())
        self._failures.move_to_end(key)
        if len(self._failures) > KEYS:
            self._failures.popitem(last=False)
        failures.count += 1
        if failures.count >= self._free:
            exponent = min(failures.count - self._free, 30)
            failures.until = self._clock() + min(2.0**exponent, self._longest)

    def succeeded(self, key: str) -> None:
        self._failures.pop(key, None)

"""The store, and the clocks: tokens and approvals expire by the wall clock, so several machines must agree on it."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import text

from server.config import Config
from server.doctor.line import Line, fail, ok, warn
from server.doctor.machine import sqlite_file
from server.secrets import SecretUnavailable, exposed
from server.store.engine import Store, StoreUnavailable, open_store

DRIFT_WARN, DRIFT_FAIL = 2.0, 10.0
"""Seconds between our clock and another one. Tokens are given 10 s of leeway."""


async def check_store(config: Config, *, clock: Callable[[], float]) -> list[Line]:
    """Reachable, of this version, and of the same time. Nothing is created or migrated here."""
    file = sqlite_file(config)
    if file is not None and not file.exists():
        return [warn("store", f"{file} does not exist yet", "`warded serve` creates it.")]
    try:
        store = await open_store(config.store_url, password=exposed(config.store.password), migrate=False)
    except (StoreUnavailable, SecretUnavailable) as error:
        return [fail("store", str(error), error.remedy)]
    try:
        return [ok("store", f"{store.dialect}, reachable and up to date"), await _store_clock(store, clock)]
    except StoreUnavailable as error:
        return [fail("store", str(error), error.remedy)]
    finally:
        await store.close()


def check_steady_clock(wall: float, steady: float) -> Line:
    """Seconds that passed by both clocks while doctor ran: a wall clock that is being set jumps."""
    if abs(wall - steady) > 1.0:
        return fail("clock", f"the clock jumped by {wall - steady:+.1f} s just now", "Let NTP slew the clock.")
    return ok("clock", "the clock runs steadily")


async def _store_clock(store: Store, clock: Callable[[], float]) -> Line:
    if store.dialect == "sqlite":
        return ok("clock", "the store uses this machine's clock")
    before = clock()
    async with store.session(read_only=True) as session:
        answer = await session.execute(text("SELECT extract(epoch FROM clock_timestamp())"))
        theirs = float(answer.scalar_one())
    drift = theirs - (before + clock()) / 2
    words = f"the store's clock differs by {drift:+.1f} s"
    if abs(drift) >= DRIFT_FAIL:
        return fail("clock", words, "Run NTP on both machines: tokens and approvals expire by these clocks.")
    return warn("clock", words, "Run NTP on both machines.") if abs(drift) >= DRIFT_WARN else ok("clock", words)

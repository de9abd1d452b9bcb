"""The one-time code by which the first account is made: printed on the terminal, typed into /setup."""

from __future__ import annotations

import base64
import json
import secrets
import time
from collections.abc import Callable

from sqlalchemy import delete, select, update

from server.identity.credentials import fingerprint, same_secret
from server.store.engine import Store
from server.store.models import Setting, User

Clock = Callable[[], float]

SETTING = "bootstrap_code"
LIFE_SECONDS = 24 * 3600.0
MAX_ATTEMPTS = 100  # with 100 random bits this bounds noise, not guessing; fewer would let a stranger spend the code


async def needs_owner(store: Store) -> bool:
    """Whether there is no account yet."""
    async with store.session(read_only=True) as session:
        return (await session.scalars(select(User.name).limit(1))).one_or_none() is None


async def new_code(store: Store, *, clock: Clock = time.time) -> str:
    """A fresh code (100 random bits, XXXXX-XXXXX-XXXXX-XXXXX), valid once within a day; an older one ends."""
    letters = base64.b32encode(secrets.token_bytes(13)).decode()[:20]
    value = json.dumps(
        {"hash": fingerprint(letters), "expires_at": clock() + LIFE_SECONDS, "attempts": 0}, sort_keys=True
    )
    async with store.session() as session:
        await session.merge(Setting(name=SETTING, value=value))
    return "-".join(letters[start : start + 5] for start in range(0, 20, 5))


async def is_pending(store: Store, *, clock: Clock = time.time) -> bool:
    """Whether a code waits to be redeemed."""
    async with store.session(read_only=True) as session:
        row = await session.get(Setting, SETTING)
    return row is not None and _open(json.loads(row.value), clock())


async def redeem(store: Store, code: str, *, clock: Clock = time.time) -> bool:
    """True exactly once, for the right code. A hundred wrong attempts end the code."""
    async with store.session() as session:
        row = await session.get(Setting, SETTING)
        if row is None:
            return False
        seen = row.value
        facts = json.loads(seen)
        if not _open(facts, clock()):
            return False
        unchanged = (Setting.name == SETTING, Setting.value == seen)  # compare-and-set: two at once count as one
        if same_secret(fingerprint(_letters(code)), facts["hash"]):
            spent = await session.execute(delete(Setting).where(*unchanged).returning(Setting.name))
            return spent.one_or_none() is not None
        counted = json.dumps({**facts, "attempts": facts["attempts"] + 1}, sort_keys=True)
        await session.execute(update(Setting).where(*unchanged).values(value=counted))
        return False


def _open(facts: dict[str, float], now: float) -> bool:
    return now < facts["expires_at"] and facts["attempts"] < MAX_ATTEMPTS


def _letters(code: str) -> str:
    return code.upper().replace("-", "").replace(" ", "").strip()

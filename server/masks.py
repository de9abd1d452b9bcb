"""How results are masked for one caller: the kinds that the rules ask for, the mask key, and whose pseudonyms agree."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Literal

from sqlalchemy.exc import IntegrityError

from catalog.cellmask import Manner
from catalog.labels import Labels
from catalog.maskkey import KEY_BYTES, Keyed, MaskKey
from catalog.model import Locator
from policy.model import Obligations, Query
from server.memory import Memory
from server.store.engine import Store
from server.store.models import Setting

SETTING = "mask_key"
Scope = Literal["installation", "resource", "session"]


async def load_mask_key(store: Store) -> MaskKey:
    """The key of this installation; the first start makes it. Processes that start at once agree on one."""
    return await _stored(store) or await _made(store)


async def _stored(store: Store) -> MaskKey | None:
    async with store.session(read_only=True) as session:
        row = await session.get(Setting, SETTING)
    if row is None:
        return None
    kept = json.loads(row.value)
    return MaskKey(kept["id"], base64.b64decode(kept["secret"]))


async def _made(store: Store) -> MaskKey:
    key = MaskKey(f"mk-{secrets.token_hex(4)}", secrets.token_bytes(KEY_BYTES))
    value = json.dumps({"id": key.id, "secret": base64.b64encode(key.secret).decode()})
    try:
        async with store.session() as session:
            session.add(Setting(name=SETTING, value=value))
    except IntegrityError:  # another process was faster
        return await _stored(store) or key
    return key


class Masks:
    """Makes the manner of masking for each call. `scope` says within what the same value has the same pseudonym."""

    def __init__(self, key: MaskKey, *, scope: Scope, clock: Callable[[], float]) -> None:
        self._key, self._scope, self._clock = key, scope, clock
        self.marks = Keyed(key)
        """Knows the pseudonyms of every scope again."""
        self._keyed: Memory[Keyed] = Memory(size=256)
        self._manners: Memory[Manner] = Memory()

    def manner(self, query: Query, obligations: Obligations) -> Manner:
        """The same object for every call alike, so that plans can be remembered under it."""
        year = datetime.fromtimestamp(self._clock(), UTC).year
        scope = self._scope_of(query)
        key = (obligations.masks, scope, year)
        return self._manners.get(key) or self._manners.put(
            key, Manner(kinds=dict(obligations.masks), keyed=self._drawing(scope), year=year)
        )

    def _scope_of(self, query: Query) -> str:
        match self._scope:
            case "installation":
                return ""
            case "resource":
                return f"resource {query.resource.name}"
            case "session":
                return f"session {query.identity.session}"

    def _drawing(self, scope: str) -> Keyed:
        return self._keyed.get(scope) or self._keyed.put(scope, Keyed(self._key, scope))


def shown_columns(query: Query, obligations: Obligations, labels: Labels) -> frozenset[Locator]:
    """The columns that were asked for by name and may be seen in clear in this one operation."""
    seen = obligations.reveals | obligations.revealed
    return frozenset(column for column in query.operation.reveals if labels.of((column,)) <= seen)

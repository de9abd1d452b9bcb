"""Which sessions have read untrusted data. Kept in this process; elsewhere a session starts clean."""

from __future__ import annotations

from collections.abc import Callable

from policy.model import Query
from policy.taint import brings_untrusted

KEPT_SECONDS = 40 * 86400.0
MANY = 100_000


class Taints:
    """`clock` gives UNIX seconds. A taint never ends before its log-in does."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._since: dict[str, float] = {}

    def of(self, session: str) -> bool:
        return session in self._since

    def taint(self, session: str) -> None:
        """From now on, what this session does may be told by untrusted data."""
        if session not in self._since:
            self._since[session] = self._clock()
            self._forget()

    def saw(self, query: Query, *, rows: int) -> None:
        """Rows of this query are about to reach the caller."""
        if rows and not self.of(query.identity.session) and brings_untrusted(query.resource, query.operation):
            self.taint(query.identity.session)

    def _forget(self) -> None:
        if len(self._since) > MANY:
            over = self._clock() - KEPT_SECONDS
            self._since = {session: at for session, at in self._since.items() if at > over}

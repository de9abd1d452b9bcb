"""The only key that opens an upstream, and the only place that makes one."""

from __future__ import annotations

from dataclasses import dataclass, field

from catalog.model import Login
from policy.model import Allow, Obligations, Query

_MINT = object()


class PermitSpent(RuntimeError):
    """A Permit was presented a second time: a bug of ours, never a user's mistake."""


@dataclass(slots=True)
class Permit:
    """A decided Query plus its obligations and the login it runs as. Made by `issue`, spent once by `execute`."""

    query: Query
    login: Login
    obligations: Obligations
    decision_id: str
    _mint: object = field(repr=False)
    _spent: bool = field(default=False, init=False, repr=False)

    def __post_init__(self) -> None:
        if self._mint is not _MINT:
            raise TypeError("a Permit is made by policy.permit.issue and nowhere else")

    def spend(self) -> Query:
        """Give up the query to run; a second call raises PermitSpent."""
        if self._spent:
            raise PermitSpent(self.decision_id)
        self._spent = True
        return self.query


def issue(decision: Allow, query: Query, *, login: Login, decision_id: str) -> Permit:
    """Turn an Allow into the key for `Upstream.execute`."""
    if not isinstance(decision, Allow):
        raise TypeError("only an Allow becomes a Permit")
    return Permit(query=query, login=login, obligations=decision.obligations, decision_id=decision_id, _mint=_MINT)

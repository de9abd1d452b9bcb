"""The only key that opens an upstream, and the only place that makes one."""

from __future__ import annotations

from dataclasses import InitVar, dataclass, field
from typing import NoReturn

from catalog.model import Login
from policy.model import Allow, Obligations, Query

_MINT = object()


class PermitSpent(RuntimeError):
    """A Permit was presented a second time: a bug of ours, never a user's mistake."""


@dataclass(frozen=True, slots=True)
class Permit:
    """A decided Query plus its obligations and the login it runs as. Made by `issue`, spent once by `execute`.

    It cannot be changed, copied, pickled or derived with `dataclasses.replace`: any of these would be a second key.
    """

    query: Query
    login: Login
    obligations: Obligations
    decision_id: str
    mint: InitVar[object]
    _unspent: list[None] = field(default_factory=lambda: [None], init=False, repr=False, compare=False)

    def __post_init__(self, mint: object) -> None:
        if mint is not _MINT:
            raise TypeError("a Permit is made by policy.permit.issue and nowhere else")

    def spend(self) -> Query:
        """Give up the query to run; a second call raises PermitSpent, also when two threads race."""
        try:
            self._unspent.pop()
        except IndexError:
            raise PermitSpent(self.decision_id) from None
        return self.query

    def __copy__(self) -> NoReturn:
        raise TypeError("a Permit cannot be copied")

    def __deepcopy__(self, memo: object) -> NoReturn:
        raise TypeError("a Permit cannot be copied")

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a Permit cannot be pickled")


def issue(decision: Allow, query: Query, *, login: Login, decision_id: str) -> Permit:
    """Turn an Allow into the key for `Upstream.execute`."""
    if not isinstance(decision, Allow):
        raise TypeError("only an Allow becomes a Permit")
    return Permit(query, login, decision.obligations, decision_id=decision_id, mint=_MINT)

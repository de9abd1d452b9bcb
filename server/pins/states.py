"""What a definition can be, and what can happen to it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

State = Literal["pending", "accepted", "rejected", "superseded"]
"""superseded: was accepted until another version of it was."""
PENDING, ACCEPTED, REJECTED, SUPERSEDED = "pending", "accepted", "rejected", "superseded"

Key = tuple[str, str]
"""Kind and the server's own name of it."""
Rule = Literal["accept", "review"]

LONGEST_NAME = 512
MOST_BYTES = 256_000
"""Bytes of one definition as JSON; what is larger is never accepted."""
MOST_PENDING = 20
"""Versions of one name that wait at one time: a server that answers otherwise each time does not fill the store."""
MOST_KEPT = 60
"""Versions of one name that are kept at all."""
MOST_NAMES = 2000
"""Names of one server."""


class Doubt(Protocol):
    """Something that looks wrong: `place` is a JSON pointer, `excerpt` the words in question, possibly hostile."""

    @property
    def code(self) -> str: ...
    @property
    def reason(self) -> str: ...
    @property
    def place(self) -> str: ...
    @property
    def excerpt(self) -> str: ...


class Said(Protocol):
    """What a server says of one thing that it offers, whatever its protocol. `digest` is the SHA-256 of all of it."""

    @property
    def kind(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def digest(self) -> str: ...

    def document(self) -> dict[str, Any]:
        """As plain JSON."""
        ...

    def suspicions(self, others: Mapping[str, Collection[str]]) -> Sequence[Doubt]:
        """What a person should look at. `others` names the tools of every other server."""
        ...


@dataclass(frozen=True, slots=True)
class Rules:
    """What happens without a person: to all of a server that was never seen, and to what is new on a known one."""

    first_sight: Rule = "accept"
    change: Rule = "review"


@dataclass(frozen=True, slots=True)
class Change:
    """Something new about a definition. `what` is found, changed, accepted, rejected, undone, disabled or enabled;
    `state` what it is now, `before` the digest that was accepted until now; `codes` those of its suspicions."""

    resource: str
    key: Key
    what: str
    digest: str = ""
    before: str = ""
    state: str = ""
    by: str = ""
    why: str = ""
    codes: Sequence[str] = ()

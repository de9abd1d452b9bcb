"""People, a held operation and a clock that goes where it is told, for the tests of approvals."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from catalog.model import Label, Locator, Login, Resource
from policy.model import (
    Action,
    Agent,
    Allow,
    Hold,
    Identity,
    Obligations,
    Operation,
    Query,
    Reason,
    Statement,
    approval_digest,
)
from server.approvals.requests import Approvals
from server.store.models import Request

SHOP = Resource("shop", "postgres", "postgres://db.internal:5432/shop")
WRITER = Login("writer", groups=("dev",))
ALICE = Identity("alice", "session-a", frozenset({"dev", "dba"}), agent=Agent("client-1", "Claude Code"))
NOON = 1_700_000_000.0


def person(name: str, *groups: str) -> Identity:
    return Identity(name, f"session-{name}", frozenset(groups))


BOB, CAROL = person("bob", "dba"), person("carol", "security")


def query(text: str = "DELETE FROM orders WHERE id = 7", *, identity: Identity = ALICE, **changes: Any) -> Query:
    values: dict[str, Any] = {
        "protocol": "postgres",
        "verb": "sql_query",
        "text": text,
        "actions": frozenset({Action.WRITE}),
        "effects": frozenset({"delete"}),
        "targets": (Locator("table", ("public", "orders")),),
        "statements": (Statement("DELETE", text),),
    }
    return Query(identity, SHOP, Operation(**(values | changes)), labels=frozenset({Label.EMAIL}))


def hold(*groups: str, within: float = 600.0) -> Hold:
    grant = Allow(Obligations(revealed=frozenset({Label.EMAIL}), max_rows=10))
    return Hold(grant, frozenset(groups or {"dba"}), within, (Reason("prod-writes", "Writes need a second person."),))


def digest_of(asked: Query, *, login: Login = WRITER, policy_version: str = "v1") -> str:
    return approval_digest(asked, login=login, policy_version=policy_version)


async def open_request(approvals: Approvals, asked: Query | None = None, held: Hold | None = None) -> Request:
    asked = asked or query()
    return await approvals.open(asked, held or hold(), login=WRITER, digest=digest_of(asked), policy_version="v1")


def variations(asked: Query) -> dict[str, str]:
    """Digests of everything that differs in one respect from `asked`."""
    operation, identity = asked.operation, asked.identity
    others = {
        "statement": replace(asked, operation=replace(operation, text=operation.text + " ")),
        "parameter": replace(asked, operation=replace(operation, parameters=(8,))),
        "verb": replace(asked, operation=replace(operation, verb="sql_describe")),
        "options": replace(asked, operation=replace(operation, options={"schema": "other"})),
        "target": replace(asked, resource=replace(SHOP, address="postgres://db.internal:5432/other")),
        "resource": replace(asked, resource=replace(SHOP, name="other")),
        "person": replace(asked, identity=replace(identity, user="mallory")),
        "agent": replace(asked, identity=replace(identity, agent=Agent("client-2", "Claude Code"))),
        "no agent": replace(asked, identity=replace(identity, agent=None)),
    }
    digests = {name: digest_of(other) for name, other in others.items()}
    digests["login"] = digest_of(asked, login=Login("owner"))
    digests["policy"] = digest_of(asked, policy_version="v2")
    return digests


@dataclass
class Clock:
    now: float = NOON

    def __call__(self) -> float:
        return self.now

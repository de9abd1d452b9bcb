"""Short ways to write a query and a document."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from catalog.model import Label, Locator, Resource
from policy.document import Document, Source, build_document
from policy.engine import Engine
from policy.model import Action, Agent, Identity, Mode, Operation, Query, Statement

NOON = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)  # a Wednesday

OPEN = """
@id("open") @reason("Developers work on the shop.")
permit (principal in Group::"developers", action, resource in ResourceGroup::"shop");
"""


def document(*texts: str, time_zone: str = "UTC") -> Document:
    return build_document([Source(f"{index}.cedar", text) for index, text in enumerate(texts)], time_zone=time_zone)


def engine(*texts: str) -> Engine:
    return Engine(document(*texts))


def identity(
    user: str = "ada",
    groups: Iterable[str] = ("developers",),
    *,
    via: str = "agent",
    attributes: Mapping[str, str] | None = None,
) -> Identity:
    agent = Agent("client-1", "Assistant") if via == "agent" else None
    return Identity(user, f"session-{user}", frozenset(groups), attributes=attributes or {}, agent=agent)


def resource(
    tags: Mapping[str, str] | None = None, groups: Iterable[str] = ("shop",), *, name: str = "shop-db"
) -> Resource:
    return Resource(name, "postgres", "postgres://db/shop", tags=tags or {}, groups=tuple(groups))


def operation(
    actions: Iterable[str] = ("read",),
    effects: Iterable[str] = ("read",),
    *,
    targets: Iterable[str] = (),
    opaque: bool = False,
    suggestion: str = "",
    verb: str = "sql_query",
) -> Operation:
    """`targets` as "schema.table"."""
    return Operation(
        "postgres",
        verb,
        "select",
        actions=frozenset(Action(action) for action in actions),
        effects=frozenset(effects),
        targets=tuple(Locator("table", tuple(target.split("."))) for target in targets),
        statements=(Statement("SELECT", "select", suggestion=suggestion),),
        opaque=opaque,
    )


def query(
    what: Operation | None = None,
    *,
    who: Identity | None = None,
    where: Resource | None = None,
    labels: Iterable[str] = (),
    approvals: Iterable[str] = (),
    now: datetime | None = NOON,
    mode: Mode = "read_write",
    tainted: bool = False,
    estimated_rows: int | None = None,
) -> Query:
    return Query(
        who or identity(),
        where or resource(),
        what or operation(),
        labels=frozenset(Label(label) for label in labels),
        approvals=frozenset(approvals),
        now=now,
        mode=mode,
        tainted=tainted,
        estimated_rows=estimated_rows,
    )

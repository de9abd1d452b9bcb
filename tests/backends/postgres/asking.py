"""Asking an Upstream as the pipeline does: a Permit, limits, a label."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from typing import cast

from backends.base import Chunk, Column, Columns, Done, Limits, Rows
from backends.postgres.pool import Pool
from backends.postgres.upstream import PostgresUpstream
from catalog.model import Locator, Login, Resource
from policy.model import Action, Allow, Identity, Operation, Query
from policy.permit import Permit, issue
from tests.support.servers.postgres import Server

LIMITS = Limits(max_rows=1000, max_bytes=4_000_000, timeout=30.0)
READ = frozenset({Action.READ})
WRITE = frozenset({Action.READ, Action.WRITE})


def resource_of(server: Server, database: str, *, user: str = "postgres", address: str = "") -> Resource:
    """A Resource with one login, whose password is that of the superuser."""
    return Resource("shop", "postgres", address or server.address(database), logins=(Login(user, "test:password"),))


def permit(
    resource: Resource,
    text: str,
    parameters: Sequence[object] = (),
    *,
    actions: frozenset[Action] = READ,
    verb: str = "sql_query",
    opaque: bool = False,
    targets: tuple[Locator, ...] = (),
    login: Login | None = None,
) -> Permit:
    operation = Operation("postgres", verb, text, tuple(parameters), actions=actions, targets=targets, opaque=opaque)
    query = Query(Identity("ann", "s1"), resource, operation)
    return issue(Allow(), query, login=login or resource.logins[0], decision_id="d1")


class Asker:
    """One upstream and the Resource it belongs to."""

    def __init__(self, upstream: PostgresUpstream, resource: Resource) -> None:
        self.upstream, self.resource = upstream, resource

    @property
    def pool(self) -> Pool:
        """The connections of its login."""
        (pool,) = self.upstream._pools.values()
        return pool

    def stream(
        self,
        text: str,
        parameters: Sequence[object] = (),
        *,
        limits: Limits = LIMITS,
        label: str = "ann via test",
        actions: frozenset[Action] = READ,
        verb: str = "sql_query",
        opaque: bool = False,
        targets: tuple[Locator, ...] = (),
    ) -> AsyncIterator[Chunk]:
        allowed = permit(self.resource, text, parameters, actions=actions, verb=verb, opaque=opaque, targets=targets)
        return self.upstream.execute(allowed, limits=limits, label=label)

    async def chunks(self, text: str, parameters: Sequence[object] = (), **options: object) -> list[Chunk]:
        stream = self.stream(text, parameters, **options)  # type: ignore[arg-type]
        async with aclosing(stream) as chunks:  # type: ignore[type-var]
            return [chunk async for chunk in chunks]

    async def rows(self, text: str, parameters: Sequence[object] = (), **options: object) -> list[list[str | None]]:
        return rows_of(await self.chunks(text, parameters, **options))

    async def columns(self, text: str, parameters: Sequence[object] = (), **options: object) -> tuple[Column, ...]:
        return cast(Columns, (await self.chunks(text, parameters, **options))[0]).columns

    async def done(self, text: str, parameters: Sequence[object] = (), **options: object) -> Done:
        return cast(Done, (await self.chunks(text, parameters, **options))[-1])


def rows_of(chunks: Sequence[Chunk]) -> list[list[str | None]]:
    return [row for chunk in chunks if isinstance(chunk, Rows) for row in chunk.rows]


def origins_of(columns: Sequence[Column]) -> list[str]:
    """Where each column comes from, in words."""
    return [str(column.origin) if column.origin else "computed" for column in columns]

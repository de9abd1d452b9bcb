"""An open PostgreSQL server: the Upstream of one Resource."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine, Mapping
from contextlib import aclosing, asynccontextmanager

from backends.base import Chunk, Column, Columns, ColumnSample, Health, Limits, Right, Secrets, Wanted
from backends.errors import UpstreamError, WireError
from backends.postgres.address import Address, read_address
from backends.postgres.connection import Connection
from backends.postgres.describe import DESCRIBE
from backends.postgres.execution import (
    Task,
    as_text,
    check_parameters,
    first_flight,
    printable,
    rows_of_read,
    rows_of_write,
)
from backends.postgres.failures import (
    ConnectionLost,
    FlightTimeout,
    ShapeChanged,
    authentication,
    lost,
    refused,
    timed_out,
)
from backends.postgres.handshake import Account, KeyCache, connect
from backends.postgres.health import check_login
from backends.postgres.interrupt import interrupt, settle
from backends.postgres.lookup import prepare
from backends.postgres.origins import Origins
from backends.postgres.plan import plan
from backends.postgres.pool import SIZE, Pool
from backends.postgres.reply import Reply
from backends.postgres.rights import read_rights
from backends.postgres.scan import scan_database
from backends.postgres.statements import Prepared
from backends.postgres.target import MISSING, Reviewed, Target
from backends.postgres.target_keeping import Targets
from backends.postgres.wire import MessageTooLarge, RowDescription
from catalog.model import Locator, Login, Resource
from policy.model import Action, Query
from policy.permit import Permit

APPLICATION = "warded"
DESCRIBE_SECONDS = 10.0
ASKING_SECONDS = 20.0  # for questions of our own about the database's definitions
READING = frozenset({Action.CONNECT, Action.READ})
DATA = READING | {Action.WRITE}
"""Actions that change no definition."""
REVIEWED = "functions.reviewed"
"""Option of a Resource: functions that may run unasked, as `Reviewed.read` takes them, with spaces between."""


class PostgresUpstream:
    """One pool of connections a login, one picture of the database's catalog. Belongs to one event loop."""

    def __init__(self, resource: Resource, secrets: Secrets) -> None:
        self._resource = resource
        self._secrets = secrets
        self._address: Address = read_address(resource.address)
        self._pools: dict[tuple[str, str], Pool] = {}  # by user and reference of the password
        self._keys: dict[str, KeyCache] = {}
        self._origins = Origins()
        self._targets = Targets(Reviewed.read(resource.options.get(REVIEWED, "").split()))
        self._background: set[asyncio.Task[None]] = set()

    def execute(self, permit: Permit, *, limits: Limits, label: str) -> AsyncGenerator[Chunk, None]:
        """See `backends.base.Upstream`. The permit is spent by the call itself, not by the first chunk."""
        return self._run(permit.spend(), permit.login, limits=limits, label=label)

    async def target(self, login: Login, *, missed: bool = False) -> Target | None:
        """What the database says of names, as this login sees it; None if it cannot be asked. Cached for a minute.

        `missed` = the last picture did not know a name.
        """
        return await self._targets.get(login.user, lambda: self._borrowed(login), missed=missed)

    @asynccontextmanager
    async def _borrowed(self, login: Login) -> AsyncGenerator[Connection]:
        """A connection for questions of our own."""
        pool = self._pool(login)
        connection = await pool.acquire()
        connection.set_deadline(connection.loop.time() + ASKING_SECONDS)
        try:
            yield connection
        finally:
            connection.clear_deadline()
            if connection.usable:
                pool.release(connection)
            else:
                self._spawn(_rest(connection, pool))

    async def scan(self, *, sample: int, wanted: Wanted | None = None) -> AsyncIterator[ColumnSample]:
        """Tables first, then views after what they are made of. A table that cannot be sampled is left out."""
        login = self._resource.scanner or self._resource.logins[-1]
        connection = await self._connect(login)
        try:
            async for column in scan_database(connection, sample=sample, wanted=wanted):
                yield column
        except (ConnectionLost, FlightTimeout, WireError) as error:
            raise lost(str(error) or "the scan took too long") from None
        finally:
            self._spawn(_leave(connection))

    async def check(self) -> list[Health]:
        """Every login once, the scanner's too."""
        logins = {login.user: login for login in self._resource.logins}
        scanner = self._resource.scanner
        if scanner is not None:
            logins.setdefault(scanner.user, scanner)
        return [health for login in logins.values() for health in await self._check(login)]

    async def open_session(self, login: Login, *, label: str, settings: Mapping[str, str]) -> Connection:
        """A connection for one client alone, with nothing of ours in its session. Raises UpstreamError."""
        keys = self._keys.setdefault(login.user, KeyCache())
        account = Account(login.user, self._password(login), login.password)
        return await connect(self._address, account, keys=keys, application=printable(label), settings=settings)

    async def describe(self, login: Login, fields: RowDescription, targets: tuple[Locator, ...]) -> Columns:
        """Where the columns of a result come from, asked over a pooled connection. Raises UpstreamError."""
        pool = self._pool(login)
        connection = await pool.acquire()
        try:
            async with asyncio.timeout(DESCRIBE_SECONDS):
                prepared = Prepared("", (), fields)
                return await self._origins.columns(connection, prepared, user=login.user, targets=targets)
        except (ConnectionLost, FlightTimeout, WireError, TimeoutError):
            connection.abort()
            raise lost("the server's catalog could not be asked") from None
        finally:
            pool.release(connection)

    async def rights(self, login: Login) -> list[Right]:
        """What this login may do beyond reading. Raises UpstreamError."""
        connection = await self._connect(login)
        try:
            return await read_rights(connection)
        except (ConnectionLost, FlightTimeout, WireError) as error:
            raise lost(str(error)) from None
        finally:
            connection.close()

    async def close(self) -> None:
        pools, self._pools = list(self._pools.values()), {}
        await asyncio.gather(*self._background, return_exceptions=True)
        for pool in pools:
            await pool.close()

    async def _check(self, login: Login) -> list[Health]:
        return await check_login(
            self._address, login, lambda: self._connect(login), scanner=login == self._resource.scanner
        )

    # One operation

    async def _run(self, query: Query, login: Login, *, limits: Limits, label: str) -> AsyncGenerator[Chunk, None]:
        operation = query.operation
        lease = _Lease(self._pool(login), limits, opaque=operation.opaque)
        await lease.take()
        try:
            async with aclosing(self._steps(query, login, lease, _task(query, limits, label))) as steps:
                async for chunk in steps:
                    yield chunk
        except UpstreamError as error:
            if error.code.startswith("42"):
                self._origins.forget()
                self._targets.forget()
            raise
        except FlightTimeout:
            await interrupt(lease.connection)
            raise timed_out(limits.timeout) from None
        except ConnectionLost as error:
            raise lost(str(error)) from None
        except MessageTooLarge:
            raise refused("limit", f"one row is larger than the {limits.max_bytes} bytes an answer may have") from None
        except WireError as error:
            if error.local:
                raise refused("22021", str(error)) from None
            raise refused("protocol", f"the server broke the protocol: {error}") from None
        finally:
            if operation.opaque or not operation.actions <= DATA:
                self._targets.forget()
            if (rest := lease.end()) is not None:
                self._spawn(rest)

    def _steps(self, query: Query, login: Login, lease: _Lease, task: Task) -> AsyncGenerator[Chunk, None]:
        match query.operation.verb:
            case "sql_query":
                return self._query(login, lease, task, describing=False)
            case "sql_describe":
                return self._query(login, lease, task, describing=True)
            case "sql_plan":
                return self._plan(login, lease, task)
            case verb:
                raise refused("0A000", f"PostgreSQL has no verb {verb!r}")

    async def _query(self, login: Login, lease: _Lease, task: Task, *, describing: bool) -> AsyncGenerator[Chunk, None]:
        for last in (False, True):
            prepared = await self._checked(lease, task)
            columns = await self._origins.columns(lease.connection, prepared, user=login.user, targets=task.targets)
            yield _of_catalog(columns) if describing else columns
            try:
                reply = await self._open(lease, prepared, task)
                break
            except ShapeChanged:
                await self._start_over(lease, task, last=last)
        rows = rows_of_read if task.reads else rows_of_write
        async with aclosing(rows(lease.connection, task, reply)) as chunks:
            async for chunk in chunks:
                yield chunk

    async def _plan(self, login: Login, lease: _Lease, task: Task) -> AsyncGenerator[Chunk, None]:
        prepared = await self._checked(lease, task)
        yield await self._origins.columns(lease.connection, prepared, user=login.user, targets=task.targets)
        document, done = await plan(lease.connection, task)
        yield document
        yield done

    async def _checked(self, lease: _Lease, task: Task) -> Prepared:
        """Prepared, with the right number of parameters. What was judged as a mistake has to be one."""
        prepared = await self._prepared(lease, task)
        if task.missing:
            self._targets.forget()
            raise refused("0A000", "the schema changed while the statement was judged; nothing ran, send it again")
        check_parameters(prepared, task)
        return prepared

    async def _prepared(self, lease: _Lease, task: Task) -> Prepared:
        """Preparing runs nothing, so on a kept connection that turns out to be dead it is simply done again."""
        try:
            return await prepare(lease.connection, task.text)
        except ConnectionLost as error:
            if not lease.may_renew(error):
                raise
            await lease.renew()
            return await prepare(lease.connection, task.text)

    async def _open(self, lease: _Lease, prepared: Prepared, task: Task) -> Reply:
        """The first flight. A read is sent once more if a kept connection was dead before it answered anything."""
        try:
            return await first_flight(lease.connection, prepared, task)
        except ConnectionLost as error:
            if not task.reads or not lease.may_renew(error):
                raise
            await lease.renew()
            raise ShapeChanged from None

    async def _start_over(self, lease: _Lease, task: Task, *, last: bool) -> None:
        """After ShapeChanged: no row was given out. What is retried has changed nothing, or has been rolled back."""
        connection = lease.connection
        executed = not task.reads and connection.status == "T"
        await settle(connection, forget=False)
        connection.statements.forget(task.text)
        self._origins.forget()
        if executed or last:
            raise refused("0A000", "the schema changed while the statement was under way; it was rolled back")

    # Connections

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    def _pool(self, login: Login) -> Pool:
        index = login.user, login.password
        pool = self._pools.get(index)
        if pool is None:
            size = int(self._resource.options.get("pool_size", SIZE))
            pool = self._pools[index] = Pool(lambda: self._connect(login), size=size)
        return pool

    async def _connect(self, login: Login) -> Connection:
        keys = self._keys.setdefault(login.user, KeyCache())
        account = Account(login.user, self._password(login), login.password)
        return await connect(self._address, account, keys=keys, application=APPLICATION)

    def _password(self, login: Login) -> str:
        if not login.password:
            return ""
        try:
            return self._secrets(login.password)
        except Exception as error:  # noqa: BLE001  # the resolver's own errors are unknown here, and may quote a secret
            failed = authentication(login.user, "its password cannot be read", reference=login.password)
            failed.remedy = str(getattr(error, "remedy", "")) or failed.remedy
            raise failed from None


class _Lease:
    """A pooled connection in the hands of one operation."""

    def __init__(self, pool: Pool, limits: Limits, *, opaque: bool) -> None:
        self._pool, self._limits, self._opaque = pool, limits, opaque
        self._renewed = False
        self._held: Connection | None = None

    @property
    def connection(self) -> Connection:
        assert self._held is not None
        return self._held

    async def take(self, *, fresh: bool = False) -> None:
        connection = self._held = await self._pool.acquire(fresh=fresh)
        connection.set_deadline(connection.loop.time() + self._limits.timeout)

    def may_renew(self, error: ConnectionLost) -> bool:
        """Once, and only if a kept connection was dead before it answered."""
        return not (error.answered or self.connection.fresh or self._renewed)

    async def renew(self) -> None:
        self._renewed = True
        self._give_back()
        await self.take(fresh=True)

    def end(self) -> Coroutine[None, None, None] | None:
        """Return the connection. If something still runs on it, or its session may be changed, it is first brought to
        rest by what this gives back, which needs a task of its own, so that it is not cancelled with the caller."""
        if self._held is None:
            return None
        self.connection.clear_deadline()
        if self.connection.dead or (self.connection.usable and not self._opaque):
            self._give_back()
            return None
        return self._bring_to_rest()

    async def _bring_to_rest(self) -> None:
        try:
            await settle(self.connection, forget=self._opaque)
        finally:
            self._give_back()

    def _give_back(self) -> None:
        connection, self._held = self._held, None
        if connection is not None:
            connection.clear_deadline()
            connection.committing = False
            self._pool.release(connection)


async def _rest(connection: Connection, pool: Pool) -> None:
    try:
        await settle(connection, forget=False)
    finally:
        pool.release(connection)


async def _leave(connection: Connection) -> None:
    await settle(connection, forget=False)
    connection.close()


def _task(query: Query, limits: Limits, label: str) -> Task:
    operation = query.operation
    describing = operation.verb == "sql_describe"
    given = [value or None for value in operation.parameters] if describing else operation.parameters
    return Task(
        text=DESCRIBE if describing else operation.text,
        parameters=tuple(as_text(value) for value in given),
        reads=describing or operation.actions <= READING,
        opaque=operation.opaque,
        limits=limits,
        label=label,
        targets=() if describing else operation.targets,
        missing=MISSING in operation.options,
    )


def _of_catalog(columns: Columns) -> Columns:
    """A description tells names, not data: all of it counts as the catalog's own, though much of it is computed."""
    return Columns(
        tuple(
            Column(column.name, column.type, Locator("column", ("information_schema", "columns", column.name)))
            for column in columns.columns
        )
    )


def open_upstream(resource: Resource, secrets: Secrets) -> PostgresUpstream:
    """The Upstream of a Resource; connects when first used. Raises ValueError for an address that cannot be read."""
    return PostgresUpstream(resource, secrets)

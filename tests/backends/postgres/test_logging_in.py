"""Logging in: methods, TLS, and servers that are not who they claim to be."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import cast

import pytest
from cryptography.hazmat.primitives import hashes

from backends.errors import UpstreamError
from backends.postgres.address import read_address
from backends.postgres.connection import Connection
from backends.postgres.handshake import Account, KeyCache, connect
from backends.postgres.lookup import ask
from backends.postgres.upstream import PostgresUpstream
from tests.backends.postgres.asking import Asker, resource_of
from tests.support.certificates import Authority
from tests.support.servers.postgres import Server, start_postgres

pytestmark = pytest.mark.anyio

HBA = """
host    all plain  127.0.0.1/32 password
host    all old    127.0.0.1/32 md5
host    all trusty 127.0.0.1/32 trust
host    all banned 127.0.0.1/32 reject
hostssl all all    127.0.0.1/32 scram-sha-256
"""
HBA_START = "host all all 127.0.0.1/32 scram-sha-256\n"


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


@pytest.fixture(scope="module")
def roots(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("roots") / "root.pem"
    path.write_bytes(authority.pem)
    return path


@pytest.fixture(scope="module", params=["SHA256", "SHA512"])
def secure(request: pytest.FixtureRequest, authority: Authority) -> Iterator[Server]:
    """A server with TLS that takes every method; its certificate is for 127.0.0.1, signed with the given hash."""
    issued = authority.issue("127.0.0.1", "localhost", algorithm=getattr(hashes, request.param)())
    files = {"server.crt": issued.certificate, "server.key": issued.key}
    with start_postgres(settings={"ssl": "on"}, files=files, hba=HBA_START) as server:
        secret = server.password
        server.psql(
            f"CREATE ROLE plain LOGIN PASSWORD '{secret}'; CREATE ROLE trusty LOGIN; CREATE ROLE banned LOGIN;"
            f"SET password_encryption = 'md5'; CREATE ROLE old LOGIN PASSWORD '{secret}';"
        )
        (server.folder / "home" / "data" / "pg_hba.conf").write_text(HBA)
        server.psql("SELECT pg_reload_conf()")
        yield server


async def log_in(address: str, account: Account, *, keys: KeyCache | None = None) -> Connection:
    return await connect(read_address(address), account, keys=keys or KeyCache(), application="test")


async def leave(connection: Connection) -> None:
    connection.close()
    async with asyncio.timeout(5):
        await connection.closed


async def refusal(address: str, account: Account) -> UpstreamError:
    with pytest.raises(UpstreamError) as error:
        await log_in(address, account)
    assert account.password == "" or account.password not in f"{error.value!r} {error.value} {error.value.remedy}"
    assert not error.value.exposes_data
    return error.value


def account(server: Server, user: str = "postgres", password: str | None = None) -> Account:
    return Account(user, server.password if password is None else password, "env:PG_PASSWORD")


@pytest.mark.parametrize("mode", ["require", "verify-ca", "verify-full"])
async def test_tls_with_channel_binding_logs_in(secure: Server, roots: Path, mode: str) -> None:
    """The server offers SCRAM-SHA-256-PLUS, and refuses a client that could bind the channel and does not."""
    address = f"{secure.address()}?sslmode={mode}&sslrootcert={roots}"
    connection = await log_in(address, account(secure))
    assert await ask(connection, "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()") == [["t"]]
    await leave(connection)


async def test_an_upstream_cancels_over_tls_as_well(secure: Server, roots: Path) -> None:
    resource = resource_of(secure, "postgres", address=f"{secure.address()}?sslmode=verify-full&sslrootcert={roots}")
    upstream = PostgresUpstream(resource, lambda _: secure.password)
    db = Asker(upstream, resource)
    task = asyncio.create_task(db.rows("SELECT pg_sleep(20)"))
    await asyncio.sleep(0.4)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert await db.rows(
        "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%sleep(20)' AND state = 'active'"
    ) == [["0"]]
    await upstream.close()


async def test_a_certificate_of_another_authority_is_refused(secure: Server, tmp_path: Path) -> None:
    (tmp_path / "other.pem").write_bytes(Authority("Somebody else").pem)
    for mode in ("verify-ca", "verify-full"):
        address = f"{secure.address()}?sslmode={mode}&sslrootcert={tmp_path / 'other.pem'}"
        error = await refusal(address, account(secure))
        assert error.code == "unreachable"
        assert "sslrootcert" in error.remedy


async def test_a_certificate_for_another_host_is_refused_where_names_are_verified(
    authority: Authority, roots: Path
) -> None:
    issued = authority.issue("db.example")
    files = {"server.crt": issued.certificate, "server.key": issued.key}
    with start_postgres(settings={"ssl": "on"}, files=files) as server:
        error = await refusal(f"{server.address()}?sslmode=verify-full&sslrootcert={roots}", account(server))
        assert error.code == "unreachable"
        await leave(await log_in(f"{server.address()}?sslmode=verify-ca&sslrootcert={roots}", account(server)))


async def test_a_server_without_tls_is_refused_where_tls_is_wanted(server: Server) -> None:
    for mode in ("require", "verify-full"):
        assert (await refusal(f"{server.address()}?sslmode={mode}", account(server))).code == "unreachable"


async def test_an_md5_password_logs_in(secure: Server) -> None:
    await leave(await log_in(secure.address(), account(secure, "old")))


async def test_no_password_logs_in_where_none_is_asked_for(secure: Server) -> None:
    await leave(await log_in(secure.address(), account(secure, "trusty", "")))


async def test_a_password_in_clear_is_given_only_to_a_verified_server(secure: Server, roots: Path) -> None:
    for query in ("", "?sslmode=require"):
        error = await refusal(f"{secure.address()}{query}", account(secure, "plain"))
        assert error.code == "authentication"
        assert "in clear" in error.message
    address = f"{secure.address()}?sslmode=verify-full&sslrootcert={roots}"
    await leave(await log_in(address, account(secure, "plain")))


@pytest.mark.parametrize(
    ("user", "password"), [("postgres", "wrong"), ("nobody", "x"), ("old", "wrong"), ("banned", "x")]
)
async def test_a_wrong_password_says_which_login_and_where_its_password_comes_from(
    secure: Server, roots: Path, user: str, password: str
) -> None:
    address = f"{secure.address()}?sslmode=verify-full&sslrootcert={roots}"
    error = await refusal(address, Account(user, f"{password}-QW8sKz", "env:PG_PASSWORD"))
    assert error.code == "authentication"
    assert user in error.message
    assert "env:" in error.remedy


async def test_a_missing_password_is_told_from_a_wrong_one(server: Server) -> None:
    error = await refusal(server.address(), account(server, password=""))
    assert (error.code, "none is configured" in error.message) == ("authentication", True)


async def test_a_password_that_was_corrected_is_used_though_the_wrong_one_was_derived(server: Server) -> None:
    keys = KeyCache()
    with pytest.raises(UpstreamError):
        await log_in(server.address(), account(server, password="wrong"), keys=keys)
    await leave(await log_in(server.address(), account(server), keys=keys))


async def test_the_second_connection_of_a_login_derives_nothing(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = KeyCache()
    await leave(await log_in(server.address(), account(server), keys=keys))
    monkeypatch.setattr("backends.postgres.handshake.derive", None)
    await leave(await log_in(server.address(), account(server), keys=keys))


async def test_a_password_that_saslprep_changes_logs_in(server: Server) -> None:
    server.psql("CREATE ROLE \"prepared\" LOGIN PASSWORD E'p\\u00a0\\u2168\\u00ad'")
    await leave(await log_in(server.address(), account(server, "prepared", "p \u2168")))
    await leave(await log_in(server.address(), account(server, "prepared", "p\u00a0\u2168\u00ad")))


async def test_a_unix_socket_logs_in(server: Server) -> None:
    address = f"postgres://localhost:{server.port}/postgres?host={server.folder / 'home'}"
    await leave(await log_in(address, account(server)))


async def test_nobody_listening_is_unreachable() -> None:
    error = await refusal("postgres://127.0.0.1:1/x", Account("a", "secret-secret", ""))
    assert error.code == "unreachable"
    assert "127.0.0.1:1" in error.message


async def test_a_database_that_does_not_exist_is_named(server: Server) -> None:
    error = await refusal(server.address("nowhere"), account(server))
    assert (error.code, "nowhere" in error.message) == ("3D000", True)


async def test_a_secret_that_cannot_be_read_names_the_login_but_nothing_secret(server: Server) -> None:
    def secrets(_: str) -> str:
        raise KeyError("hunter2")

    resource = resource_of(server, "postgres")
    upstream = PostgresUpstream(resource, secrets)
    with pytest.raises(UpstreamError) as error:
        await Asker(upstream, resource).rows("SELECT 1")
    assert error.value.code == "authentication"
    assert "hunter2" not in repr(error.value) + error.value.remedy


# Servers that cheat

Script = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

OK = b"R\0\0\0\x08\0\0\0\0"
READY = b"K\0\0\0\x0c\0\0\0\x07\1\2\3\4Z\0\0\0\5I"
SASL = b"R\0\0\0\x17\0\0\0\x0aSCRAM-SHA-256\0\0"


@asynccontextmanager
async def pretender(script: Script) -> AsyncIterator[str]:
    """An address where `script` plays the server."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await script(reader, writer)
            await writer.drain()
            await reader.read(1000)
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    listener = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    try:
        yield f"postgres://127.0.0.1:{port}/x"
    finally:
        listener.close()
        await listener.wait_closed()


def saying(*parts: bytes) -> Script:
    """Answers each thing the client sends with the next part."""

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for part in parts:
            await reader.read(4096)
            writer.write(part)

    return script


async def wrong_signature(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(4096)
    writer.write(SASL)
    first = await reader.read(4096)
    nonce = first.partition(b"r=")[2]
    _send(writer, 11, b"r=" + nonce + b"xyz,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096")
    await reader.read(4096)
    _send(writer, 12, b"v=" + b"A" * 43 + b"=")
    writer.write(OK + READY)


async def no_signature(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(4096)
    writer.write(SASL)
    await reader.read(4096)
    writer.write(OK + READY)


def _send(writer: asyncio.StreamWriter, kind: int, data: bytes) -> None:
    writer.write(b"R" + struct.pack("!ii", len(data) + 8, kind) + data)


WHO = Account("ann", "secret-QW8sKz", "env:PG")


@pytest.mark.parametrize("script", [wrong_signature, no_signature])
async def test_a_server_that_cannot_prove_itself_gets_no_statement(script: Script) -> None:
    async with pretender(script) as address:
        assert (await refusal(address, WHO)).code == "authentication"


@pytest.mark.parametrize(
    "parts",
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n",),
        (b"R\0\0\0\3",),
        (b"R\xff\xff\xff\xff",),
        (b"Z\0\0\0\5I",),
        (OK + READY, b"D\0\0\0\x06\0\0"),
        (b"R\0\0\0\x08\0\0\0\x07",),
        (b"R\0\0\0\x08\0\0\0\x63",),
        (SASL.replace(b"SHA-256", b"SHA-999"),),
        (b"",),
    ],
)
async def test_a_server_that_talks_nonsense_is_an_error_not_an_exception(parts: tuple[bytes, ...]) -> None:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await saying(*parts)(reader, writer)
        writer.write_eof()

    async with pretender(script) as address:
        assert (await refusal(address, WHO)).code in {"unreachable", "authentication"}


@pytest.mark.parametrize(
    "garbage",
    [
        b"D\xff\xff\xff\xff",
        b"D\0\0\0\3",
        b"?\0\0\0\4",
        b"T\0\0\0\6\0\1",
        b"Z\0\0\0\5X",
        b"S\0\0\0\x18client_encoding\0SQL\0Z\0\0\0\5I",
        b"\x16\x03\x01\x02\x00\x01\x00\x01",
    ],
)
async def test_a_server_that_turns_to_nonsense_is_an_error_and_its_connection_is_dropped(garbage: bytes) -> None:
    who = b"D\0\0\0\x15\0\3" + b"\0\0\0\1x" * 3
    fixed = b"1\0\0\0\4" * 4 + who + b"Z\0\0\0\5I"
    async with pretender(saying(OK + READY, fixed, garbage)) as address:
        resource = resource_of(cast(Server, None), "", address=address)
        upstream = PostgresUpstream(resource, lambda _: "x")
        with pytest.raises(UpstreamError) as error:
            await Asker(upstream, resource).rows("SELECT 1")
        assert error.value.code in {"protocol", "limit"}
        assert Asker(upstream, resource).pool._open == 0
        await upstream.close()


async def test_bytes_slipped_in_before_tls_end_the_connection() -> None:
    async with pretender(saying(b"S" + OK + READY)) as address:
        assert (await refusal(f"{address}?sslmode=require", WHO)).code == "unreachable"


async def test_a_server_that_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backends.postgres.handshake.CONNECT_SECONDS", 0.2)

    async def silent(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read()

    async with pretender(silent) as address:
        for query in ("", "?sslmode=require"):
            error = await refusal(f"{address}{query}", WHO)
            assert (error.code, "no answer" in error.message) == ("unreachable", True)

"""Who gets in through the native door, over what, and what strangers learn."""

from __future__ import annotations

import asyncio
import json
import os
import ssl
import struct
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from cryptography import x509

from backends.postgres.frontend import SSL_REQUEST, frame, password, sasl_initial, sasl_response, startup
from server.native.credentials import issue_credential, revoke_credential
from tests.support.certificates import Authority, Issued
from tests.support.native import Door, RawClient, fields, kinds, open_door
from tests.support.servers.postgres import Server

pytestmark = pytest.mark.anyio


@dataclass(frozen=True, slots=True)
class Secured:
    """A door with TLS; `authority` signed its certificate and signs those of clients."""

    door: Door
    authority: Authority
    folder: Path

    @property
    def root(self) -> str:
        return str(self.folder / "ca.pem")

    def context(self, *alpn: str) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=self.root)
        if alpn:
            context.set_alpn_protocols(list(alpn))
        return context


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def secured(
    tmp_path_factory: pytest.TempPathFactory, shop_server: Server, migrated_file: Path
) -> AsyncIterator[Secured]:
    folder = tmp_path_factory.mktemp("tls")
    authority = Authority()
    (folder / "ca.pem").write_bytes(authority.pem)
    place(authority.issue("localhost", "127.0.0.1"), folder, "door")
    database = shop_server.create_database(prefix="native", template="shop_template")
    keys: dict[str, Any] = {"tls_certificate": folder / "door.pem", "tls_key": folder / "door.key"}
    gateway = tmp_path_factory.mktemp("gateway")
    async with open_door(
        gateway, shop_server, database, migrated_file, client_authority=folder / "ca.pem", login_seconds=5, **keys
    ) as door:
        yield Secured(door, authority, folder)


def place(issued: Issued, folder: Path, name: str) -> None:
    for ending, content in (("pem", issued.certificate), ("key", issued.key)):
        path = folder / f"{name}.{ending}"
        path.write_bytes(content)
        path.chmod(0o600)


async def enter(door: Door, user: str, secret: str, **options: object) -> str:
    """Words of the refusal, "" = let in."""
    arguments = {"host": "127.0.0.1", "port": door.port, "dbname": "shop", "sslmode": "disable", **options}
    try:
        async with await psycopg.AsyncConnection.connect(user=user, password=secret, **arguments) as conn:  # type: ignore[arg-type]
            assert await (await conn.execute("SELECT 1")).fetchall() == [(1,)]
    except psycopg.OperationalError as refused:
        return str(refused).replace(user, "USER")
    return ""


async def test_a_token_is_a_password_for_its_own_person_only(secured: Secured) -> None:
    door = secured.door
    token = await door.token()
    assert await enter(door, "dana", token) == ""
    refusals = {
        await enter(door, user, secret, dbname=database)
        for user, secret, database in (
            ("lee", token, "shop"),
            ("dana", token[:-2], "shop"),
            ("ghost", "anything", "shop"),
            ("dana", token, "elsewhere"),
            ("nobody", await door.token("nobody"), "shop"),
            ("dana~nothing", "anything", "shop"),
        )
    }
    assert len({words.replace("elsewhere", "shop") for words in refusals}) == 1


async def test_every_refusal_takes_the_same_time(secured: Secured) -> None:
    spent = []
    for user, secret in (("dana", "x"), ("ghost", "x"), ("ghost~a", "x"), ("dana", "wdn_abcdefghij_x")):
        began = time.perf_counter()
        assert await enter(secured.door, user, secret)
        spent.append(time.perf_counter() - began)
    assert min(spent) > 0.24


async def test_a_native_credential_is_for_one_resource_and_can_be_revoked(secured: Secured) -> None:
    door, store = secured.door, secured.door.running.gateway.store
    made = await issue_credential(store, "dana", "shop", seconds=600, now=time.time())
    elsewhere = await issue_credential(store, "dana", "other", seconds=600, now=time.time())
    expired = await issue_credential(store, "dana", "shop", seconds=-1, now=time.time())
    assert await enter(door, made.user, made.password, require_auth="scram-sha-256") == ""
    assert await enter(door, "dana", made.password) == ""
    for wrong in (elsewhere, expired):
        assert await enter(door, wrong.user, wrong.password)
        assert await enter(door, "dana", wrong.password)
    assert await enter(door, made.user, "wrong")
    assert await revoke_credential(store, made.id, reason="test", now=time.time())
    assert await enter(door, made.user, made.password)


async def test_scram_binds_to_the_channel_over_tls(secured: Secured) -> None:
    made = await issue_credential(
        secured.door.running.gateway.store, "dana", "shop", seconds=600, now=time.time(), agent="nightly job"
    )
    tls = {"sslmode": "verify-full", "sslrootcert": secured.root, "host": "localhost", "hostaddr": "127.0.0.1"}
    assert await enter(secured.door, made.user, made.password, channel_binding="require", **tls) == ""


async def test_a_client_certificate_logs_its_own_user_in(secured: Secured) -> None:
    tls = {
        "sslmode": "verify-full", "sslrootcert": secured.root, "host": "localhost", "hostaddr": "127.0.0.1",
        "sslcert": str(secured.folder / "dana.pem"), "sslkey": str(secured.folder / "dana.key"),
    }  # fmt: skip
    issued = secured.authority.issue("dana")  # a certificate that the configured authority signed
    place(issued, secured.folder, "dana")
    assert await enter(secured.door, "dana", "", **tls) == ""
    assert await enter(secured.door, "lee", "no password", **tls)
    place(client_certificate("dana"), secured.folder, "dana")  # by itself
    assert await enter(secured.door, "dana", "", **tls)


def client_certificate(name: str) -> Issued:
    """Signed by nobody but itself."""
    return Authority(name).issue(name)


async def test_a_bearer_token_logs_in_and_its_lack_says_where_to_get_one(secured: Secured) -> None:
    token = await secured.door.token()
    client = await RawClient.connect(secured.door.port)
    client.send(startup({"user": "dana~oauth", "database": "shop"}))
    assert await client.message() == ("R", struct.pack("!i", 10) + b"OAUTHBEARER\0\0")
    client.send(sasl_initial("OAUTHBEARER", b"n,,\x01auth=Bearer " + token.encode() + b"\x01\x01"))
    assert kinds(await client.until()).startswith("RS")
    await client.close()
    client = await RawClient.connect(secured.door.port)
    client.send(startup({"user": "dana~oauth", "database": "shop"}))
    await client.message()
    client.send(sasl_initial("OAUTHBEARER", b"n,,\x01auth=\x01\x01"))
    kind, body = await client.message()
    status = json.loads(body[4:])
    assert (kind, status["status"]) == ("R", "invalid_token")
    assert status["openid-configuration"].startswith(secured.door.running.url)
    client.send(sasl_response(b"\x01"))
    kind, body = await client.message()
    assert (kind, fields(body)["C"]) == ("E", "28P01")
    await client.close()


# TLS


async def test_bytes_sent_before_tls_are_dropped_with_the_connection(secured: Secured) -> None:
    """CVE-2021-23214: what somebody in between puts in front of the handshake must not be read as the client's."""
    client = await RawClient.connect(secured.door.port)
    client.send(SSL_REQUEST + startup({"user": "dana", "database": "shop"}))
    rest = await client.rest()
    assert rest[:1] == b"E"
    assert fields(rest[5:])["C"] == "08P01"
    await client.close()


async def test_gss_is_refused_and_the_client_goes_on_with_tls(secured: Secured) -> None:
    client = await RawClient.connect(secured.door.port)
    client.send(struct.pack("!ii", 8, 80877104))
    assert await client.reader.readexactly(1) == b"N"
    client.send(SSL_REQUEST)
    assert await client.reader.readexactly(1) == b"S"
    await client.close()


async def test_direct_tls_needs_its_alpn(secured: Secured) -> None:
    client = await RawClient.connect(secured.door.port, secured.context("postgresql"))
    messages = await client.log_in("dana", await secured.door.token())
    assert kinds(messages).endswith("KZ")
    await client.close()
    stranger = await RawClient.connect(secured.door.port, secured.context("http/1.1", "h2"))
    stranger.send(startup({"user": "dana", "database": "shop"}))
    assert await _nothing(stranger)
    await stranger.close()


async def _nothing(client: RawClient) -> bool:
    """Whether the other end hung up without a word of log-in."""
    try:
        return b"R\0\0\0" not in await client.rest()
    except OSError:
        return True


async def test_a_renewed_certificate_is_served_without_a_restart(secured: Secured) -> None:
    async def serial() -> int:
        client = await RawClient.connect(secured.door.port, secured.context("postgresql"))
        tls = client.writer.get_extra_info("ssl_object")
        found = x509.load_der_x509_certificate(tls.getpeercert(binary_form=True)).serial_number
        await client.close()
        return found

    before = await serial()
    place(secured.authority.issue("localhost", "127.0.0.1"), secured.folder, "door")
    after = await serial()
    assert after != before
    (secured.folder / "door.pem").write_text("nonsense")
    assert await serial() == after


# Protocol


async def test_protocol_3_2_gets_a_long_cancel_key_and_newer_ones_are_negotiated(secured: Secured) -> None:
    token = await secured.door.token()
    for minor, options, length, negotiated in ((0, b"", 4, False), (2, b"", 32, False), (9, b"_pq_.x\0y\0", 32, True)):
        client = await RawClient.connect(secured.door.port)
        body = struct.pack("!I", 3 << 16 | minor) + b"user\0dana\0database\0shop\0" + options + b"\0"
        client.send(struct.pack("!i", len(body) + 4) + body)
        first = await client.message()
        if negotiated:
            assert first == ("v", struct.pack("!ii", 3 << 16 | 2, 1) + b"_pq_.x\0")
            first = await client.message()
        assert first[0] == "R"
        client.send(password(token))
        keys = [found for kind, found in await client.until() if kind == "K"]
        assert len(keys[0]) == 4 + length
        await client.close()


async def test_messages_before_log_in_are_bounded(secured: Secured) -> None:
    for data in (
        struct.pack("!i", 0),
        struct.pack("!i", -1),
        struct.pack("!i", 2**31 - 1),
        startup({"user": "dana", "database": "shop"}) + b"p" + struct.pack("!i", 2**31 - 1),
        startup({"user": "dana", "database": "shop"}) + frame(b"Q", b"SELECT 1\0"),
        b"GET / HTTP/1.1\r\n\r\n",
        os.urandom(64),
    ):
        client = await RawClient.connect(secured.door.port)
        client.send(data)
        assert b"Z\0\0\0\5" not in await client.rest()
        await client.close()


async def test_a_silent_client_is_sent_away_and_delays_nobody(secured: Secured) -> None:
    silent = [await RawClient.connect(secured.door.port) for _ in range(30)]
    for client in silent[:15]:
        client.send(b"\0")
    began = time.perf_counter()
    assert await enter(secured.door, "dana", await secured.door.token()) == ""
    assert time.perf_counter() - began < 3
    async with asyncio.timeout(10):
        assert [await client.rest() for client in silent] == [b""] * 30
    for client in silent:
        await client.close()

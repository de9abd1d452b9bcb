"""The hops that are compared: PostgreSQL itself, pgbouncer in session mode, Warded's native door with everything on."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from server.identity.keys import load_keys
from server.identity.logins import mint_person_token
from server.identity.tokens import AccessTokens
from server.identity.users import add_user
from server.native.credentials import Issued, issue_credential
from server.store.engine import open_store
from tests.benchmarks.door_load import Hop, drain, log_in
from tests.support.gateway import free_port, shop_config
from tests.support.servers.postgres import Server

ROLE = "bench"
HBA = "host all bench 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 scram-sha-256\n"
PURE = (
    "import sys; sys.modules['backends.postgres.rows'] = sys.modules['backends.postgres.cells'] = None;"
    "from server.cli import main; main()"
)
"""A gateway that finds nothing compiled."""

BULK = """
CREATE TABLE people (
    id int, email text, card_number text, status text, quantity int, price numeric(10,2), created_at timestamp,
    warehouse text
);
INSERT INTO people
SELECT n, 'person' || n || '@mail.example.com', '424242420' || lpad((n % 10000000)::text, 7, '0'),
       (ARRAY['open', 'paid', 'sent'])[1 + n % 3], n % 97, n * 0.25, timestamp '2026-01-01' + n * interval '1 second',
       'W-' || lpad((n % 5000)::text, 5, '0') || '-EU-CENTRAL-' || n % 40
FROM generate_series(1, {rows}) AS n;
ANALYZE people;
"""
POLICY = """
@id("bench") @reason("The benchmark may read everything.")
permit (
    principal in Group::"developers", action in [Action::"connect", Action::"read", Action::"run"], resource
);
"""


def make_database(server: Server, *, rows: int, scale: int) -> str:
    database = server.create_database(prefix="door")
    server.psql(f"CREATE ROLE {ROLE} LOGIN SUPERUSER PASSWORD 'bench'")
    environment = {**os.environ, "PGHOST": server.host, "PGPORT": str(server.port), "PGUSER": ROLE}
    subprocess.run(
        ["pgbench", "-i", "-q", "-s", str(scale), database], env=environment, check=True, capture_output=True
    )
    server.psql(BULK.format(rows=rows), database=database)
    return database


def direct(server: Server, database: str) -> Hop:
    return Hop("direct", server.port, database, ROLE)


@contextmanager
def pgbouncer(server: Server, database: str, certificate: tuple[Path, Path]) -> Iterator[tuple[Hop, Hop]]:
    """Without and with TLS, in one process. Session mode, the default pool, one query of its own none."""
    binary = shutil.which("pgbouncer", path=os.environ.get("PATH", "") + ":/usr/sbin")
    if binary is None:
        raise RuntimeError("pgbouncer is missing; on Debian and Ubuntu: sudo apt install pgbouncer")
    folder, port = Path(tempfile.mkdtemp(prefix="warded-bouncer-")), free_port()
    try:
        for source, name in zip(certificate, ("server.crt", "server.key"), strict=True):
            shutil.copy(source, folder / name)
        (folder / "users.txt").write_text(f'"{ROLE}" "bench"\n')
        (folder / "bouncer.ini").write_text(
            f"[databases]\n{database} = host={server.host} port={server.port} dbname={database}\n[pgbouncer]\n"
            f"listen_addr = 127.0.0.1\nlisten_port = {port}\nauth_type = plain\nauth_file = {folder}/users.txt\n"
            "pool_mode = session\nmax_client_conn = 20000\ndefault_pool_size = 64\nunix_socket_dir =\n"
            f"client_tls_sslmode = allow\nclient_tls_key_file = {folder}/server.key\n"
            f"client_tls_cert_file = {folder}/server.crt\nlog_connections = 0\nlog_disconnections = 0\n"
            "server_reset_query = DISCARD ALL\nignore_startup_parameters = extra_float_digits\n"
        )
        identity = _identity(folder)
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen([binary, "-q", folder / "bouncer.ini"], stdout=log, stderr=log, **identity)
        try:
            plain = Hop("pgbouncer", port, database, ROLE, "bench", process.pid)
            _await(plain)
            yield plain, Hop("pgbouncer, TLS", port, database, ROLE, "bench", process.pid, tls=True)
        finally:
            process.terminate()
            process.wait(10)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _identity(folder: Path) -> dict[str, Any]:
    """pgbouncer refuses to run as root."""
    folder.chmod(0o755)
    if os.geteuid() != 0:
        return {}
    accounts = {entry.pw_name: entry for entry in pwd.getpwall()}
    account = accounts.get("postgres") or accounts["nobody"]
    for path in (folder, *folder.iterdir()):
        os.chown(path, account.pw_uid, account.pw_gid)
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


@contextmanager
def warded(
    server: Server, database: str, folder: Path, certificate: tuple[Path, Path], *, pure: bool = False
) -> Iterator[tuple[Hop, Hop, Issued]]:
    """`warded serve` in its own process, without and with TLS: policy, mask plans, records. Also a credential."""
    import asyncio

    folder.mkdir()
    (folder / "state").mkdir(mode=0o700)
    port, door = free_port(), free_port()
    listener = {"port": door, "tls_certificate": str(certificate[0]), "tls_key": str(certificate[1])}
    listener |= {"max_connections": 5000}
    config = shop_config(
        folder, server, port=port, store_url=f"sqlite+aiosqlite:///{folder}/state/warded.db", database=database,
        listeners={"postgres": listener},
    )  # fmt: skip
    (folder / "policies" / "people.cedar").write_text(POLICY)
    document = json.loads(config.model_dump_json(exclude_unset=True))
    document["telemetry"] = {"log_level": "error"}
    (folder / "warded.yaml").write_text(yaml.safe_dump(document))
    token, issued = asyncio.run(_account(config))
    program = [sys.executable, "-c", PURE] if pure else [Path(sys.executable).parent / "warded"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([*program, "serve", "-c", folder / "warded.yaml"], stdout=log, stderr=log)
    name = "Warded, pure Python walk" if pure else "Warded"
    try:
        plain = Hop(name, door, "shop", "dana", token, process.pid, masks=True)
        _await(plain, log=folder / "log")
        _labelled(plain)
        yield plain, replace(plain, name=f"{name}, TLS", tls=True), issued
    finally:
        process.terminate()
        process.wait(35)


async def _account(config: Any) -> tuple[str, Issued]:
    store = await open_store(config.store_url)
    try:
        await add_user(store, "dana", password="correct horse dana", groups=["developers"])
        tokens = AccessTokens(await load_keys(store), issuer=config.server.public_url)
        token = await mint_person_token(store, tokens, "dana", audience=config.api_url, seconds=7200)
        return token, await issue_credential(store, "dana", "shop", seconds=7200, now=time.time())
    finally:
        await store.close()


def _await(hop: Hop, *, log: Path | None = None) -> None:
    for _ in range(300):
        try:
            log_in(hop).close()
            return
        except (OSError, RuntimeError):
            time.sleep(0.1)
    words = log.read_text(errors="replace")[-2000:] if log else ""
    raise RuntimeError(f"{hop.name} does not answer {words}")


def _labelled(hop: Hop) -> None:
    """Wait for the first catalog scan: until then every column is masked as unscanned."""
    for _ in range(300):
        if b"open" in drain(hop, "SELECT * FROM people LIMIT 3").head:
            return
        time.sleep(0.1)
    raise RuntimeError("the catalog scan did not finish")

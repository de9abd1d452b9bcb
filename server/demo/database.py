"""The demo's own PostgreSQL: one cluster on 127.0.0.1, SCRAM-SHA-256, no socket file, kept between runs."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from server.demo.binaries import Account, Binaries, NoDatabase, bring_within_reach, place_for, unprivileged_account
from server.demo.private import write_private

START_SECONDS = 30.0
STOP_SECONDS = 15.0
SUPERUSER = "demo_superuser"
DATABASE = "shop"

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "60",
    "shared_buffers": "64MB",
    "synchronous_commit": "off",
    "max_wal_size": "256MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "password_encryption": "scram-sha-256",
}


@dataclass(frozen=True, slots=True)
class Database:
    """A running server. `source` says whose binaries: "system" or "wheel"."""

    port: int
    password: str
    version: str
    source: str

    @property
    def address(self) -> str:
        """URL without user and password, as warded.yaml has it."""
        return f"postgres://127.0.0.1:{self.port}/{DATABASE}?sslmode=disable"

    def superuser_url(self, database: str = DATABASE) -> str:
        """URL with user and password, for the demo's own set-up. Never written anywhere."""
        return f"postgresql://{SUPERUSER}:{self.password}@127.0.0.1:{self.port}/{database}?sslmode=disable"


@contextmanager
def run_database(folder: Path, *, binaries: Binaries) -> Iterator[Database]:
    """Start the cluster in `folder`, make it first if need be, stop it when the block ends. Raises NoDatabase."""
    account = unprivileged_account()
    place = place_for(folder, account)
    programs = bring_within_reach(binaries, place, account)
    version = _version(programs, account)
    _prepare(place, programs, account, major=version.split(".")[0])
    password = (place / "superuser").read_text()
    process, port = _launch(place, programs, account)
    try:
        yield Database(port, password, version, binaries.source)
    finally:
        _stop(process)


def _version(programs: Binaries, account: Account) -> str:
    """Such as "15.18", from `postgres --version`; also the proof that `account` may run it."""
    try:
        done = subprocess.run(
            [programs.path("postgres"), "--version"],
            cwd="/",
            capture_output=True,
            text=True,
            timeout=30,
            check=True,
            **account.subprocess_arguments,
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise NoDatabase(f"{programs.path('postgres')} does not run: {error}") from error
    return str(done.stdout).split()[2]


def _prepare(place: Path, programs: Binaries, account: Account, *, major: str) -> None:
    """Make sure that a cluster of this major version is there and that nothing runs on it."""
    data = place / "data"
    if (data / "PG_VERSION").exists() and (data / "PG_VERSION").read_text().strip() == major:
        _stop_leftover(data, programs, account)
        return
    shutil.rmtree(data, ignore_errors=True)
    _initdb(place, programs, account)


def _stop_leftover(data: Path, programs: Binaries, account: Account) -> None:
    """Stop a server that an earlier run was killed too hard to stop."""
    if not (data / "postmaster.pid").exists():
        return
    subprocess.run(
        [programs.path("pg_ctl"), "-D", str(data), "-m", "fast", "-t", "10", "stop"],
        cwd="/",
        capture_output=True,
        timeout=30,
        check=False,
        **account.subprocess_arguments,
    )


def _initdb(place: Path, programs: Binaries, account: Account) -> None:
    password = secrets.token_urlsafe(18)
    data = place / "data"
    data.mkdir(mode=0o700)
    account.own(data)
    secret = place / "initdb.password"
    write_private(secret, password)
    account.own(secret)
    command = [programs.path("initdb"), "-D", str(data), "-U", SUPERUSER, "-A", "scram-sha-256", "-E", "UTF8"]
    try:
        done = subprocess.run(
            [*command, "--locale=C", "--no-instructions", f"--pwfile={secret}"],
            cwd="/",
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            **account.subprocess_arguments,
        )
    finally:
        secret.unlink()
    if done.returncode:
        shutil.rmtree(data, ignore_errors=True)
        raise NoDatabase(f"initdb failed: {done.stderr.strip()[-600:]}")
    write_private(place / "superuser", password)


def _launch(place: Path, programs: Binaries, account: Account) -> tuple[subprocess.Popen[bytes], int]:
    """Start on a free port. Another program may take the port in between, so try again a few times."""
    log = place / "postgres.log"
    log.touch(mode=0o600)
    options = [part for name, value in SETTINGS.items() for part in ("-c", f"{name}={value}")]
    for _ in range(5):
        port = _free_port()
        with log.open("wb") as file:
            process: subprocess.Popen[bytes] = subprocess.Popen(
                [programs.path("postgres"), "-D", str(place / "data"), "-p", str(port), *options],
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                start_new_session=True,  # Ctrl-C is ours: the database stops last, after the gateway
                **account.subprocess_arguments,
            )
        if _await_ready(process, log):
            return process, port
        _stop(process)
        if "could not bind" not in log.read_text(errors="replace"):
            break
    raise NoDatabase("PostgreSQL did not start:\n" + "\n".join(log.read_text(errors="replace").splitlines()[-20:]))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _await_ready(process: subprocess.Popen[bytes], log: Path) -> bool:
    """The server's own word: it logs this line once it takes connections."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        if b"database system is ready to accept connections" in log.read_bytes():
            return True
        time.sleep(0.02)
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

"""Loads for the native door: pgbench, a reader that takes rows and decodes nothing, and connections that only stay."""

from __future__ import annotations

import os
import re
import socket
import ssl
import statistics
import struct
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from backends.postgres.frontend import SSL_REQUEST, TERMINATE, password, query, startup
from tests.benchmarks.load import resident_bytes

LATENCY = re.compile(r"^\d+ \d+ (\d+) ", re.MULTILINE)
READY = b"Z\0\0\0\5I"
BLOCK = 1 << 18


@dataclass(frozen=True, slots=True)
class Hop:
    """A way to the same database. `pid` is the process between, 0 for none; `secret` is sent in clear if asked for."""

    name: str
    port: int
    database: str
    user: str
    secret: str = ""
    pid: int = 0
    tls: bool = False
    masks: bool = False

    @property
    def dsn(self) -> str:
        return f"postgresql://{self.user}:{self.secret}@127.0.0.1:{self.port}/{self.database}"

    @property
    def environment(self) -> dict[str, str]:
        return {
            "PGHOST": "127.0.0.1", "PGPORT": str(self.port), "PGDATABASE": self.database, "PGUSER": self.user,
            "PGPASSWORD": self.secret, "PGSSLMODE": "require" if self.tls else "disable", "PGGSSENCMODE": "disable",
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Burst:
    """One round of pgbench: median latency in µs, queries a second, CPU of the process between in µs a query."""

    p50: float
    rate: float
    cpu: float


def burst(hop: Hop, *, mode: str, clients: int, seconds: int) -> Burst:
    """Many clients get more time, since logging in is part of it. Raises RuntimeError where pgbench fails."""
    seconds += clients // 16
    for _ in range(3):
        before = cpu_seconds(hop.pid)
        found = _pgbench(hop, mode=mode, clients=clients, seconds=seconds)
        spent = cpu_seconds(hop.pid) - before
        if found:
            return Burst(statistics.median(found), len(found) / seconds, spent / len(found) * 1e6)
    raise RuntimeError(f"pgbench made no query through {hop.name}")


def _pgbench(hop: Hop, *, mode: str, clients: int, seconds: int) -> list[int]:
    """The latency of each query, µs."""
    with tempfile.TemporaryDirectory() as folder:
        command = ["pgbench", "-n", "-S", "-M", mode, "-c", str(clients), "-j", "1", "-T", str(seconds), "-l"]
        environment = {**os.environ, **hop.environment}
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False
        )
        if done.returncode:
            raise RuntimeError(f"pgbench through {hop.name}: {done.stderr[-600:]}")
        return [int(us) for log in Path(folder).glob("pgbench_log.*") for us in LATENCY.findall(log.read_text())]


def cpu_seconds(pid: int) -> float:
    """Time on a processor of all threads so far (schedstat, nanoseconds); 0 for pid 0."""
    if not pid:
        return 0.0
    tasks = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(task.read_text().split()[0]) for task in tasks) / 1e9


def log_in(hop: Hop) -> socket.socket:
    """A connection that is ready for queries. Knows trust and a password in clear, with TLS if the hop has it."""
    plain = socket.create_connection(("127.0.0.1", hop.port), timeout=60)
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    link: socket.socket = plain
    if hop.tls:
        plain.sendall(SSL_REQUEST)
        if plain.recv(1) != b"S":
            raise RuntimeError(f"{hop.name} has no TLS")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        link = context.wrap_socket(plain)
    link.sendall(startup({"user": hop.user, "database": hop.database}))
    seen = b""
    while not seen.endswith(READY):
        piece = link.recv(BLOCK)
        if not piece or seen[:1] == b"E":
            raise RuntimeError(f"{hop.name} let nobody in: {seen + piece!r}")
        seen += piece
        if seen == b"R" + struct.pack("!ii", 8, 3):
            link.sendall(password(hop.secret))
            seen = b""
    return link


@dataclass(frozen=True, slots=True)
class Drain:
    """One answer read to its end: seconds, CPU seconds of the process between, bytes, and its first 2 KiB."""

    seconds: float
    cpu: float
    size: int
    head: bytes


def drain(hop: Hop, sql: str) -> Drain:
    with log_in(hop) as link:
        before, began = cpu_seconds(hop.pid), time.perf_counter()
        link.sendall(query(sql))
        block, size, head, tail = bytearray(BLOCK), 0, b"", b""
        while tail != READY:
            count = link.recv_into(block)
            if not count:
                raise RuntimeError(f"{hop.name} broke off: {head[:300]!r}")
            size += count
            head = head if len(head) >= 2048 else head + bytes(block[: min(count, 2048)])
            tail = (tail + bytes(block[max(0, count - 6) : count]))[-6:]
        seconds = time.perf_counter() - began
        spent = cpu_seconds(hop.pid) - before
        link.sendall(TERMINATE)
    if head[:1] != b"T":
        raise RuntimeError(f"{hop.name} gave no rows: {head[:600]!r}")
    return Drain(seconds, spent, size, head)


def connects(dsn: str, *, sslmode: str, times: int = 100) -> float:
    """Median seconds of connecting by libpq, the first query and leaving, one after the other."""
    import psycopg

    taken = []
    for _ in range(times):
        began = time.perf_counter()
        with psycopg.connect(dsn, sslmode=sslmode, gssencmode="disable") as connection:
            connection.execute("SELECT 1").fetchone()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)


def idle(hop: Hop, count: int) -> float:
    """Resident bytes that one more idle connection costs the process between. A few come first, for what is lazy."""
    first = [log_in(hop) for _ in range(20)]
    before = resident_bytes(hop.pid)
    staying = [log_in(hop) for _ in range(count)]
    time.sleep(2)
    grown = resident_bytes(hop.pid) - before
    for link in (*first, *staying):
        link.close()
    return grown / count

"""A load client that costs little itself: one kept-alive HTTP/1.1 connection a client, requests prepared as bytes."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

Call = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Round:
    """One round of one target: seconds of each call, and the wall time of all."""

    latencies: list[float]
    seconds: float

    @property
    def p50(self) -> float:
        return statistics.median(self.latencies)

    @property
    def rate(self) -> float:
        return len(self.latencies) / self.seconds


class HttpCaller:
    """Sends the same request again and again; every answer must hold `expect`."""

    def __init__(self, url: str, *, headers: dict[str, str], body: bytes, expect: bytes) -> None:
        parts = urlsplit(url)
        self._arguments = {"url": url, "headers": headers, "body": body}
        self._address = (parts.hostname or "127.0.0.1", parts.port or 80)
        lines = [f"POST {parts.path} HTTP/1.1", f"Host: {parts.netloc}", f"Content-Length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        self._request = "\r\n".join(lines).encode() + b"\r\n\r\n" + body
        self._expect = expect
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def __call__(self) -> None:
        if self._streams is None:
            self._streams = await asyncio.open_connection(*self._address)
        reader, writer = self._streams
        writer.write(self._request)
        head = await reader.readuntil(b"\r\n\r\n")
        body = await _body(reader, head.lower())
        if b" 200 " not in head[:16] or self._expect not in body:
            raise RuntimeError(f"unexpected answer: {head[:200]!r} {body[:400]!r}")

    def same(self, *, expect: bytes) -> dict[str, Any]:
        """Arguments of a caller that asks the same and expects something else."""
        return self._arguments | {"expect": expect}

    async def close(self) -> None:
        if self._streams:
            self._streams[1].close()


async def _body(reader: asyncio.StreamReader, head: bytes) -> bytes:
    if b"content-length: " in head:
        length = int(head.split(b"content-length: ")[1].split(b"\r\n")[0])
        return await reader.readexactly(length)
    parts = []
    while size := int(await reader.readline(), 16):  # chunked transfer coding, RFC 9112 §7.1
        parts.append(await reader.readexactly(size))
        await reader.readline()
    await reader.readline()
    return b"".join(parts)


async def run_round(callers: list[Call], *, calls: int) -> Round:
    """`calls` in all, shared by the callers, each waiting for its answer before it asks again."""
    latencies: list[float] = []

    async def work(call: Call, share: int) -> None:
        for _ in range(share):
            started = time.perf_counter()
            await call()
            latencies.append(time.perf_counter() - started)

    started = time.perf_counter()
    await asyncio.gather(*(work(call, calls // len(callers)) for call in callers))
    return Round(latencies, time.perf_counter() - started)


def cpu_seconds(pid: int) -> float:
    """User and system time of a process so far (proc(5), fields 14 and 15; 100 ticks a second on Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / 100


def resident_bytes(pid: int) -> int:
    """Resident memory of a process (proc(5), statm, pages of 4 KiB)."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096

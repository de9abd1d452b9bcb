"""How fast JSON, logs and notes are masked: `python -m tests.benchmarks.text` (one core, figures of docs/text.md)."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable

from catalog import prose
from catalog.jsonverdicts import Verdicts
from catalog.stream import StreamMasker
from catalog.structured import mask_json

SEED = 5
ROUNDS = 3


def payload(megabytes: float) -> str:
    """Objects of one build, as an API lists them: two levels, three sensitive leaves of eleven."""
    draw, rows, size = random.Random(SEED), [], 0
    while size < megabytes * 1e6:
        number = draw.randrange(10**6)
        rows.append(
            {
                "id": number,
                "order_no": f"{draw.randrange(10**9, 10**10)}",
                "customer": {"full_name": f"Jo Doe{number % 997}", "email": f"user{number}@example.com"},
                "phone": f"+49 170 {draw.randrange(10**6, 10**7)}",
                "status": draw.choice(("open", "paid", "sent")),
                "sku": f"AB-{draw.randrange(1000, 9999)}-XL",
                "total": round(draw.random() * 900, 2),
                "currency": "EUR",
                "created_at": f"2026-03-{draw.randint(10, 28)}T10:11:12Z",
                "tags": ["new", "web"],
            }
        )
        size += 265
    return json.dumps({"orders": rows}, separators=(",", ":"))


def log(lines: int) -> bytes:
    """Clean lines of a service's log."""
    draw = random.Random(SEED)
    kinds: tuple[Callable[[], str], ...] = (
        lambda: f"INFO build {draw.randrange(10**9, 10**10)} finished in {draw.randint(1, 900)}s",
        lambda: f"DEBUG trace={draw.getrandbits(128):032x} span={draw.getrandbits(64):016x} cache hit",
        lambda: f"ERROR upstream timed out (110: Connection timed out), attempt {draw.randint(1, 9)}",
        lambda: f'INFO "GET /api/v1/orders/{draw.randrange(10**6)} HTTP/1.1" 200 {draw.randrange(10**5)}',
        lambda: f"WARN Slow query: SELECT id, total FROM orders WHERE id = {draw.randrange(10**8)}",
        lambda: "INFO Garbage collection done, Heap 211 MiB, Worker pool idle",
    )
    text = (
        f"2026-03-{draw.randint(10, 28)}T10:11:12.{draw.randint(100, 999)}Z {draw.choice(kinds)()}\n"
        for _ in range(lines)
    )
    return "".join(text).encode()


def notes(count: int) -> list[str]:
    """Short notes with and without people."""
    draw = random.Random(SEED)
    forms = (
        "Spoke with {n} about invoice {i}, she will call back on Friday.",
        "Parcel {i} arrived damaged, customer wants a refund.",
        "Please ship the order to the new address, attention {n}.",
        "Deploy of the gateway finished, all checks are green again.",
    )
    people = ("Anna Keller", "Tom O'Brien", "Maria Rossi", "Jens Holm", "Fatima Khan")
    return [draw.choice(forms).format(n=draw.choice(people), i=draw.randrange(10**6)) for _ in range(count)]


def seconds(work: Callable[[], object]) -> float:
    """CPU seconds of the fastest of some rounds."""
    best = float("inf")
    for _ in range(ROUNDS):
        began = time.process_time()
        work()
        best = min(best, time.process_time() - began)
    return best


def main() -> None:
    text, lines, short = payload(5), log(60_000), notes(5_000)
    verdicts = Verdicts()
    print(
        f"JSON, 5 MB of equal objects: {len(text) / 1e6 / seconds(lambda: mask_json(text, verdicts=verdicts)):.1f} MB/s"
    )
    few = payload(0.002)
    each = seconds(lambda: [mask_json(few, verdicts=verdicts) for _ in range(200)]) / 200
    print(f"JSON, {len(few)} bytes, warm: {each * 1e3:.2f} ms, {len(few) / 1e6 / each:.1f} MB/s")
    print(f"clean log: {len(lines) / 1e6 / seconds(lambda: StreamMasker().feed(lines)):.1f} MB/s")
    print(f"notes: {len(short) / seconds(lambda: prose.find_many(short)):.0f} a second")


if __name__ == "__main__":
    main()

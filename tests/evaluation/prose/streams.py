"""How much of what is planted into terminal output gets through, and how much of the rest is changed."""

from __future__ import annotations

import random
import uuid
from dataclasses import dataclass

from faker import Faker

from catalog.stream import StreamMasker

SEED = 99
LINES = 1500


@dataclass(frozen=True, slots=True)
class Score:
    """Shares: planted values that cannot be read in the output any more; clean lines that are the same."""

    hidden: float
    kept: float
    leaks: tuple[str, ...]


def measure(count: int = LINES, seed: int = SEED) -> Score:
    draw, faker = random.Random(seed), Faker(["en_AU", "da_DK", "fi_FI"], use_weighting=False)
    faker.seed_instance(seed)
    lines = [_line(draw, faker) for _ in range(count)]
    text = "\n".join(line for line, *_ in lines) + "\n"
    out = _passed(text.encode(), draw).decode().split("\n")
    planted = [(kind, value, number) for number, (_l, kind, value) in enumerate(lines) if kind]
    leaked = [kind for kind, value, number in planted if value in out[number]]
    clean = [number for number, (_l, kind, _v) in enumerate(lines) if not kind]
    same = sum(out[number] == lines[number][0] for number in clean)
    return Score(1 - len(leaked) / len(planted), same / len(clean), tuple(sorted(set(leaked))))


def _passed(data: bytes, draw: random.Random) -> bytes:
    masker, out, at = StreamMasker(), b"", 0
    while at < len(data):
        size = draw.randint(1, 200)
        out += masker.feed(data[at : at + size])
        at += size
    return out + masker.close()


def _line(draw: random.Random, faker: Faker) -> tuple[str, str, str]:
    """(line, kind of what is planted, the planted value); no kind = clean."""
    when = f"2026-03-{draw.randint(10, 28)}T{draw.randint(10, 23)}:{draw.randint(10, 59)}:07.{draw.randint(100, 999)}Z"
    token = "".join(draw.choices("abcdefghijkmnpqrstuvwxyzABCDEFGH23456789", k=36))
    name = str(faker.first_name()) + " " + str(faker.last_name())
    planted = {
        "EMAIL": (str(faker.email()), "{w} WARN bounce for {v} (550)"),
        "CREDIT_CARD": (str(faker.credit_card_number("visa16")), "{w} INFO charged card {v} amount 12.50"),
        "SECRET": ("ghp_" + token, "export GH={v}"),
        "PASSWORD": ("Zq" + token[:9] + "7", "{w} DEBUG connect password={v} host=db1"),
        "URL": ("pw" + token[:8], "{w} using postgres://app:{v}@db1:5432/shop"),
        "PHONE": (f"+49 170 {draw.randint(1000000, 9999999)}", "{w} INFO sms to {v} queued"),
        "IBAN": (str(faker.iban()), "{w} payout to {v} done"),
        "PERSON": (name, "{w} INFO ticket 4711 assigned to {v}"),
    }
    if draw.random() < 0.5:
        kind = draw.choice(list(planted))
        value, form = planted[kind]
        return form.format(w=when, v=value), kind, value
    clean = (
        f"{when} INFO build {draw.randint(10**9, 10**10)} finished in {draw.randint(1, 900)}s",
        f"{draw.getrandbits(160):040x} refs/heads/main",
        f"{when} DEBUG trace={uuid.UUID(int=draw.getrandbits(128))} span={draw.getrandbits(64):016x}",
        f"Pulling image registry/shop:{draw.randint(1, 9)}.{draw.randint(0, 30)}.{draw.randint(0, 9)}",
        f"{when} ERROR upstream timed out (110: Connection timed out), attempt {draw.randint(1, 9)}",
        f"Mem: {draw.randint(1000, 99999)}k total, {draw.randint(1000, 99999)}k used, load {draw.random():.2f}",
        f"deployment.apps/shop-{draw.randint(1, 99)} configured",
        f"{when} INFO Garbage collection took {draw.random():.3f} ms, Heap {draw.randint(1, 900)} MiB",
        f"-rw-r--r-- 1 root root {draw.randint(100, 99999)} Mar {draw.randint(1, 28)} 10:02 report-7.log",
        f"{when} WARN Slow query: SELECT id, total FROM orders WHERE id = {draw.randint(1, 10**8)}",
    )
    return draw.choice(clean), "", ""


if __name__ == "__main__":
    print(measure())

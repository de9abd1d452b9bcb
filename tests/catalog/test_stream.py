"""The stream masker: the same whatever the pieces, nothing planted passes, nothing clean changes."""

from __future__ import annotations

import random
import re
import uuid

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.model import Label
from catalog.stream import StreamMasker
from catalog.stream.ansi import screen, view

KEY = "-----BEGIN RSA PRIVATE KEY-----\r\nMIIEpAIBAAKCAQEA7bq\r\nq1w2e3r4\r\n-----END RSA PRIVATE KEY-----\r\n"
SESSION = (
    "\x1b]0;shop\x07\x1b[32mops@web\x1b[0m:~$ psql -c 'select * from customers'\r\n"
    " id | full_name     |     phone     |   build\n"
    "----+---------------+---------------+------------\n"
    "  1 | Maria Keller  | 0151 23456789 | 4155552671\n"
    "  2 | Jonas Brandt  | 0151 99999998 | 4155552672\n"
    "(2 rows)\n\n"
    "NAME     READY   STATUS    OWNER-EMAIL        AGE\n"
    "shop-1   1/1     Running   joe@example.com    5d\n\n"
    "+----+-------+-------------+\n| id | login | ssn         |\n+----+-------+-------------+\n"
    "|  1 | bobr  | 219-09-9999 |\n+----+-------+-------------+\n"
    "id,full_name,card_number\n1,Maria Keller,4111111111111111\n"
    "2024-05-06T10:22:33Z INFO sha 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b build 4155552671 mail joe@example.com\n"
    "paid with 4111 \x1b[1m1111\x1b[0m 1111 1111 today\n"
    "password=hunter22 token=ghp_" + "a1B2" * 9 + "\n" + KEY + "ops@web:~$ "
)
PLANTED = (
    "Maria Keller", "Jonas Brandt", "23456789", "99999998", "joe@example.com", "219-09-9999", "4111111111111111",
    "4111 1111 1111", "hunter22", "ghp_a1", "MIIEpAIBAAKCAQEA7bq", "q1w2e3r4",
)  # fmt: skip


def passed(data: bytes, pieces: list[int] | None = None) -> bytes:
    masker, out, at = StreamMasker(), b"", 0
    for size in pieces or ():
        out += masker.feed(data[at : at + size])
        at += size
    return out + masker.feed(data[at:]) + masker.close()


def seen(data: bytes) -> str:
    return view(data.decode("utf-8", "surrogateescape")).text


def test_a_session_loses_what_is_sensitive_and_keeps_the_rest() -> None:
    out = seen(passed(SESSION.encode()))
    assert not [value for value in PLANTED if value in out]
    for kept in ("9f86d081884c7d659a2feaa0c55ad015a3bf4f1b", "4155552671", "shop-1", "2024-05-06T10:22:33Z", "bobr"):
        assert kept in out
    assert out.endswith("ops@web:~$ ")


@pytest.mark.parametrize("seed", range(12))
def test_pieces_of_any_size_give_what_one_piece_gives(seed: int) -> None:
    draw, data = random.Random(seed), SESSION.encode()
    pieces = [draw.randint(1, draw.choice((1, 5, 40, 200))) for _ in range(len(data))]
    assert passed(data, pieces) == passed(data)


@pytest.mark.parametrize("seed", range(6))
def test_nothing_planted_leaves_even_when_the_timer_fires_between_pieces(seed: int) -> None:
    draw, data, masker, out, at = random.Random(seed), SESSION.encode(), StreamMasker(), b"", 0
    while at < len(data):
        size = draw.randint(1, 200)
        out += masker.feed(data[at : at + size])
        at += size
        out += masker.idle() if draw.random() < 0.2 else b""
    out += masker.close()
    leaked = [value for value in PLANTED if value in seen(out)]
    assert len(leaked) <= 1, leaked  # a table's cell may be cut by the timer before its row is whole


def test_escape_sequences_stay_where_they_are() -> None:
    out = passed(b"a\x1b[31mjoe@example.com\x1b[0m b\n")
    assert re.findall(rb"\x1b\[[0-9;]*m", out) == [b"\x1b[31m", b"\x1b[0m"]
    assert b"joe@example" not in out


def test_a_value_with_colours_inside_is_found() -> None:
    assert b"1111 1111" not in passed(b"card 4111 \x1b[1m11\x1b[0m11 1111 \x1b]8;;x\x07 1111\n")


def test_a_prompt_leaves_at_the_first_tick_and_a_growing_word_at_the_second() -> None:
    masker = StreamMasker()
    assert masker.feed(b"Password: ") == b""
    assert masker.idle() == b"Password: "
    assert masker.feed(b"\r\nops@web:~$ ghp_a1B2a1B2a1") == b"\r\n"
    assert masker.idle() == b"ops@web:~$ "
    assert masker.feed(b"B2a1B2a1B2a1B2a1B2a1B2a1B2") == b""
    assert masker.idle() == b""
    assert b"a1B2" not in masker.idle() + masker.close()


def test_a_number_typed_piece_by_piece_is_held_until_it_ends() -> None:
    masker, out = StreamMasker(), b""
    for char in b"card 4111 1111 1111 1111 ok\n":
        out += masker.feed(bytes([char])) + masker.idle()
    assert b"1111 1111" not in out


def test_a_private_key_waits_for_its_end_and_is_dropped_when_it_never_comes() -> None:
    masker = StreamMasker()
    assert masker.feed(b"x\n-----BEGIN PRIVATE KEY-----\nMIIEabc\n") == b"x\n"
    assert masker.idle() == b""
    out = b"".join(masker.idle() for _ in range(60)) + masker.feed(b"c2VjcmV0\n" * 9000) + masker.close()
    assert out == b"[SECRET]"
    flood = StreamMasker()
    assert b"QUJD" not in flood.feed(b"-----BEGIN PRIVATE KEY-----\n" + b"QUJDREVG\n" * 20000) + flood.close()


@pytest.mark.parametrize(
    "line",
    [
        b"4111 1111\x1b[9D4111 1111 1111 1111\n",
        b"4111 1111 xxxx xxxx\r\x1b[10C1111 1111\n",
        b"joe@exaZ\bmple.com\n",
        b"progress 1%\rjoe@example.com\n",
    ],
)
def test_what_is_drawn_in_pieces_is_found_on_the_screen(line: bytes) -> None:
    out = passed(line).decode()
    shown = screen(out.rstrip("\n")).text
    assert "1111 1111 1111" not in shown
    assert "joe@example.com" not in shown


def test_a_line_that_never_ends_is_let_go_of_in_parts() -> None:
    masker = StreamMasker()
    out = masker.feed(b"word " * 4000 + b"joe@example.com " + b"word " * 4000)
    assert len(out) > 8000
    out += masker.close()
    assert b"joe@example.com" not in out
    endless = StreamMasker()
    assert endless.feed(b"A" * 100_000) + endless.close() == b"[TEXT]"


def clean_lines(draw: random.Random) -> list[str]:
    return [
        f"2024-05-06T10:22:{draw.randint(10, 59)}Z INFO [worker-{draw.randint(1, 9)}] done in {draw.randint(1, 99)}ms",
        f"commit {draw.getrandbits(160):040x}",
        f"image sha256:{draw.getrandbits(256):064x} pulled",
        f"build {draw.randint(10**9, 10**10)} ok, version 1.{draw.randint(0, 40)}.{draw.randint(0, 9)}",
        f"uuid={uuid.UUID(int=draw.getrandbits(128))} seen",
        f"GET /api/v1/orders/{draw.randint(1, 10**7)} 200 {draw.randint(100, 9000)}",
        f"eth0: {draw.randint(10, 99)} packets, {draw.randint(1000, 99999)} bytes",
        f"drwxr-xr-x 2 root root 4096 May {draw.randint(1, 28)} 10:22 releases",
        f"epoch {draw.randint(1, 90)}: loss {draw.random():.6f} lr {draw.random():.2e}",
        f"tracking {draw.randint(10**17, 10**18)} shipped to warehouse {draw.randint(1, 9)}",
    ]


def test_clean_output_is_the_same_byte_for_byte() -> None:
    draw = random.Random(5)
    lines = [line for _ in range(60) for line in clean_lines(draw)]
    out = passed(("\n".join(lines) + "\n").encode()).decode().split("\n")
    assert [(a, b) for a, b in zip(lines, out, strict=False) if a != b] == []


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=300), st.lists(st.integers(1, 40), max_size=20))
def test_no_bytes_break_it_and_bytes_without_words_come_back(data: bytes, pieces: list[int]) -> None:
    masker, at = StreamMasker(), 0
    for size in pieces:
        masker.feed(data[at : at + size])
        masker.idle()
        at += size
    masker.feed(data[at:])
    masker.close()


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200).map(lambda data: bytes(each for each in data if each < 48 or each > 57)))
def test_bytes_that_are_no_text_survive(data: bytes) -> None:
    assert passed(b"\xff\xfe" + data.translate(None, b"@:=-\r\x08\x1b") + b"\n").startswith(b"\xff\xfe")


def test_what_was_hidden_is_counted_by_label_and_a_revealed_label_is_shown() -> None:
    masker = StreamMasker(revealed=frozenset({Label.EMAIL}))
    assert b"joe@example.com" in masker.feed(b"joe@example.com 4111 1111 1111 1111\n")
    assert masker.counts == {Label.CREDIT_CARD: 1}

"""The sweep finds what proves itself, keeps what only looks like it, and is the same on either engine."""

from __future__ import annotations

import base64
import gzip
import json
import random
import uuid

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.embedded import ENCODINGS, layers, says_nothing
from catalog.evidence.engine import available
from catalog.model import Label
from catalog.sweep import labels_in, sweep
from catalog.unfold import unfold

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"
PEM = "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA\n-----END RSA PRIVATE KEY-----"

HELD = [
    (Label.EMAIL, "send it to ‹joe.doe@example.com› please"),
    (Label.EMAIL, "‹jürgen@müller.example.de›"),
    (Label.EMAIL, "to=‹joe@example.com›&x=1"),
    (Label.EMAIL, "mail <‹joe@mail.example.co.uk›>."),
    (Label.EMAIL, "‹ｊｏｅ＠ｅｘａｍｐｌｅ．ｃｏｍ›"),
    (Label.EMAIL, "x ‹jo\u200be@exa\u2060mple.com› y"),
    (Label.EMAIL, '{"to": "‹joe\\u0040example.com›"}'),
    (Label.EMAIL, "https://x.test/?mail=‹joe%40example.com›&ok=1"),
    (Label.IBAN, "pay to ‹DE89 3704 0044 0532 0130 00› TODAY"),
    (Label.IBAN, "‹GB29NWBK60161331926819›"),
    (Label.IBAN, "‹NO9386011117947›"),
    (Label.CREDIT_CARD, "card ‹4111 1111 1111 1111› was declined"),
    (Label.CREDIT_CARD, "‹5500005555555559›"),
    (Label.CREDIT_CARD, "amex ‹3782 822463 10005›"),
    (Label.SSN, "SSN: ‹078-05-1120›"),
    (Label.SSN, "social security no. ‹078051120›"),
    (Label.SECRET, f"token was ‹{JWT}›"),
    (Label.SECRET, f"x\n‹{PEM}›\ny"),
    (Label.SECRET, "‹-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAA›"),
    (Label.SECRET, "aws ‹AKIAIOSFODNN7EXAMPLE› in use"),
    (Label.SECRET, "‹ghp_" + "a1B2" * 9 + "›"),
    (Label.SECRET, "‹glpat-" + "a1B2" * 5 + "›"),
    (Label.SECRET, "‹xoxb-" + "1234567890-" * 3 + "›"),
    (Label.SECRET, "‹sk_" + "live_" + "a1B2" * 6 + "›"),
    (Label.SECRET, "Authorization: Bearer ‹q8w7e6r5t4y3u2i1o0p9›"),
    (Label.SECRET, "api_key = '‹q8w7e6r5t4y3u2i1o0p9›'"),
    (Label.PASSWORD, "postgres://app:‹s3cret›@db.internal:5432/shop"),
    (Label.PASSWORD, "password=‹hunter2›"),
    (Label.PASSWORD, '{"password": "‹correct horse›"}'),
    (Label.PASSWORD, "mysqldump --password=‹Sup3rS3cret› shop"),
    (Label.PHONE, "call ‹+49 170 1234567› now"),
    (Label.PHONE, "‹+1 415 555 2671›"),
    (Label.PHONE, "‹+14155552671›"),
]

KEPT = [
    "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b",
    "550e8400-e29b-41d4-a716-446655440000",
    "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "v1.24.3-rc.2+build.5511",
    "10.2.30.4",
    "2024-05-06T10:22:33.123456+00:00",
    "build 4155552671",
    "order no. 4111111111111111",
    "tracking 340434188193073856",
    "SKU 078-05-1120",
    "078-05-1120",
    "1714993353123",
    "git@github.com:acme/shop.git",
    "logo@2x.png",
    "lodash@4.17.21",
    "user@host.internal",
    "password: changed",
    "password=${DB_PASSWORD}",
    "password=[PASSWORD]",
    "token: expired",
    "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
    "https://example.com/a/b?page=2#top",
    "/usr/local/lib/python3.11/site-packages/numpy",
    "DE89370400440532013001",
    "AB12 3456 7890 1234 5678",
    "c29tZSBwbGFpbiB3b3JkcyBvbmx5IGhlcmU=",
    "+1 -2 +3",
    "+00000000000",
]


def marked(text: str) -> tuple[str, int, int]:
    """The text without its marks, and what they enclose."""
    start, end = text.index("‹"), text.index("›") - 1
    return text.replace("‹", "").replace("›", ""), start, end


@pytest.mark.parametrize("kind", available())
@pytest.mark.parametrize(("label", "text"), HELD, ids=range(len(HELD)))
def test_what_proves_itself_is_found_where_it_stands(kind: str, label: Label, text: str) -> None:
    raw, start, end = marked(text)
    [hit] = sweep(["clean", raw], kind=kind)  # type: ignore[arg-type]
    assert (hit.cell, hit.start, hit.end, hit.label) == (1, start, end, label)


@pytest.mark.parametrize("text", KEPT)
def test_what_only_looks_like_it_is_kept(text: str) -> None:
    assert sweep([text]) == []


@pytest.mark.parametrize(
    "carried",
    [
        base64.b64encode(b"write to joe@example.com").decode(),
        base64.b64encode(base64.b64encode(b"write to joe@example.com")).decode(),
        base64.b64encode(gzip.compress(b"write to joe@example.com, please", mtime=0)).decode(),
        b"write to joe@example.com".hex(),
        "0x" + b"write to joe@example.com".hex(),
        base64.urlsafe_b64encode(b"https://x/?mail=joe%40example.com").decode(),
    ],
)
def test_an_encoding_is_opened_two_levels_deep(carried: str) -> None:
    [hit] = sweep([f"data {carried} end"])
    assert (f"data {carried} end"[hit.start : hit.end].rstrip("="), hit.label) == (carried.rstrip("="), Label.EMAIL)


def test_a_third_level_is_left_closed() -> None:
    carried = b"write to joe@example.com"
    for _ in range(3):
        carried = base64.b64encode(carried)
    assert sweep([carried.decode()]) == []


def test_a_bomb_is_opened_only_as_far_as_the_bounds_allow() -> None:
    bomb = base64.b64encode(gzip.compress(b"joe@example.com " + b"\0" * 50_000_000, mtime=0)).decode()
    assert isinstance(sweep([bomb]), list)


def test_random_numbers_hashes_and_identifiers_of_many_kinds_are_no_evidence() -> None:
    draw = random.Random(7)
    cells = [
        *(str(draw.randint(10**9, 10**10)) for _ in range(3000)),
        *(str(uuid.UUID(int=draw.getrandbits(128))) for _ in range(3000)),
        *(f"{draw.getrandbits(160):040x}" for _ in range(3000)),
        *(f"{draw.getrandbits(256):064X}" for _ in range(1000)),
        *(base64.b64encode(draw.randbytes(32)).decode() for _ in range(3000)),
        *(str(1_700_000_000_000 + draw.randint(0, 10**9)) for _ in range(3000)),
        *(f"{draw.randint(1, 99)}.{draw.randint(0, 99)}.{draw.randint(0, 99)}" for _ in range(3000)),
        *(json.dumps({"id": draw.randint(1, 10**6), "ok": True, "n": draw.random()}) for _ in range(1000)),
        *(f"{draw.randint(100, 999)}-{draw.randint(10, 99)}-{draw.randint(1000, 9999)}" for _ in range(1000)),
        *(f"00{draw.randint(10**17, 10**18)}" for _ in range(1000)),
    ]
    assert sweep(cells) == []


FRAGMENTS = [text.replace("‹", "").replace("›", "") for _label, text in HELD] + KEPT
PIECES = st.one_of(st.text(max_size=20), st.sampled_from(FRAGMENTS), st.sampled_from(["\x00", " ", "@", "\u200b", "٣"]))


@settings(max_examples=150, deadline=None)
@given(st.lists(st.lists(PIECES, max_size=4).map("".join), max_size=6))
def test_both_engines_find_the_same_and_no_text_breaks_them(cells: list[str]) -> None:
    found = [sweep(cells, kind=kind) for kind in available()]
    assert all(each == found[0] for each in found)
    for hit in found[0]:
        assert 0 <= hit.start < hit.end <= len(cells[hit.cell])


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 30), st.sampled_from(HELD))
def test_neighbouring_cells_change_nothing(before: int, held: tuple[Label, str]) -> None:
    raw, start, end = marked(held[1])
    cells = ["é", "plain"] * before + [raw] + ["ß1", "x"] * 3
    assert [(hit.cell, hit.start, hit.end) for hit in sweep(cells)] == [(2 * before, start, end)]


@given(st.text())
def test_folded_text_leads_back_to_the_raw_text(text: str) -> None:
    folded = unfold(text)
    assert folded.back(0, len(folded.text))[1] <= len(text)
    for place, char in enumerate(folded.text):
        start, end = folded.back(place, place + 1)
        assert start <= end <= len(text)
        if char in text and char.isascii() and char.isalnum() and start < end:
            assert unfold(text[start:end]).text


def test_lone_surrogates_are_swept_as_well() -> None:
    [hit] = sweep(["\ud800 joe@example.com"])
    assert hit.start == 2


@settings(max_examples=200, deadline=None)
@given(st.lists(st.lists(PIECES, max_size=4).map("".join), min_size=1, max_size=8))
def test_cells_on_a_wire_give_the_labels_that_their_texts_give(cells: list[str]) -> None:
    raw, ends = b"", []
    for cell in cells:
        raw += b"\0" + cell.encode("utf-8", "surrogateescape")
        ends.append(len(raw))
    assert labels_in(raw, ends)[0] == {hit.label for hit in sweep(cells)}


@settings(max_examples=200, deadline=None)
@given(
    st.one_of(st.binary(max_size=40), st.text(max_size=40).map(str.encode)),
    st.sampled_from([base64.b64encode, bytes.hex]),
)
def test_a_run_that_is_said_to_carry_nothing_has_no_layers(inner: bytes, encode: object) -> None:
    run = encode(inner)  # type: ignore[operator]
    text = run if isinstance(run, str) else run.decode()
    for each in (text, text.rstrip("="), text.upper(), f"0x{text}"):
        if says_nothing(each.encode()):
            assert [layer for encoding in ENCODINGS for layer in layers(each, encoding)] == []


def test_only_so_many_cells_that_look_encoded_are_opened_and_plain_evidence_is_found_all_the_same() -> None:
    cells = [base64.b64encode(b"joe@example.com or so").decode(), "ab" * 20, "jane@example.org"]
    raw = "".join("\0" + cell for cell in cells).encode()
    ends = [len(raw[: raw.index(cell.encode()) + len(cell)]) for cell in cells]
    assert labels_in(raw, ends) == ({Label.EMAIL}, 2)
    assert labels_in(raw[: ends[1]], ends[:2]) == ({Label.EMAIL}, 2)
    assert labels_in(raw[: ends[1]], ends[:2], most=0) == (set(), 0)
    assert labels_in(raw, ends, most=0) == ({Label.EMAIL}, 0)

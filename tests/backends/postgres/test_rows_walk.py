"""The row walk: what it hides, what it leaves, and that no split and no malformed row shows a value. Both twins."""

from __future__ import annotations

import importlib
import struct
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backends.errors import WireError
from backends.postgres import rows_py
from backends.postgres.front_target import rule_of
from backends.postgres.rows_py import Kind, Rule, hide
from catalog.cellmask import cell_mask
from catalog.model import Label
from catalog.wiremask import wire_mask

LIMIT = 1000
Cells = Sequence[bytes | None]


@pytest.fixture(scope="module", params=["rows_py", "rows"])
def walk(request: pytest.FixtureRequest) -> Any:
    """A twin that was not built is a failure: every machine that runs tests has a compiler."""
    return importlib.import_module(f"backends.postgres.{request.param}").walk


def row(cells: Cells) -> bytes:
    body = struct.pack("!H", len(cells))
    for cell in cells:
        body += b"\xff\xff\xff\xff" if cell is None else struct.pack("!i", len(cell)) + cell
    return b"D" + struct.pack("!i", len(body) + 4) + body


RULES = [None, Rule(Kind.CONSTANT, b"***"), Rule(Kind.CALL, call=lambda value: value[:1] or None)]
cells = st.tuples(*[st.none() | st.binary(max_size=20)] * 3)

LABELS = [(Label.EMAIL, "text"), (Label.PHONE, "varchar(40)"), (Label.CREDIT_CARD, "text"), (Label.IBAN, "text")]
LABELS += [(Label.EMAIL, "varchar(10)"), (Label.PERSON, "text"), (Label.GEO, "box"), (Label.EMAIL, "char(40)")]
MASKED = [rule_of(cell_mask(label, name), name, binary=False) for label, name in LABELS]
DATA = [Rule(Kind.KEEP_LAST, b"*", 4), Rule(Kind.KEEP_FIRST, b"ab", 2), Rule(Kind.NULL), Rule(Kind.CALL), None]
EVERY = [*DATA, *MASKED]

likely = st.one_of(
    st.binary(max_size=12),
    st.text("aZ.@*<; \u00e9\n_-+0", max_size=14).map(str.encode),
    st.emails().map(str.encode),
    st.text("0123456789 -+/x", max_size=26).map(str.encode),
    st.from_regex(r"[+]?[0-9 -]{3,24}", fullmatch=True).map(str.encode),
    st.sampled_from([b"a@b.c", b"a@.c", b"ab@cd.e.f.GH", b"*b@*d.ef", b"a" * 5000, b"4242 4242-4242 4242"]),
)
wide = st.lists(st.none() | likely, min_size=len(EVERY), max_size=len(EVERY))


def masked(found: Cells) -> list[bytes | None]:
    pairs = zip(found, RULES, strict=True)
    return [cell if rule is None or cell is None else hide(rule, cell) for cell, rule in pairs]


@given(table=st.lists(cells, max_size=5), cut=st.integers(0, 400))
def test_any_split_gives_the_same_rows(walk: Any, table: list[Cells], cut: int) -> None:
    stream, wanted = b"".join(map(row, table)), b"".join(row(masked(found)) for found in table)
    first = walk(stream[:cut], 0, RULES, limit=LIMIT)
    second = walk(stream[first.end :], 0, RULES, limit=LIMIT)
    assert first.output + second.output == wanted
    assert first.rows + second.rows == len(table)


@settings(max_examples=400)
@given(table=st.lists(wide, max_size=3))
def test_the_compiled_walk_gives_the_bytes_of_its_twin_for_every_kind_of_mask(table: list[Cells]) -> None:
    stream = b"".join(map(row, table)) + b"Z\0\0\0\5I"
    compiled = importlib.import_module("backends.postgres.rows").walk(stream, 0, EVERY, limit=100_000)
    assert compiled == rows_py.walk(stream, 0, EVERY, limit=100_000)


@settings(max_examples=500)
@given(value=likely)
def test_one_value_is_hidden_alike_by_both_twins_and_by_its_mask(value: bytes) -> None:
    for rule, (label, name) in zip(MASKED, LABELS, strict=True):
        wanted = wire_mask(cell_mask(label, name), type_name=name, binary=False)(value)
        walked = importlib.import_module("backends.postgres.rows").walk(row([value]), 0, [rule], limit=100_000)
        assert walked.output == row([wanted]), (label, name)
        assert hide(rule, value) == wanted, (label, name)


@settings(max_examples=300)
@given(garbled=st.binary(max_size=80), at=st.integers(0, 60), table=st.lists(cells, max_size=3))
def test_garbled_rows_end_alike_in_both_twins(garbled: bytes, at: int, table: list[Cells]) -> None:
    whole = b"".join(map(row, table))
    stream = whole[:at] + garbled + whole[at + len(garbled) :]
    ends = []
    for name in ("rows_py", "rows"):
        try:
            ends.append(importlib.import_module(f"backends.postgres.{name}").walk(stream, 0, RULES, limit=LIMIT))
        except WireError as error:
            ends.append(str(error))
    assert ends[0] == ends[1]


@pytest.mark.parametrize("rules", [None, EVERY])
def test_every_split_of_a_stream_is_walked_alike(walk: Any, rules: Sequence[Rule | None] | None) -> None:
    stream = row([b"anna@example.org", None, b"", b"x", b"4242 4242 4242 4242", b"+49 170 123"] + [b"y"] * 7) * 3
    whole = rows_py.walk(stream, 0, rules, limit=LIMIT)
    for cut in range(len(stream) + 1):
        first = walk(stream[:cut], 0, rules, limit=LIMIT)
        assert first == rows_py.walk(stream[:cut], 0, rules, limit=LIMIT)
        assert first.output + walk(stream, first.end, rules, limit=LIMIT).output == whole.output


def test_it_stops_before_another_message(walk: Any) -> None:
    stream = row([b"a", b"b", b"c"]) + b"C\0\0\0\4"
    walked = walk(stream, 0, RULES, limit=LIMIT)
    assert (walked.end, walked.rows, walked.masked) == (len(stream) - 5, 1, 2)


def test_without_rules_a_whole_buffer_passes_as_the_same_object(walk: Any) -> None:
    stream = row([b"a"]) * 3
    walked = walk(stream, 0, None, limit=LIMIT)
    assert walked.output is stream
    assert walked.rows == 3


def test_what_a_mask_dies_of_is_not_swallowed(walk: Any) -> None:
    def dies(_value: bytes) -> bytes:
        raise KeyError("bug")

    with pytest.raises(KeyError):
        walk(row([b"secret"]), 0, [Rule(Kind.CALL, call=dies)], limit=LIMIT)


@pytest.mark.parametrize(
    "broken",
    [
        row([b"secret", b"x"]),
        row([b"secret"] * 4),
        b"D" + struct.pack("!iH", 6, 3),
        b"D" + struct.pack("!iHi", 10, 3, 2**31 - 1),
        b"D" + struct.pack("!iHi", 10, 3, -2),
        b"D" + struct.pack("!i", 5) + b"x",
        b"D" + struct.pack("!i", LIMIT + 1) + b"x",
        b"D" + struct.pack("!i", -1) + b"x",
        row([b"a", b"b", b"c"])[:1] + struct.pack("!i", 30) + row([b"a", b"b", b"c"])[5:] + b"secret" * 3,
    ],
)
def test_a_row_of_another_shape_is_an_error_and_never_output(walk: Any, broken: bytes) -> None:
    with pytest.raises(WireError):
        walk(broken + row([b"a", b"b", b"c"]), 0, RULES, limit=LIMIT)


@pytest.mark.parametrize(
    ("rule", "value", "shown"),
    [
        (Rule(Kind.KEEP_LAST, b"*", 4), b"4242424242424242", b"************4242"),
        (Rule(Kind.KEEP_LAST, b"*", 4), b"4242", b"****"),
        (Rule(Kind.KEEP_FIRST, b"*", 1), b"anna", b"a***"),
        (Rule(Kind.KEEP_FIRST, b"*", 9), b"anna", b"****"),
        (Rule(Kind.NULL), b"x", None),
        (Rule(Kind.CONSTANT, b"[X]"), b"x", b"[X]"),
        (Rule(Kind.CALL), b"x", None),
        (Rule(Kind.DIGITS, b"*", 4), b"4242424242424242", None),
    ],
)
def test_each_kind_hides_as_it_says(rule: Rule, value: bytes, shown: bytes | None) -> None:
    assert hide(rule, value) == shown


@pytest.mark.parametrize(
    ("label", "type_name", "binary", "kind"),
    [
        (Label.EMAIL, "text", True, Kind.ADDRESS),
        (Label.CREDIT_CARD, "varchar(40)", False, Kind.DIGITS),
        (Label.CREDIT_CARD, "varchar(19)", False, Kind.CALL),
        (Label.CREDIT_CARD, "char(40)", False, Kind.CALL),
        (Label.PERSON, "text", False, Kind.CONSTANT),
        (Label.PERSON, "bigint", True, Kind.NULL),
        (Label.EMAIL, "jsonb", False, Kind.CALL),
        (Label.EMAIL, "text[]", False, Kind.CALL),
        (Label.EMAIL, "text[]", True, Kind.CALL),
        (Label.DOB, "date", False, Kind.CALL),
    ],
)
def test_masks_become_data_only_where_that_says_the_same(
    label: Label, type_name: str, binary: bool, kind: Kind
) -> None:
    assert rule_of(cell_mask(label, type_name), type_name, binary=binary).kind is kind

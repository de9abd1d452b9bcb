"""Masks on the bytes of the PostgreSQL wire."""

from __future__ import annotations

import struct
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from catalog.binary import CODECS
from catalog.columntypes import Family
from catalog.masking import CellMask, cell_mask
from catalog.model import Label
from catalog.wiremask import wire_mask

TYPES = ("text", "int4", "numeric", "float8", "date", "timestamptz", "uuid", "jsonb", "inet", "macaddr", "point",
         "text[]", "date[]", "bytea", "box")  # fmt: skip


def test_text_is_masked_as_text_in_both_formats() -> None:
    mask = cell_mask(Label.EMAIL, "text")
    for binary in (False, True):
        assert wire_mask(mask, type_name="text", binary=binary)(b"anna@example.org") == b"a***@e***.org"


def test_bytes_that_are_no_utf8_are_hidden_whole() -> None:
    hide = wire_mask(cell_mask(Label.EMAIL, "text"), type_name="text", binary=False)
    assert hide(b"anna\xff@example.org") == b"[EMAIL]"


def test_a_masker_that_dies_gives_the_redaction() -> None:
    def dies(_value: str) -> str:
        raise RuntimeError

    mask = CellMask(Label.EMAIL, "partial", apply=dies, redacted="[EMAIL]")
    assert wire_mask(mask, type_name="text", binary=True)(b"anna@example.org") == b"[EMAIL]"


def test_a_binary_value_of_a_type_without_a_mask_of_its_own_becomes_null() -> None:
    assert wire_mask(cell_mask(Label.GEO, "box"), type_name="box", binary=True)(b"\x00" * 32) is None


@given(st.sampled_from(list(Label)), st.sampled_from(TYPES), st.binary(max_size=60))
def test_bytes_that_are_no_value_of_the_type_are_hidden_as_well(label: Label, type_name: str, value: bytes) -> None:
    hidden = wire_mask(cell_mask(label, type_name), type_name=type_name, binary=True)(value)
    stable = label in (Label.IP, Label.GEO, Label.DOB)  # what is general already, such as 0.0, stays
    assert hidden is None or stable or hidden != value or not value


@given(st.decimals(allow_nan=False, allow_infinity=False, places=9))
def test_a_numeric_is_read_back_as_it_was_written(number: Decimal) -> None:
    codec = CODECS[Family.NUMERIC]
    assert Decimal(codec.read(codec.write(f"{number:f}", b""))) == number
    assert codec.write(codec.read(codec.write(f"{number:f}", b"")), b"") == codec.write(f"{number:f}", b"")


def test_an_array_that_claims_more_than_it_holds_becomes_null() -> None:
    raw = struct.pack(">iiIii", 1, 0, 25, 2**30, 1) + struct.pack(">i", 3) + b"abc"
    assert wire_mask(cell_mask(Label.EMAIL, "text[]"), type_name="text[]", binary=True)(raw) is None

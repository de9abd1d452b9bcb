"""Masks on the bytes of the PostgreSQL wire."""

from __future__ import annotations

from catalog.masking import CellMask, cell_mask
from catalog.model import Label
from catalog.wiremask import wire_mask


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

"""Every mask by example, and what must hold of all of them."""

from __future__ import annotations

import datetime
import ipaddress
import json
import re
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.columntypes import Family
from catalog.maskers import MASKERS
from catalog.maskers.tag import redaction, tag
from catalog.masking import cell_mask
from catalog.model import Label
from tests.catalog.pairs import load
from tests.catalog.values import VALUES

TYPES = ("text", "varchar(8)", "char(3)", "integer", "numeric", "float8", "boolean", "date", "timestamp", "timestamptz",
         "uuid", "jsonb", "inet", "bytea", "point", "xml", "text[]", "int4[]", "some_enum")  # fmt: skip
ANY_LABEL = st.sampled_from(list(Label))


@pytest.mark.parametrize("pair", load("masks"), ids=lambda pair: f"{pair['label']}-{pair['type']}-{pair['value'][:24]}")
def test_examples(pair: dict[str, Any]) -> None:
    assert cell_mask(Label(pair["label"]), pair["type"]).apply(pair["value"]) == pair["masked"]


@given(st.data(), ANY_LABEL)
def test_a_labelled_value_never_comes_back(data: st.DataObject, label: Label) -> None:
    value = data.draw(VALUES.get(label, st.text(min_size=4).filter(lambda text: text != tag(label))))
    assert cell_mask(label, "text").apply(value) != value


@given(st.text(), ANY_LABEL, st.sampled_from(TYPES))
def test_no_masker_raises_and_none_exceeds_the_width(value: str, label: Label, type_name: str) -> None:
    masked = cell_mask(label, type_name).apply(value)
    if masked is not None and (width := re.search(r"\((\d+)\)", type_name)):
        assert len(masked) <= int(width[1])


@given(st.data(), st.sampled_from([label for label, masker in MASKERS.items() if masker.stable]))
def test_masking_twice_is_masking_once_where_claimed(data: st.DataObject, label: Label) -> None:
    mask = cell_mask(label, "text")
    once = mask.apply(data.draw(st.one_of(VALUES[label], st.text())))
    assert once is not None
    assert mask.apply(once) in (once, mask.redacted)
    if once != mask.redacted:
        assert mask.apply(once) == once


@given(st.sampled_from(list(Label)))
def test_tags_are_stable_and_tell_nothing_but_the_label(label: Label) -> None:
    assert redaction(label, cell_type := _text()) == tag(label)
    assert cell_mask(label, "text").redacted == redaction(label, cell_type)


def _text() -> Any:
    from catalog.columntypes import parse_type

    return parse_type("text")


@given(st.emails())
def test_an_email_shows_two_letters_and_its_suffix(value: str) -> None:
    masked = cell_mask(Label.EMAIL, "text").apply(value) or ""
    assert masked == "[EMAIL]" or re.fullmatch(r"[^@]?\*\*\*@[^@]?\*\*\*\.[^.@]+", masked)


@given(VALUES[Label.PHONE])
def test_a_phone_number_shows_two_digits(value: str) -> None:
    masked = cell_mask(Label.PHONE, "text").apply(value) or ""
    assert "".join(filter(str.isdecimal, masked)) == value[-2:]


@given(VALUES[Label.CREDIT_CARD])
def test_a_card_number_shows_four_digits(value: str) -> None:
    masked = cell_mask(Label.CREDIT_CARD, "text").apply(value) or ""
    assert "".join(filter(str.isdecimal, masked)) == value[-4:]


@given(st.dates(datetime.date(1, 1, 1)).map(str))
def test_a_masked_date_is_a_date_of_the_same_year(value: str) -> None:
    masked = datetime.date.fromisoformat(cell_mask(Label.DOB, "date").apply(value) or "")
    assert (masked.year, masked.month, masked.day) == (int(value[:4]), 1, 1)


@given(st.ip_addresses().map(str))
def test_a_masked_address_is_an_address(value: str) -> None:
    masked = cell_mask(Label.IP, "inet").apply(value)
    assert masked is None if "%" in value else ipaddress.ip_address(masked or "")


@given(st.decimals(-180, 180, allow_nan=False, places=8).map(lambda number: f"{number:f}"))
def test_a_masked_coordinate_is_a_number_within_a_tenth(value: str) -> None:
    masked = cell_mask(Label.GEO, "numeric").apply(value)
    assert abs(Decimal(masked or "999") - Decimal(value)) <= Decimal("0.05")


@pytest.mark.parametrize("label", list(Label))
def test_json_stays_json_and_arrays_stay_arrays(label: Label) -> None:
    for value in ("{}", '["x", 1]', '"x"', "not json"):
        json.loads(cell_mask(label, "jsonb").apply(value) or "")
    assert "x" not in (cell_mask(label, "jsonb").apply('{"a": ["x"]}') or "")
    array = cell_mask(label, "text[]").apply("{a,b}")
    assert array in ('{"' + tag(label) + '"}', "{" + f"{tag(label)},{tag(label)}" + "}")


@pytest.mark.parametrize("label", [Label.PASSWORD, Label.SECRET, Label.CVV])
def test_credentials_are_never_shown_in_part(label: Label) -> None:
    assert label not in MASKERS
    assert {cell_mask(label, family.value).kind for family in Family} == {"redact", "null"}

"""Masks are known again, and what people write is not taken for one."""

from __future__ import annotations

import pytest
from faker import Faker
from hypothesis import given
from hypothesis import strategies as st

from catalog.cellmask import Manner, cell_mask
from catalog.maskers.tag import tag
from catalog.maskkey import Keyed, MaskKey
from catalog.maskkinds import FITTING, Kind
from catalog.model import Label
from catalog.recognise import recognised
from tests.catalog.values import VALUES

KEYED = Keyed(MaskKey("k", bytes(range(32))))
KNOWN_AGAIN: list[tuple[Label, Kind]] = [
    *[(label, "redact") for label in Label],
    *[(label, "partial") for label in Label if "partial" in FITTING[label]],
    (Label.POSTCODE, "generalise"),
    (Label.EMAIL, "pseudonym"),
    (Label.PHONE, "pseudonym"),
    (Label.PERSON, "pseudonym"),
    (Label.ADDRESS, "pseudonym"),
    (Label.SSN, "pseudonym"),
    (Label.DIAGNOSIS, "pseudonym"),
    (Label.PERSON, "synthetic"),
    (Label.EMAIL, "synthetic"),
    (Label.SSN, "synthetic"),
]


@pytest.mark.parametrize(("label", "kind"), KNOWN_AGAIN)
@given(data=st.data())
def test_a_mask_is_known_again_alone_and_within_text(data: st.DataObject, label: Label, kind: Kind) -> None:
    value = data.draw(VALUES.get(label, st.just("a value")))
    masked = cell_mask(label, "text", Manner(kinds={label: kind}, keyed=KEYED)).apply(value)
    assert masked is not None
    assert recognised(masked, KEYED) is not None
    assert recognised(f'call ("{masked}") back', KEYED) is not None


@pytest.mark.parametrize("label", list(Label))
def test_tags_are_known_without_a_key(label: Label) -> None:
    assert recognised(tag(label)) == "redact"


def test_names_of_another_scope_are_known_and_those_of_another_key_are_not() -> None:
    name = cell_mask(Label.PERSON, "text", Manner({Label.PERSON: "pseudonym"}, keyed=KEYED)).apply("Jane Doe") or ""
    assert recognised(name, Keyed(MaskKey("k", bytes(range(32))), "session 1")) == "pseudonym"
    assert recognised(name, Keyed(MaskKey("other", bytes(32)))) is None


@pytest.mark.parametrize(
    "text",
    ["jane@example.com", "+49 170 1234567", "4242 4242 4242 4242", "DE89 3704 0044 0532 0130 00", "[email]", "10115",
     "a ** b", "****", "SELECT count(*)", "Jane Doe", "219-09-9999", "987-65-4320", "666", "[2:3]", "NULL", "",
     "x@y.example.com", "Banana Republic", "this is*** bold"],
)  # fmt: skip
def test_what_people_write_is_no_mask(text: str) -> None:
    assert recognised(text, KEYED) is None


@pytest.mark.parametrize("locale", ["en_US", "de_DE", "it_IT", "ja_JP", "fi_FI"])
def test_no_name_address_mail_or_text_of_people_is_taken_for_a_mask(locale: str) -> None:
    fake = Faker(locale)
    fake.seed_instance(7)
    for _ in range(400):
        for text in (fake.name(), fake.address(), fake.email(), fake.phone_number(), fake.text(), fake.iban()):
            assert recognised(text, KEYED) is None, text


@given(st.text(max_size=200))
def test_any_text_can_be_looked_at(text: str) -> None:
    recognised(text, KEYED)

"""Pseudonyms, FF1 and synthetic values: what must hold of all of them, in every type."""

from __future__ import annotations

import ipaddress
import re
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import iban, luhn

from catalog.cellmask import CellMask, Manner, cell_mask
from catalog.columntypes import parse_type
from catalog.maskers.shapes import bare
from catalog.maskers.tag import redaction
from catalog.maskkey import Keyed, MaskKey
from catalog.maskkinds import FITTING, KINDS, Kind, strictest
from catalog.model import Label
from tests.catalog.values import VALUES

KEY = MaskKey("k1", bytes(range(32)))
KEYED: tuple[Kind, ...] = ("pseudonym", "fpe", "synthetic")
PAIRS = [(label, kind) for label, kinds in FITTING.items() for kind in kinds if kind in KEYED]
TYPES = ("text", "varchar(8)", "varchar(40)", "char(30)", "integer", "int8", "numeric(12)", "uuid", "inet", "date",
         "timestamptz", "jsonb", "text[]", "int8[]", "bytea", "boolean")  # fmt: skip


def masked(label: Label, kind: Kind, type_name: str = "text", *, keyed: Keyed | None = None) -> CellMask:
    return cell_mask(label, type_name, Manner(kinds={label: kind}, keyed=keyed or Keyed(KEY)))


@pytest.mark.parametrize(("label", "kind"), PAIRS)
@given(data=st.data())
def test_a_value_never_comes_back_and_always_becomes_the_same(data: st.DataObject, label: Label, kind: Kind) -> None:
    value = data.draw(st.one_of(VALUES[label], st.text(max_size=60)))
    made = masked(label, kind).apply(value)
    assert made is not None
    assert made != value
    assert made == masked(label, kind).apply(value)


@given(value=st.text(max_size=80), pair=st.sampled_from(PAIRS), type_name=st.sampled_from(TYPES))
def test_whatever_the_value_and_the_type_nothing_is_raised_and_the_width_is_kept(
    value: str, pair: tuple[Label, Kind], type_name: str
) -> None:
    mask = masked(*pair, type_name)
    made = mask.apply(value)
    width = parse_type(type_name).width
    assert made is None or not width or len(made) <= width
    assert mask.redacted in (redaction(pair[0], parse_type(type_name)), None)


@pytest.mark.parametrize("label", [label for label, kind in PAIRS if kind == "pseudonym"])
@given(data=st.data())
def test_under_a_pseudonym_different_values_stay_different(data: st.DataObject, label: Label) -> None:
    """A join neither loses a pair nor makes one up (but for birthdays, which have few days to go to)."""
    values = data.draw(st.lists(VALUES[label], min_size=2, max_size=20, unique_by=bare))
    mask = masked(label, "pseudonym")
    if label not in (Label.DOB, Label.POSTCODE):
        assert len({mask.apply(value) for value in values}) == len(values)


@pytest.mark.parametrize(
    ("label", "left", "right"),
    [
        (Label.EMAIL, "Jane.Doe@Example.COM", " jane.doe@example.com"),
        (Label.PERSON, "JANE  DOE", "Jane Doe"),
        (Label.PHONE, "(415) 555 0123", "415-555-0123"),
        (Label.DIAGNOSIS, "Asthma", "asthma "),
    ],
)
def test_spellings_of_the_same_value_get_the_same_pseudonym(label: Label, left: str, right: str) -> None:
    assert masked(label, "pseudonym").apply(left) == masked(label, "pseudonym").apply(right)


def test_a_pseudonym_holds_within_its_scope_and_key_only() -> None:
    made = {
        masked(Label.EMAIL, "pseudonym", keyed=keyed).apply("jane@example.com")
        for keyed in (Keyed(KEY), Keyed(KEY, "shop"), Keyed(MaskKey("k2", bytes(32))))
    }
    assert len(made) == 3


def test_the_same_identifier_has_another_pseudonym_under_another_label() -> None:
    left, right = (masked(label, "pseudonym").apply("123456789") for label in (Label.MRN, Label.BANK_ACCOUNT))
    assert left != right


@pytest.mark.parametrize(("label", "kind"), PAIRS)
def test_without_a_key_the_value_is_redacted(label: Label, kind: Kind) -> None:
    assert cell_mask(label, "text", Manner(kinds={label: kind})).kind == "redact"


@pytest.mark.parametrize("kind", KEYED)
@pytest.mark.parametrize(
    "label", [Label.PASSWORD, Label.SECRET, Label.CVV, Label.COMPUTED, Label.UNSCANNED, Label.TEXT]
)
def test_what_no_kind_fits_is_redacted_whatever_is_asked(label: Label, kind: Kind) -> None:
    assert masked(label, kind).kind == "redact"


def test_credentials_and_what_is_not_known_fit_no_disguise() -> None:
    hidden = {Label.PASSWORD, Label.SECRET, Label.CVV, Label.COMPUTED, Label.UNSCANNED, Label.TEXT}
    assert {label for label in Label if FITTING[label] == ("null", "redact")} == hidden


@given(VALUES[Label.CREDIT_CARD].filter(luhn.is_valid))
def test_an_encrypted_card_number_keeps_issuer_length_and_check_digit(value: str) -> None:
    made = masked(Label.CREDIT_CARD, "fpe").apply(value) or ""
    if made != "[CREDIT_CARD]":
        assert luhn.is_valid(made)
        assert (made[:6], len(made)) == (value[:6], len(value))


@given(VALUES[Label.CREDIT_CARD])
def test_the_pseudonym_of_a_card_passes_the_check_and_is_of_no_issuer(value: str) -> None:
    made = masked(Label.CREDIT_CARD, "pseudonym").apply(value) or ""
    assert luhn.is_valid(made)
    assert made.startswith("999")
    assert len(made) == len(value)


@pytest.mark.parametrize("kind", KEYED)
@given(number=st.integers(10**17, 10**18 - 1))
def test_made_up_ibans_have_right_check_digits(kind: Kind, number: int) -> None:
    made = masked(Label.IBAN, kind).apply(f"DE00{number}") or ""
    assert made[2:4] == iban.calc_check_digits(made)
    assert len(made) == 22


@pytest.mark.parametrize(("value", "shape"), [("AB-123456-c", r"[A-Z]{2}-\d{6}-[a-z]"), ("0012345678", r"\d{10}")])
def test_the_pseudonym_of_an_identifier_has_its_shape(value: str, shape: str) -> None:
    assert re.fullmatch(shape, masked(Label.MRN, "pseudonym").apply(value) or "")


@pytest.mark.parametrize("value", ["12345", "A1", "X-99", "1a2"])
def test_identifiers_with_few_possible_values_are_not_encrypted(value: str) -> None:
    assert masked(Label.MRN, "fpe").apply(value) == "[MRN]"
    assert (masked(Label.MRN, "pseudonym").apply(value) or "").startswith("[MRN:")


@given(st.integers(10**5, 2**31 - 1))
def test_whole_numbers_stay_within_their_type(value: int) -> None:
    for kind in ("pseudonym", "fpe"):
        made = masked(Label.MRN, kind, "integer").apply(str(value))
        assert made is None or 0 < int(made) < 2**31
    assert int(masked(Label.MRN, "pseudonym", "int8").apply(str(value)) or "") < 2**53


@pytest.mark.parametrize("kind", KEYED)
def test_small_integers_become_null(kind: Kind) -> None:
    assert masked(Label.SSN, kind, "int2").apply("12345") is None


@given(st.uuids())
def test_the_pseudonym_of_a_uuid_is_a_uuid_of_version_8(value: uuid.UUID) -> None:
    made = uuid.UUID(masked(Label.MRN, "pseudonym", "uuid").apply(str(value)) or "")
    assert made.version == 8
    assert made != value


@given(st.ip_addresses())
def test_made_up_addresses_are_reserved_ones_of_the_same_version(value: ipaddress.IPv4Address) -> None:
    for kind in ("pseudonym", "synthetic"):
        if "%" not in str(value):
            made = ipaddress.ip_address(masked(Label.IP, kind, "inet").apply(str(value)) or "")
            assert made.version == value.version
            assert made.is_private or made.is_reserved


@given(st.dates())
def test_a_birthday_moves_by_half_a_year_at_most_but_never_not_at_all(value: object) -> None:
    made = masked(Label.DOB, "pseudonym", "date").apply(str(value))
    assert made is None or (made != str(value) and abs(int(made[:4]) - int(str(value)[:4])) <= 1)


@given(st.text(max_size=40))
def test_a_pseudonym_of_a_pseudonym_is_another_one(value: str) -> None:
    mask = masked(Label.PERSON, "pseudonym")
    assert mask.apply(mask.apply(value) or "") != mask.apply(value)


def test_a_long_value_is_redacted_and_not_remembered() -> None:
    assert masked(Label.PERSON, "pseudonym").apply("x" * (1 << 20) + "y") == "[PERSON]"
    assert masked(Label.EMAIL, "partial").apply("x" * (1 << 20) + "@example.com") == "[EMAIL]"


def test_the_key_is_not_shown() -> None:
    assert str(KEY.secret) not in repr(KEY)
    assert KEY.id in repr(KEY)
    with pytest.raises(ValueError, match="32 bytes"):
        MaskKey("short", b"x")


def test_the_strictest_kind_wins() -> None:
    assert strictest(KINDS) == "null"
    assert strictest(("synthetic", "pseudonym", "partial")) == "partial"
    assert strictest(("fpe", "pseudonym")) == "pseudonym"

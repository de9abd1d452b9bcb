"""JSON payloads: keys are context, numbers stay as they are, what is hidden stays of its kind and its schema."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.jsontext import Unreadable, pointer, read, write
from catalog.model import Label
from catalog.structured import find_json, mask_json

CUSTOMER = {
    "customer": {
        "full_name": "Maria Keller",
        "email": "maria@example.com",
        "phones": ["+49 170 1234567", "0151 23456789"],
        "address": {"street": "Hauptstr. 5", "zip": "10115"},
    },
    "order": {"order_no": "4155552671", "sha": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b", "total": 12.5, "paid": True},
    "card": {"number": "4111111111111111", "cvv": "123", "brand": "visa"},
}


def found(value: Any) -> dict[str, set[Label]]:
    answer: dict[str, set[Label]] = {}
    for each in find_json(json.dumps(value)):
        answer.setdefault(each.pointer, set()).add(each.label)
    return answer


def test_leaves_are_judged_by_their_keys_and_parents() -> None:
    pointers = found(CUSTOMER)
    sensitive = {
        "/customer/full_name", "/customer/email", "/customer/phones/0", "/customer/phones/1",
        "/customer/address/street", "/customer/address/zip", "/card/number", "/card/cvv",
    }  # fmt: skip
    assert pointers.keys() == sensitive
    assert pointers["/card/number"] == {Label.CREDIT_CARD}
    assert pointers["/customer/email"] == {Label.EMAIL}


@pytest.mark.parametrize(
    ("value", "where"),
    [
        ({"columns": ["id", "ssn"], "rows": [[1, "078-05-1120"], [2, "219-09-9999"]]}, {"/rows/0/1", "/rows/1/1"}),
        ({"columns": [{"name": "id"}, {"name": "email"}], "rows": [[1, "a@b.example"]]}, {"/rows/0/1"}),
        ([{"name": "email", "value": "a@b.example"}, {"name": "status", "value": "open"}], {"/0/value"}),
        (
            {"users": {"u1": {"email": "a@b.example"}, "u2": {"email": "c@d.example"}}},
            {"/users/u1/email", "/users/u2/email"},
        ),
        ({"payload": json.dumps({"user": {"email": "a@b.example"}})}, {"/payload"}),
        ({"log": "login of joe@example.com failed"}, {"/log"}),
        ({"config": {"url": "postgres://app:s3cret@db/shop"}}, {"/config/url"}),
        ("write to joe@example.com", {""}),
        ({"a/b~c": {"email": "a@b.example"}}, {"/a~1b~0c/email"}),
    ],
)
def test_tables_pairs_maps_and_embedded_documents_are_understood(value: Any, where: set[str]) -> None:
    assert found(value).keys() == where


def test_what_is_clean_comes_back_character_by_character() -> None:
    text = '{ "build":4155552671,  "n": 12345678901234567890123, "f":1.10, "e": 1E5, "v":"1.2.3", "ok":true, "x":null }'
    masked = mask_json(text)
    assert (masked.text, masked.findings) == (text, ())


def test_numbers_and_keys_that_come_twice_survive_a_mask() -> None:
    masked = mask_json('{"email":"a@b.example","email":"c@d.example","n":12345678901234567890123,"f":1.10}').text
    assert '"n":12345678901234567890123,"f":1.10' in masked
    assert masked.count('"email"') == 2
    assert "a@b" not in masked
    assert "c@d" not in masked


def test_masked_values_keep_their_kind() -> None:
    rows = [{"ssn": 219099999 + number, "email": f"m{number}@example.com", "qty": number} for number in range(30)]
    masked = json.loads(mask_json(json.dumps(rows)).text)
    for before, after in zip(rows, masked, strict=True):
        assert isinstance(after["ssn"], int)
        assert after["ssn"] != before["ssn"]
        assert isinstance(after["email"], str)
        assert after["qty"] == before["qty"]


def test_a_revealed_label_is_shown() -> None:
    text = json.dumps(CUSTOMER)
    assert "maria@example.com" in mask_json(text, revealed=frozenset({Label.EMAIL})).text
    assert mask_json(text, revealed=frozenset(Label)).text == text


SCHEMA = {
    "type": "object",
    "properties": {
        "email": {"type": "string", "format": "email"},
        "ssn": {"type": "string", "pattern": "^[0-9]{3}-[0-9]{2}-[0-9]{4}$"},
        "date_of_birth": {"type": "string", "format": "date"},
        "full_name": {"type": "string", "maxLength": 5},
        "diagnosis": {"enum": ["asthma", "diabetes"]},
    },
}


def test_a_masked_payload_satisfies_the_schema_that_the_original_did() -> None:
    from jsonschema import Draft202012Validator, FormatChecker

    value = {
        "email": "m@example.com",
        "ssn": "219-09-9999",
        "date_of_birth": "1980-02-03",
        "full_name": "Maria",
        "diagnosis": "diabetes",
    }
    masked = mask_json(json.dumps(value), schema=SCHEMA)
    assert masked.fits
    Draft202012Validator(SCHEMA, format_checker=FormatChecker()).validate(json.loads(masked.text))
    assert not [each for each in ("m@example.com", "219-09", "02-03", "Maria", "diabetes") if each in masked.text]


def test_a_schema_that_only_the_value_satisfies_is_told() -> None:
    schema = {"properties": {"email": {"const": 5, "type": "string"}}}
    masked = mask_json('{"email":"m@example.com"}', schema=schema)
    assert not masked.fits
    assert "m@example" not in masked.text


@pytest.mark.parametrize("text", ["", "{", "nan", '{"a":NaN}', "[" * 5000, "[" * 100 + "]" * 100, '{"a":1}}'])
def test_what_is_no_json_is_refused_without_a_word_of_it(text: str) -> None:
    with pytest.raises(Unreadable):
        mask_json(text)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(JSON)
def test_any_json_is_read_and_written_back_and_masking_never_raises(value: Any) -> None:
    text = json.dumps(value)
    assert json.loads(write(read(text))) == value
    json.loads(mask_json(text).text)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.text(min_size=1, max_size=6), max_size=4), st.sampled_from(["joe@example.com", "4111 1111 1111 1111"])
)
def test_a_planted_value_is_found_at_its_pointer_at_any_depth(path: list[str], planted: str) -> None:
    value: Any = planted
    for step in reversed(path):
        value = {step: value}
    assert pointer(path) in found(value)
    assert planted not in mask_json(json.dumps(value)).text

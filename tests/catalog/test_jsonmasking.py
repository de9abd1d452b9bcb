"""Plain JSON documents are masked by column as they are leaf by leaf; what is unusual is not taken for plain."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.cellmask import PLAIN
from catalog.classify import ColumnView
from catalog.jsoncolumns import Unusual, columns, read
from catalog.jsonmasking import mask_plain
from catalog.jsontext import read as read_exactly
from catalog.jsonverdicts import AGAIN, Verdicts
from catalog.model import Label
from catalog.structured import find_in_tree, mask_json

ORDERS = {
    "orders": [
        {
            "id": number,
            "customer": {"full_name": "Maria Keller", "email": f"m{number}@example.com", "phones": ["+49 170 1234567"]},
            "note": "please call Maria Keller at 0151 23456789 before noon",
            "payload": json.dumps({"user": {"email": f"x{number}@example.com"}}),
            "attributes": [{"name": "email", "value": f"y{number}@example.com"}, {"name": "colour", "value": "red"}],
            "status": "open" if number % 2 else None,
            "ref": "ask joe@example.com" if number == 7 else "none at all",
        }
        for number in range(20)
    ]
}


def plain(value: Any, **settings: Any) -> Any:
    return mask_plain(json.dumps(value), revealed=frozenset(), manner=PLAIN, verdicts=Verdicts(), **settings)


@pytest.mark.parametrize("separators", [(",", ":"), (", ", ": ")])
@pytest.mark.parametrize("ensure_ascii", [True, False])
def test_columns_find_what_leaves_find(separators: tuple[str, str], ensure_ascii: bool) -> None:
    value = {**ORDERS, "owner": {"full_name": "Jürgen Müller"}}
    text = json.dumps(value, separators=separators, ensure_ascii=ensure_ascii)
    fast = mask_plain(text, revealed=frozenset(), manner=PLAIN, verdicts=Verdicts())
    assert {each.pointer for each in fast.findings} == {each.pointer for each in find_in_tree(read_exactly(text))}
    assert "Keller" not in fast.text
    assert "Müller" not in fast.text
    assert "@example.com" not in fast.text.replace("***", "")


@pytest.mark.parametrize(
    "text",
    [
        '{"a":1,"a":2}',
        '{"a":1.10}',
        '{"a":12345678901234567890123}',
        '{"a":1E5}',
        '"text"',
        '{"columns":["ssn"],"rows":[["219-09-9999"]]}',
        '{"u1":{"email":"a@b.example"},"u2":{"email":"c@d.example"},"u3":{"email":"e@f.example"}}',
        '[["a",1]]',
        '[1,{"a":2}]',
        "[" * 200 + "]" * 200,
        "not JSON",
    ],
)
def test_what_a_dictionary_cannot_hold_or_needs_understanding_is_no_plain_document(text: str) -> None:
    with pytest.raises(Unusual):
        columns(read(text))


def test_an_unusual_document_is_masked_all_the_same() -> None:
    assert "219-09-9999" not in mask_json('{"columns":["id","ssn"],"rows":[[1,"219-09-9999"],[2,"219-09-9998"]]}').text


def test_numbers_stay_numbers_and_the_rest_stays_itself() -> None:
    rows = [{"ssn": 219099999 + number, "qty": number, "ok": True, "none": None, "f": 1.5} for number in range(30)]
    for before, after in zip(rows, json.loads(plain(rows).text), strict=True):
        assert isinstance(after["ssn"], int)
        assert after.pop("ssn") != before.pop("ssn")
        assert after == before


def view(value: str, count: int) -> list[ColumnView]:
    return [ColumnView("reference", "text", [value] * count)]


def test_a_verdict_is_widened_by_later_documents_and_never_narrowed() -> None:
    verdicts, clean, mail = Verdicts(), view("AB-1", 10), view("joe@example.com", 10)
    assert verdicts.labels((), clean) == (None,)
    answers = [verdicts.labels((), mail)[0] for _ in range(AGAIN + 1)]
    assert answers[-1] is Label.EMAIL
    assert {verdicts.labels((), clean)[0] for _ in range(2 * AGAIN)} == {Label.EMAIL}


def test_builds_that_are_remembered_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("catalog.jsonverdicts.MOST", 3)
    verdicts = Verdicts()
    for number in range(8):
        verdicts.labels((str(number),), view("x", 1))
    assert len(verdicts._known) == 3


def test_evidence_in_a_column_remembered_as_clean_is_hidden() -> None:
    verdicts = Verdicts()
    for number in range(5):
        mask_json(json.dumps([{"ref": f"AB-{number}{row}"} for row in range(10)]), verdicts=verdicts)
    assert "joe@example.com" not in mask_json(json.dumps([{"ref": "joe@example.com"}]), verdicts=verdicts).text


SCALARS = st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text(max_size=12)
TREES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=20,
)


@settings(max_examples=60, deadline=None)
@given(TREES)
def test_a_masked_document_keeps_its_build(tree: Any) -> None:
    masked = json.loads(mask_json(json.dumps(tree)).text)
    assert build(masked) == build(tree)


def build(tree: Any) -> Any:
    if isinstance(tree, dict):
        return {key: build(value) for key, value in tree.items()}
    return [build(value) for value in tree] if isinstance(tree, list) else type(tree)

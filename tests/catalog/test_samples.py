"""Samples are made comparable without losing what hides in them."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from catalog.samples import MAX_CHARS, MAX_VALUES, array_elements, json_leaves, normalise


def test_blanks_go_and_long_values_are_clipped() -> None:
    assert normalise(["", "  ", " a ", "b" * 10_000]) == ("a", "b" * MAX_CHARS)


def test_full_width_and_invisible_characters_do_not_hide_a_value() -> None:
    assert normalise(["４２４２\u200b４２４２"]) == ("42424242",)
    assert normalise(["jane\u200b@\u2060example.com"]) == ("jane@example.com",)


def test_only_so_many_values_are_kept() -> None:
    assert len(normalise(str(number) for number in range(10_000))) == MAX_VALUES


def test_array_literals_come_apart() -> None:
    assert array_elements(['{a@b.de,"c, d",NULL}', '{{x,y},{z,"q\\"r"}}']) == ["a@b.de", "c, d", "x", "y", "z", 'q"r']


def test_leaves_are_grouped_by_key_and_numbers_keep_their_digits() -> None:
    document = '{"user": {"email": "a@b.de", "phones": ["1", "2"]}, "n": 12345678901234567890.10, "ok": true}'
    assert json_leaves([document]) == {"email": ["a@b.de"], "phones": ["1", "2"], "n": ["12345678901234567890.10"]}


def test_the_first_of_two_equal_keys_is_not_lost() -> None:
    assert json_leaves(['{"email": "a@b.de", "email": "x"}']) == {"email": ["a@b.de", "x"]}


def test_what_is_not_json_or_too_deep_counts_as_text() -> None:
    assert json_leaves(["{broken"]) == {"": ["{broken"]}
    assert list(json_leaves(["[" * 200_000])) == [""]
    deep = '{"a":' * 50 + '"jane@example.com"' + "}" * 50
    assert "jane@example.com" in json_leaves([deep])["a"][0]


@given(st.lists(st.text()))
def test_nothing_raises(values: list[str]) -> None:
    normalise(values)
    array_elements(values)
    json_leaves(values)
    json_leaves([json.dumps(values)])

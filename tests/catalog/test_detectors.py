"""Each detector by example and near miss, and what must hold of all of them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.detectors import DETECTORS, Detector
from catalog.model import Label
from tests.catalog.pairs import load

BY_LABEL = {detector.label: detector for detector in DETECTORS}
PAIRS = load("values")
HOSTILE = (
    *(
        "a",
        "1",
        " ",
        "-",
        ".",
        "@",
        "+",
        "(",
        "0-",
        "1 ",
        "a@",
        "a.",
        ".a",
        "a:",
        "ey~J",
        "sk_",
        "A:",
        "$2b$",
        "é",
        "字",
    ),
    *("aA1", "1.", "1-", "+1 ", "DE89", "a@a.", "://", "a://a:", "-ey~Jaaaaaaaa.", "hi a", "{", '"', "\u200b", "٣"),
    *("Anna ", "http://a:b", "123-45-", "4242 ", "-----BEGIN ", "-sk-", "-xoxb-"),
)


def test_every_kind_has_one_detector_and_the_pseudo_labels_none() -> None:
    assert len(BY_LABEL) == len(DETECTORS)
    assert set(Label) - set(BY_LABEL) == {Label.COMPUTED, Label.UNSCANNED}


def test_every_detector_has_its_pairs() -> None:
    assert {pair["label"] for pair in PAIRS} == set(BY_LABEL)


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: str(pair["label"]))
def test_examples_and_near_misses(pair: dict[str, Any]) -> None:
    detector = BY_LABEL[Label(pair["label"])]
    for text in pair["certain"]:
        assert detector.value(text) == 1.0, text
    for text in pair.get("fits", ()):
        assert 0 < detector.value(text) < 1.0, text
    for text in pair["not"]:
        assert detector.value(text) < 0.25, text


@pytest.mark.parametrize(
    ("label", "text"),
    [
        (Label.EMAIL, "please write to jane@example.com before Friday"),
        (Label.PHONE, "call back at +1 212 555 0142 after six"),
        (Label.PHONE, "her number is 212-555-0142, ring twice"),
        (Label.CREDIT_CARD, "he paid with 4242 4242 4242 4242 last week"),
        (Label.SSN, "the social is 219-09-9999 as of today"),
        (Label.IBAN, "bitte auf DE89 3704 0044 0532 0130 00 überweisen"),
        (Label.IBAN, "refund to GB82 WEST 1234 5698 7654 32 AND CLOSE"),
        (Label.SECRET, "use key sk_li" + "ve_4eC39HqLyjWDarjtT1zdp7dc for this"),
        (Label.PERSON, "Hi Anna, the parcel has not come"),
        (Label.PERSON, "we spoke with Maria Gonzalez about the refund today"),
        (Label.PERSON, "it works again now, thanks, Ngozi"),
    ],
)
def test_sensitive_parts_are_seen_inside_text(label: Label, text: str) -> None:
    within = BY_LABEL[label].within
    assert within is not None
    assert within(text)


@pytest.mark.parametrize(
    ("label", "text"),
    [
        (Label.EMAIL, "meet @ noon, see user@host"),
        (Label.PHONE, "order no. 212-555-0142 was sent"),
        (Label.PHONE, "build 4155550123 failed on 2024-01-05"),
        (Label.CREDIT_CARD, "tracking no 4242424242424242 is on its way"),
        (Label.SSN, "the SKU 219-09-9999 is out of stock"),
        (Label.SSN, "call 219-09-99991 or 1-219-09-9999"),
        (Label.IBAN, "DE89370400440532013001 has a wrong check digit"),
        (Label.SECRET, "the task_list and risk_live events"),
        (Label.PERSON, "the parcel has not come and the box was open"),
    ],
)
def test_near_misses_inside_text_are_not_seen(label: Label, text: str) -> None:
    within = BY_LABEL[label].within
    assert within is not None
    assert not within(text)


@pytest.mark.parametrize("detector", DETECTORS, ids=lambda detector: str(detector.label))
@given(st.text(max_size=300))
def test_any_text_gets_a_score(detector: Detector, text: str) -> None:
    assert -1.0 <= detector.value(text) <= 1.0
    if detector.within:
        assert detector.within(text) in (True, False)


@pytest.mark.parametrize("detector", DETECTORS, ids=lambda detector: str(detector.label))
def test_hostile_text_costs_no_more_than_its_length(detector: Detector) -> None:
    """A hundred thousand characters of each pattern: with a backtracking expression this would run for hours."""
    for seed in HOSTILE:
        text = (seed.replace("~", "") * 100_000)[:100_000]
        detector.value(text + "!")
        if detector.within:
            detector.within(text + "!")


@pytest.mark.parametrize("detector", DETECTORS, ids=lambda detector: str(detector.label))
def test_names_are_glued_lower_case_words_with_a_strength(detector: Detector) -> None:
    assert detector.names
    for term, strength in detector.names.items():
        assert term == term.lower()
        assert " " not in term
        assert 0 < strength < 1

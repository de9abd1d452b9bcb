"""Shortened names say what the long ones say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.abbreviations import LISTED, spelled_out
from catalog.classify import ColumnView, classify_table
from catalog.rules import read


@pytest.mark.parametrize(
    ("short", "full"),
    [
        ("nmbr", "number"),
        ("scrty", "security"),
        ("vrfctn", "verification"),
        ("insrnc", "insurance"),
        ("pssprt", "passport"),
        ("pasport", "passport"),
        ("addr", "address"),
        ("licens", "license"),
        ("subscri", "subscriber"),
        ("acct", "account"),
    ],
)
def test_a_shortened_word_is_spelled_out(short: str, full: str) -> None:
    assert spelled_out((short,), ()) == (full,)


@pytest.mark.parametrize(
    "word", ["contract", "patent", "receipt", "sector", "post", "id", "x", "", "naïve", "pass", "cred"]
)
def test_what_could_be_another_word_stays(word: str) -> None:
    assert spelled_out((word,), {"post", "pass", "cred"})[0] in (word, "credit")


def test_no_abbreviation_stands_for_two_words() -> None:
    shorts = [short for text in LISTED.values() for short in set(text.split())]
    assert sorted(shorts) == sorted(set(shorts))


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("cc_sec_cd", "CVV"),
        ("crdScrtyCd", "CVV"),
        ("CARD_VRFCTN_NMBR", "CVV"),
        ("cc_verif_val", "CVV"),
        ("card_sec_no", "CVV"),
        ("crdt_crd_nbr", "CREDIT_CARD"),
        ("soc_scty_nbr", "SSN"),
        ("usr_pswd_hsh", "PASSWORD"),
        ("api_scrt", "SECRET"),
        ("bnk_acct_nmbr", "BANK_ACCOUNT"),
        ("drvr_lic_nbr", "DRIVER_LICENSE"),
        ("ppt_no", "PASSPORT"),
        ("mobl_nmbr", "PHONE"),
        ("dt_of_brth", "DOB"),
    ],
)
def test_an_abbreviated_name_has_the_term_of_the_long_one(name: str, label: str) -> None:
    assert label in {span.label for span in read(name).spans}


@pytest.mark.parametrize("name", ["cc_sec_cd", "crdScrtyCd", "CARD_VRFCTN_NMBR", "cc_verif_val", "card_sec_no", "cvn"])
def test_a_security_code_does_not_leak_under_an_abbreviated_name(name: str) -> None:
    beside = [ColumnView("cc_nbr", "text", ("4111111111111111", "5500005555555559"))]
    verdict = classify_table("billing", [ColumnView(name, "text", ("123", "904")), *beside])[0]
    assert verdict is not None
    assert verdict.label.value == "CVV"


@given(st.lists(st.text(max_size=30), max_size=6))
def test_every_word_keeps_its_place(words: list[str]) -> None:
    assert len(spelled_out(words, ())) == len(words)

"""Column names in every style come apart into the same words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.names import find_terms, fold, split_words
from catalog.rules import _VOCABULARY


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("customer_email", ("customer", "email")),
        ("customerEmail", ("customer", "email")),
        ("CustomerEMail", ("customer", "e", "mail")),
        ("CUSTOMER-EMAIL", ("customer", "email")),
        ("customeremail", ("customer", "email")),
        ("emails", ("email",)),
        ("companies", ("company",)),
        ("addresses", ("address",)),
        ("IPAddress", ("ip", "address")),
        ("date_of_birth", ("date", "birth")),
        ("dateofbirth", ("dateofbirth",)),
        ("Straße", ("strasse",)),
        ("prénom", ("prenom",)),
        ("handynr", ("handynr",)),
        ("address1", ("address", "1")),
        ("userID", ("user", "id")),
        ("氏名", ("氏名",)),
        ("___", ()),
        ("of", ("of",)),
    ],
)
def test_words_of_a_name(name: str, words: tuple[str, ...]) -> None:
    assert split_words(name, _VOCABULARY) == words


def test_a_word_that_is_not_all_known_stays_whole() -> None:
    assert split_words("emailographer", {"email", "phone"}) == ("emailographer",)


def test_the_longer_term_hides_the_shorter_one_inside_it() -> None:
    terms = {"address": (("ADDRESS", 0.9),), "ipaddress": (("IP", 0.9),)}
    assert [span.label for span in find_terms(("ip", "address"), terms)] == ["IP"]
    assert [span.label for span in find_terms(("home", "address"), terms)] == ["ADDRESS"]


@given(st.text(max_size=300))
def test_any_name_has_words_without_capitals(name: str) -> None:
    assert all(word == word.lower() for word in split_words(name, _VOCABULARY))


def test_long_glued_names_are_cut_not_searched_for_ever() -> None:
    assert split_words("email" * 100_000, _VOCABULARY)


@pytest.mark.parametrize(("accented", "plain"), [("Müller", "Muller"), ("groß", "gross"), ("Łódź", "Łodz")])
def test_accents_fold(accented: str, plain: str) -> None:
    assert fold(accented) == plain

"""Free text: what is hidden, what is kept, what happens when time or the model runs out."""

from __future__ import annotations

import random
import time
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog import prose
from catalog.model import Label
from catalog.prose import tagger
from catalog.prose.tokens import GAP, features, features_of_many, tokens, traits

HIDDEN = [
    (Label.PERSON, "Spoke with ‹Maria Keller› about the renewal."),
    (Label.PERSON, "My name is ‹Oyelaran Adebayo› and I need help."),
    (Label.PERSON, "Dear Dr. ‹Schneider›, the report is attached."),
    (Label.PHONE, "please call ‹415-555-2671› tomorrow"),
    (Label.PHONE, "erreichbar unter Tel. ‹0151 23456789›"),
    (Label.DOB, "patient born ‹02/03/1980› was seen"),
    (Label.MRN, "MRN: ‹00482913› admitted"),
    (Label.PASSPORT, "passport number ‹C01X00T47› expired"),
    (Label.CVV, "the cvv is ‹123› he said"),
    (Label.BANK_ACCOUNT, "account number ‹1234567890› at the bank"),
    (Label.PASSWORD, "the password is ‹Tr0ub4dor&3›"),
    (Label.EMAIL, "write to ‹joe@example.com›."),
    (Label.ADDRESS, "Deliver to ‹742 Evergreen Terrace, Springfield›"),
]
KEPT = [
    "The deployment failed at 10:22 on Monday.",
    "Order 4155552671 was shipped to the warehouse in Berlin.",
    "Build 20240506.3 is ready, version 1.24.3 was rolled back.",
    "Please restart the server and check the report.",
    "ticket 415-555-2671 is closed",
    "Kubernetes and Postgres were updated in March.",
    "Password reset requested",
    "Section 12 of the Agreement is governed by the laws of France.",
]


@pytest.mark.parametrize(("label", "text"), HIDDEN, ids=range(len(HIDDEN)))
def test_what_words_around_it_explain_is_hidden(label: Label, text: str) -> None:
    start, end = text.index("‹"), text.index("›") - 1
    raw = text.replace("‹", "").replace("›", "")
    spans = prose.find(raw, deadline=time.monotonic() + 5)
    hidden = {place for span in spans for place in range(span.start, span.end)}
    assert len(hidden & set(range(start, end))) >= 0.8 * (end - start), spans
    assert label in {span.label for span in spans if span.start < end and start < span.end}
    assert len(hidden - set(range(start, end))) <= 6, spans


@pytest.mark.parametrize("text", KEPT)
def test_ordinary_sentences_are_kept(text: str) -> None:
    assert prose.redact(text) == text


def test_the_offsets_are_those_of_the_raw_text() -> None:
    text = "write\u200b to j\u200boe@example.com or ＋49 170 1234567"
    first = prose.find(text)[0]
    assert text[first.start : first.end] == "j\u200boe@example.com"


def test_a_text_over_budget_is_hidden_whole() -> None:
    with pytest.raises(prose.OverBudget):
        prose.find("word " * 10_000, deadline=time.monotonic() - 1)
    assert prose.redact("joe@example.com", deadline=time.monotonic() - 1) == "[TEXT]"
    assert prose.redact("a" * (prose.MAX_CHARS + 1)) == "[TEXT]"


def test_a_value_where_two_slices_meet_is_found() -> None:
    for shift in range(-20, 20, 7):
        text = "a" * 4 + " word" * ((prose.SLICE + shift) // 5) + " joe@example.com" + " word" * 50
        spans = prose.find(text, deadline=time.monotonic() + 20)
        assert any(text[span.start : span.end] == "joe@example.com" for span in spans)


def test_a_model_that_is_not_the_one_of_its_card_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "names.json").write_text('{"sha256": "00", "lexicon_sha256": "00", "caution": 0}')
    (tmp_path / "models" / "lexicon.bin").write_bytes(b"x")
    (tmp_path / "models" / "names.bin").write_bytes(b"x")
    monkeypatch.setattr(tagger, "files", lambda _package: tmp_path)
    with pytest.raises(tagger.ModelUnusable):
        tagger.load()
    (tmp_path / "models" / "names.bin").unlink()
    with pytest.raises(tagger.ModelUnusable):
        tagger.load()


def test_many_texts_are_tagged_as_each_of_them_alone() -> None:
    texts = [text.replace("‹", "").replace("›", "") for _label, text in HIDDEN] + KEPT + ["", " ", "."]
    assert tagger.tag_many(texts) == [tagger.tag(text) for text in texts]


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.lists(st.lists(st.integers(-50, 50), min_size=5, max_size=5), max_size=6), max_size=5),
    st.integers(0, 99),
)
def test_both_ways_to_decode_agree(texts: list[list[list[int]]], seed: int) -> None:
    steps = np.array(random.Random(seed).choices(range(-30, 30), k=25), dtype=np.int32).reshape(5, 5)
    several = [np.array(rows, dtype=np.int32).reshape(len(rows), 5) for rows in texts if rows]
    assert tagger.decode_many(several, steps) == [tagger.decode(scores, steps) for scores in several]


@given(st.lists(st.text(max_size=30), max_size=4))
def test_features_of_a_text_do_not_depend_on_its_neighbours(texts: list[str]) -> None:
    rows = [[traits(text[a:b]) for a, b in tokens(text)] for text in texts]
    joined = features_of_many(rows)
    at = 0
    for row in rows:
        assert (joined[at : at + len(row)] == features(row)).all()
        at += len(row) + GAP


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=200))
def test_no_text_breaks_it(text: str) -> None:
    spans = prose.find(text, deadline=time.monotonic() + 10)
    assert all(before.end <= after.start for before, after in pairwise(spans))
    assert all(0 <= span.start < span.end <= len(text) for span in spans)


@pytest.mark.parametrize(
    "piece", ["a", "1", " ", "@", "a@", "1-", "Ann ", "(1", "né ", "password ", "A1b2", "=", "%41"]
)
def test_work_grows_with_the_length_of_the_text_and_no_faster(piece: str) -> None:
    def seconds(count: int) -> float:
        text, before = piece * count, time.process_time()
        prose.find(text, deadline=time.monotonic() + 60)
        return time.process_time() - before

    seconds(500)
    assert seconds(20_000) <= 60 * max(seconds(1_000), 0.01)


def test_many_texts_are_searched_as_each_by_itself() -> None:
    texts = [
        "Spoke with Anna Keller today.",
        "",
        "all green",
        "born 02/03/1980",
        "word " * 3_000 + "joe@example.com",
    ] * 40
    limit = time.monotonic() + 60
    assert prose.find_many(texts, deadline=limit) == [prose.find(text, deadline=limit) for text in texts]
    assert prose.find_many(["Anna Keller"], deadline=time.monotonic() - 1) == [None]
    assert prose.find_many(["a" * (prose.MAX_CHARS + 1), "ok"]) == [None, ()]


def test_who_is_named_in_full_is_found_again_in_short() -> None:
    assert prose.redact("Dear Mr. Zorblatt, thank you. The zeal of Zorblatt is known.").count("Zorblatt") == 0

"""@mask: how a rule says which mask a label gets, and what happens where rules differ."""

from __future__ import annotations

import pytest

from catalog.model import Label
from policy.document import Source, build_document
from policy.explain import explain
from policy.model import Allow
from policy.problems import PolicyDocumentError
from tests.policy.queries import OPEN, engine, query

RULE = '@id("{}") @mask("{}") permit (principal, action == Action::"read", resource);'


def masks(*texts: str) -> dict[str, str]:
    """The masks that an operation gets where these permits speak."""
    rules = [RULE.format(f"m{index}", text) for index, text in enumerate(texts)]
    decision = engine(OPEN, *rules).decide(query(labels=["EMAIL"]))
    assert isinstance(decision, Allow)
    return {str(label): kind for label, kind in decision.obligations.masks}


def test_a_permit_says_how_labels_are_masked() -> None:
    assert masks("EMAIL: pseudonym, DOB: null") == {"DOB": "null", "EMAIL": "pseudonym"}


def test_without_a_word_the_default_stays() -> None:
    assert masks() == {}


@pytest.mark.parametrize(
    ("one", "other", "wins"),
    [
        ("synthetic", "pseudonym", "pseudonym"),
        ("pseudonym", "partial", "partial"),
        ("partial", "redact", "redact"),
        ("redact", "null", "null"),
    ],
)
def test_where_permits_differ_the_strictest_wins(one: str, other: str, wins: str) -> None:
    assert masks(f"EMAIL: {one}", f"EMAIL: {other}") == {"EMAIL": wins}
    assert masks(f"EMAIL: {other}, DOB: null", f"EMAIL: {one}") == {"EMAIL": wins, "DOB": "null"}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("EMIAL: pseudonym", "there is no label 'EMIAL' (did you mean 'EMAIL'?)"),
        ("EMAIL: pseudonim", "there is no kind of mask 'pseudonim' (did you mean 'pseudonym'?)"),
        ("EMAIL", "a comma list of LABEL: kind"),
        ("EMAIL: null, EMAIL: redact", "a label stands twice"),
        ("PASSWORD: pseudonym", "PASSWORD cannot be masked by pseudonym; it can by null, redact"),
        ("CVV: fpe", "CVV cannot be masked by fpe"),
        ("DOB: fpe", "DOB cannot be masked by fpe"),
        ("", "a comma list"),
    ],
)
def test_a_mask_that_cannot_be_is_refused_when_the_rules_are_loaded(text: str, says: str) -> None:
    with pytest.raises(PolicyDocumentError) as refused:
        build_document([Source("a.cedar", RULE.format("m", text))])
    assert says in str(refused.value)


def test_masks_stand_on_permits_only() -> None:
    with pytest.raises(PolicyDocumentError, match="belongs on a permit"):
        build_document([Source("a.cedar", RULE.format("m", "EMAIL: null").replace("permit (", "forbid ("))])


def test_an_explanation_tells_the_masks() -> None:
    told = explain(engine(OPEN, RULE.format("m", "EMAIL: pseudonym")), query(labels=["EMAIL"]))
    assert told["decision"]["obligations"]["masks"] == {"EMAIL": "pseudonym"}
    assert Label.EMAIL == "EMAIL"

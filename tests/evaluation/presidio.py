"""The baseline: Presidio's analyzer, cell by cell, with the column's words as context.

spaCy has no model on the official package index, so the engine is a blank English pipeline: Presidio's pattern and
checksum recognisers work as they are, its named entities (people, places) do not. `docs/detection.md` says so, too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tests.evaluation.tables import Table

_LABELS = {
    "PERSON": "PERSON",
    "EMAIL_ADDRESS": "EMAIL",
    "PHONE_NUMBER": "PHONE",
    "LOCATION": "ADDRESS",
    "DATE_TIME": "DOB",
    "US_SSN": "SSN",
    "US_PASSPORT": "PASSPORT",
    "US_DRIVER_LICENSE": "DRIVER_LICENSE",
    "US_ITIN": "NATIONAL_ID",
    "CREDIT_CARD": "CREDIT_CARD",
    "IBAN_CODE": "IBAN",
    "US_BANK_NUMBER": "BANK_ACCOUNT",
    "MEDICAL_LICENSE": "HEALTH_ID",
    "UK_NHS": "HEALTH_ID",
    "UK_NINO": "NATIONAL_ID",
    "IP_ADDRESS": "IP",
}
_NOT_PERSONAL = {"URL", "NRP"}

Judge = Callable[[Table], list[list[str]]]


def presidio() -> Judge:
    """Presidio with all its recognisers for English, as `analyze` is called out of the box; URLs do not count."""
    import spacy
    import tldextract
    from presidio_analyzer import AnalyzerEngine
    from presidio_analyzer.nlp_engine import SpacyNlpEngine

    # Its recogniser of e-mail addresses would fetch a list of domains; the list that comes along serves as well.
    tldextract.tldextract.TLD_EXTRACTOR = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)
    setattr(tldextract, "extract", tldextract.tldextract.TLD_EXTRACTOR)  # noqa: B010 - a function by its type

    class Blank(SpacyNlpEngine):
        def load(self) -> None:
            setattr(self, "nlp", {"en": spacy.blank("en")})  # noqa: B010 - declared as None by the library

    engine = AnalyzerEngine(nlp_engine=Blank(), supported_languages=["en"])

    def judge(table: Table) -> list[list[str]]:
        return [_column(engine, column.name, column.values) for column in table.columns]

    return judge


def _column(engine: Any, name: str, values: Sequence[str]) -> list[str]:
    context = [word for word in name.lower().replace("_", " ").split() if word]
    return [_cell(engine, value, context) for value in values]


def _cell(engine: Any, value: str, context: list[str]) -> str:
    found = [each for each in engine.analyze(value, "en", context=context) if each.entity_type not in _NOT_PERSONAL]
    if not found:
        return ""
    best = max(found, key=lambda each: each.score)
    return _LABELS.get(best.entity_type, "NATIONAL_ID")

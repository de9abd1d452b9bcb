"""Which masks there are, which fit which label, and which one a label gets where no rule says otherwise."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Literal, get_args

from catalog.model import Label

Kind = Literal["null", "redact", "generalise", "partial", "pseudonym", "fpe", "synthetic"]

KINDS: tuple[Kind, ...] = get_args(Kind)
"""Strictest first: by how much of the value, or of which rows share it, is left to whoever reads the mask.

`synthetic` stands last although it keeps nothing: it is the only one that looks like a real value.
"""

MEANINGS: Mapping[Kind, str] = MappingProxyType(
    {
        "null": "SQL NULL.",
        "redact": "The label in brackets, such as `[EMAIL]`; NULL in types that cannot hold it.",
        "generalise": "A coarser value: the year, the region, the network.",
        "partial": "A few characters stay, stars hide the rest.",
        "pseudonym": "A made-up value of the same shape, always the same for the same value: joins and groups hold.",
        "fpe": "Encrypted by FF1 into the same format: whoever holds the mask key can turn it back.",
        "synthetic": "A made-up value from a range that is reserved for examples.",
    }
)

_LABELS: Mapping[Kind, str] = {
    "generalise": "DOB POSTCODE IP GEO DIAGNOSIS",
    "partial": "EMAIL PHONE CREDIT_CARD IBAN",
    "pseudonym": "PERSON EMAIL PHONE ADDRESS DOB SSN NATIONAL_ID PASSPORT DRIVER_LICENSE CREDIT_CARD IBAN BANK_ACCOUNT "
    "MRN HEALTH_ID DIAGNOSIS IP",
    "fpe": "PHONE SSN NATIONAL_ID PASSPORT DRIVER_LICENSE CREDIT_CARD IBAN BANK_ACCOUNT MRN HEALTH_ID",
    "synthetic": "PERSON EMAIL PHONE ADDRESS SSN CREDIT_CARD IBAN IP",
}
_DEFAULTS: Mapping[Kind, str] = {
    "partial": "EMAIL PHONE CREDIT_CARD IBAN",
    "generalise": "DOB POSTCODE IP GEO",
}


def _fitting(label: Label) -> tuple[Kind, ...]:
    return tuple(kind for kind in KINDS if kind in ("null", "redact") or label in _LABELS[kind].split())


FITTING: Mapping[Label, tuple[Kind, ...]] = MappingProxyType({label: _fitting(label) for label in Label})
"""The kinds each label may get. Credentials and whatever is not known are never shown in part or in disguise."""

DEFAULT: Mapping[Label, Kind] = MappingProxyType(
    {label: next((kind for kind, labels in _DEFAULTS.items() if label in labels.split()), "redact") for label in Label}
)


def strictest(kinds: Iterable[Kind]) -> Kind:
    """Of several. Raises ValueError for none."""
    return min(kinds, key=KINDS.index)

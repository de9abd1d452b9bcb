"""Which masks there are and what each label becomes under each of them, shown on values that nobody owns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from catalog.cellmask import Manner, cell_mask
from catalog.maskkey import Keyed, MaskKey
from catalog.maskkinds import DEFAULT, FITTING, KINDS, MEANINGS
from catalog.model import Label
from server.reference.markdown import cell, code, table

SAMPLES: Mapping[Label, str] = MappingProxyType(
    {
        Label.PERSON: "Jane Doe",
        Label.EMAIL: "jane@example.com",
        Label.PHONE: "+49 170 1234567",
        Label.ADDRESS: "12 Main Street",
        Label.POSTCODE: "10115",
        Label.DOB: "1987-06-05",
        Label.SSN: "219-09-9999",
        Label.NATIONAL_ID: "12345678Z",
        Label.PASSPORT: "C01X00T47",
        Label.DRIVER_LICENSE: "D-12345678",
        Label.CREDIT_CARD: "4242 4242 4242 4242",
        Label.IBAN: "DE89 3704 0044 0532 0130 00",
        Label.BANK_ACCOUNT: "0532013000",
        Label.MRN: "MRN-0012345",
        Label.HEALTH_ID: "A123456780",
        Label.DIAGNOSIS: "E11.9",
        Label.IP: "203.0.113.7",
        Label.GEO: "52.520008, 13.404954",
    }
)
_EXAMPLE_KEY = MaskKey("documentation", bytes(32))


def mask_parts() -> dict[str, str]:
    return {
        "kinds": table(("Kind", "What is left"), [(code(kind), cell(MEANINGS[kind])) for kind in KINDS]),
        "label-masks": table(("Label", "Kind", "In text"), _rows()),
    }


def _rows() -> Iterator[tuple[str, str, str]]:
    """The default of each label first; redact and null fit every label and are left out where they are not it."""
    keyed = Keyed(_EXAMPLE_KEY)
    for label in Label:
        others = [kind for kind in FITTING[label] if kind not in (DEFAULT[label], "null", "redact")]
        for kind in (DEFAULT[label], *others):
            mask = cell_mask(label, "text", Manner(kinds={label: kind}, keyed=keyed))
            sample = SAMPLES.get(label)
            shown = code(mask.redacted) if sample is None else f"{code(sample)} → {code(mask.apply(sample))}"
            name = code(label) if kind == DEFAULT[label] else ""
            yield name, f"{kind} (default)" if kind == DEFAULT[label] else kind, shown

"""Date of birth: the first day of its year, still a valid date."""

from __future__ import annotations

import re
from types import MappingProxyType

from catalog.columntypes import Family
from catalog.maskers.base import Masker

_ISO = re.compile(r"(\d{4})-\d\d-\d\d(?:[ T][\d:.+\-Z ]{0,32})?", re.ASCII)
_YEAR_LAST = re.compile(r"\d{1,2}[./\- ]{1,2}\d{1,2}[./\- ]{1,2}(\d{4})(?: [\d:.]{0,16})?", re.ASCII)


def _year(value: str) -> str | None:
    """The year of a date written ISO 8601 or with the year last; None for all else ("infinity", BC, two digits)."""
    found = _ISO.fullmatch(value.strip()) or _YEAR_LAST.fullmatch(value.strip())
    return found[1] if found and found[1] != "0000" else None


def mask_date(value: str) -> str | None:
    year = _year(value)
    return f"{year}-01-01" if year else None


def mask_timestamp(value: str) -> str | None:
    year = _year(value)
    return f"{year}-01-01 00:00:00" if year else None


def mask_timestamptz(value: str) -> str | None:
    year = _year(value)
    return f"{year}-01-01 00:00:00+00" if year else None


DOB = Masker(
    "generalise",
    MappingProxyType(
        {
            Family.TEXT: mask_date,
            Family.DATE: mask_date,
            Family.TIMESTAMP: mask_timestamp,
            Family.TIMESTAMPTZ: mask_timestamptz,
        }
    ),
    stable=True,
)

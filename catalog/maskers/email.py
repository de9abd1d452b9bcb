"""E-mail: first letter of the mailbox and of the domain, and the last label: `j***@e***.com`."""

from __future__ import annotations

from types import MappingProxyType

from catalog.columntypes import Family
from catalog.maskers.base import Masker

_LONGEST_SUFFIX = 18  # the longest top-level domain in use is 24 letters in punycode, 18 in plain letters


def mask_email(value: str) -> str | None:
    """None for anything but one plain address: lists and display names are hidden whole."""
    mailbox, at, domain = value.strip().partition("@")
    labels = domain.split(".")
    suffix = labels[-1]
    plain = at and mailbox and "@" not in domain and not any(char.isspace() or char in "<>,;" for char in value.strip())
    if not plain or len(labels) < 2 or not (suffix.isalpha() and len(suffix) <= _LONGEST_SUFFIX):
        return None
    return f"{_first(mailbox)}***@{_first(labels[0])}***.{suffix}"


def _first(part: str) -> str:
    return part[0] if len(part) > 1 and part[0] != "*" else ""


EMAIL = Masker("partial", MappingProxyType({Family.TEXT: mask_email}), stable=True)

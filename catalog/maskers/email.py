"""E-mail: first letter of the mailbox and of the domain, and the last label: `j***@e***.com`."""

from __future__ import annotations

import re
from types import MappingProxyType

from catalog.columntypes import Family
from catalog.maskers.base import Address, Masker

# Mailbox, first label of the domain, more labels, top-level domain (24 letters in punycode, 18 in plain letters).
_PLAIN = re.compile(
    r"([^@\s<>,;])([^@\s<>,;]*)@([^@\s<>,;.]?)([^@\s<>,;.]*)\.(?:[^@\s<>,;]*\.)?([^\W\d_]{1,18})",
)


def mask_email(value: str) -> str | None:
    """None for anything but one plain address: lists and display names are hidden whole."""
    found = _PLAIN.fullmatch(value.strip())
    if found is None:
        return None
    first, mailbox, second, domain, suffix = found.groups()
    return f"{_shown(first, mailbox)}***@{_shown(second, domain)}***.{suffix}"


def _shown(first: str, rest: str) -> str:
    return first if rest and first != "*" else ""


EMAIL = Masker("partial", MappingProxyType({Family.TEXT: mask_email}), stable=True, shape=Address())

"""The mask of a column as it acts on the bytes of the PostgreSQL wire: one DataRow or COPY BINARY field at a time.

Text format is what the masks of `catalog.masking` work on. A binary value is hidden by its masked form in the same
binary format, or by NULL where that form cannot be written for certain. Source: PostgreSQL documentation,
"Message Formats" (DataRow) and the send/recv functions of the types.
"""

from __future__ import annotations

from collections.abc import Callable

from catalog.columntypes import Family, parse_type
from catalog.masking import CellMask

WireMask = Callable[[bytes], bytes | None]
"""The bytes to send in place of a value's bytes; None = SQL NULL. Never raises."""

_SAME_BYTES = frozenset({Family.TEXT, Family.XML})
"""Types whose binary format is their text."""


def wire_mask(mask: CellMask, *, type_name: str, binary: bool) -> WireMask:
    """How one column's values are hidden on the wire, whose text is in UTF-8 (client_encoding).

    Whatever goes wrong gives the redaction of the type, or NULL; never the value.
    """
    family = parse_type(type_name).family
    if binary and family not in _SAME_BYTES:
        return _null
    redacted = None if mask.redacted is None else mask.redacted.encode()

    def hide(value: bytes) -> bytes | None:
        try:
            masked = mask.apply(bytes(value).decode())
            return None if masked is None else masked.encode()
        except Exception:  # noqa: BLE001 - whatever a masker dies of, the value must not pass
            return redacted

    return hide


def _null(_value: bytes) -> None:
    return None

"""The mask of a column as it acts on the bytes of the PostgreSQL wire: one DataRow or COPY BINARY field at a time.

Text format is what the masks of `catalog.masking` work on. A binary value is read, masked as text and written again
in the same binary format, or becomes NULL where that form cannot be written for certain. Source: PostgreSQL
documentation, "Message Formats" (DataRow); for arrays array_send.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass

from catalog.binary import TEXT, Codec, codec_of
from catalog.cellmask import CellMask
from catalog.columntypes import parse_type
from catalog.maskers.base import Shape

WireMask = Callable[[bytes], bytes | None]
"""The bytes to send in place of a value's bytes; None = SQL NULL. Never raises."""

_NULL = -1
_MOST_DIMENSIONS = 6


def wire_mask(mask: CellMask, *, type_name: str, binary: bool) -> WireMask:
    """How one column's values are hidden on the wire, whose text is in UTF-8 (client_encoding).

    Whatever goes wrong gives the redaction of the type, or NULL; never the value.
    """
    if not binary:
        return _valued(mask, TEXT)
    column_type = parse_type(type_name)
    if column_type.element:
        return _array_mask(mask, column_type.element)
    codec = codec_of(type_name, column_type.family)
    return _null if codec is None or mask.kind == "null" else _valued(mask, codec)


@dataclass(frozen=True, slots=True)
class Fixed:
    """What every value becomes on the wire; None = SQL NULL."""

    value: bytes | None


def as_data(mask: CellMask, *, type_name: str, binary: bool) -> Fixed | Shape | None:
    """The same as `wire_mask`, as data; None where it takes a call. A shape speaks of plain values only."""
    codec = codec_of(type_name, parse_type(type_name).family) if binary else TEXT
    if mask.constant and mask.redacted is None:
        return Fixed(None)
    if codec is not TEXT:
        return None
    return Fixed((mask.redacted or "").encode()) if mask.constant else mask.shape


def _valued(mask: CellMask, codec: Codec) -> WireMask:
    apply, redacted = mask.apply, mask.redacted
    read, write = codec.read, codec.write
    if mask.constant and (redacted is None or codec is TEXT):
        constant = None if redacted is None else redacted.encode()
        return lambda _value: constant

    def hide(value: bytes) -> bytes | None:
        try:
            masked = apply(read(bytes(value)))
            return None if masked is None else write(masked, value)
        except Exception:  # noqa: BLE001 - whatever a masker dies of, the value must not pass
            return _written(redacted, write)

    return hide


def _written(redacted: str | None, write: Callable[[str, bytes], bytes]) -> bytes | None:
    try:
        return None if redacted is None else write(redacted, b"")
    except Exception:  # noqa: BLE001 - a redaction that does not fit the type is NULL
        return None


def _array_mask(mask: CellMask, element: str) -> WireMask:
    """Element by element, as the mask says; an array whose elements have no mask of their own is NULL as a whole."""
    if mask.element is None:
        return _null
    hide = wire_mask(mask.element, type_name=element, binary=True)

    def hide_array(value: bytes) -> bytes | None:
        try:
            return _masked_array(bytes(value), hide)
        except (ValueError, struct.error):
            return None

    return hide_array


def _masked_array(raw: bytes, hide: WireMask) -> bytes:
    """Dimensions, has nulls, element type; for each dimension size and lower bound; then the elements."""
    dimensions, _nulls, element_oid = struct.unpack_from(">iiI", raw)
    if not 0 <= dimensions <= _MOST_DIMENSIONS:
        raise ValueError("an array of too many dimensions")
    at, count = 12, 1 if dimensions else 0
    for index in range(dimensions):
        size, _bound = struct.unpack_from(">ii", raw, at + 8 * index)
        count *= size
    shape = raw[at : at + 8 * dimensions]
    at += 8 * dimensions
    parts: list[bytes] = []
    nulls = 0
    for _ in range(count):
        part, at = _element(raw, at)
        masked = None if part is None else hide(part)
        nulls |= masked is None
        parts.append(struct.pack(">i", _NULL) if masked is None else struct.pack(">i", len(masked)) + masked)
    if at != len(raw):
        raise ValueError("something follows the array")
    return struct.pack(">iiI", dimensions, nulls, element_oid) + shape + b"".join(parts)


def _element(raw: bytes, at: int) -> tuple[bytes | None, int]:
    (length,) = struct.unpack_from(">i", raw, at)
    at += 4
    if length == _NULL:
        return None, at
    if length < 0 or at + length > len(raw):
        raise ValueError("an element that is cut off")
    return raw[at : at + length], at + length


def _null(_value: bytes) -> None:
    return None

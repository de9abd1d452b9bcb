"""The row walk in pure Python: rewrites the masked cells of consecutive DataRow messages in a buffer.

DataRow: type D, Int32 length, Int16 count of cells, then for each an Int32 length (-1 = NULL) and its bytes. A rule is
data, so that the compiled twin of this module (rows.pyx) can do it without calling back: only CALL runs Python a cell.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum

from backends.errors import WireError

_NULL = b"\xff\xff\xff\xff"
_ROW = 68
_PLAIN = 4096  # bytes; a longer value is not plain
_MOST_SHOWN = 16
_ADDRESS = re.compile(
    rb"([!-+\--:=?A-~])([!-+\--:=?A-~]*)@([!-+\-/-:=?A-~]?)([!-+\-/-:=?A-~]*)\.(?:[!-+\--:=?A-~]*\.)?([A-Za-z]{1,18})"
).fullmatch


class Kind(IntEnum):
    """How a cell is hidden. A NULL stays NULL, whatever the kind."""

    CONSTANT = 1  # `data` in place of every value
    NULL = 2
    KEEP_FIRST = 3  # the first `count` bytes, then `data` once for each byte hidden
    KEEP_LAST = 4
    CALL = 5  # `call(value)`; None = NULL
    DIGITS = 6  # as `call`; plain ASCII digits need no call: `data`, then their last `count`
    ADDRESS = 7  # as `call`; of a plain mail address the first letters and the last label stay


@dataclass(frozen=True, slots=True)
class Rule:
    """What becomes of the cells of one column.

    For DIGITS: `least` to `most` digits with bytes of `skip` among them are plain; `signed` = a leading plus stays.
    """

    kind: Kind
    data: bytes = b""
    count: int = 0
    call: Callable[[bytes], bytes | None] | None = None
    least: int = 0
    most: int = 0
    skip: bytes = b""
    signed: bool = False


@dataclass(frozen=True, slots=True)
class Walked:
    """Up to where the buffer was read, what goes on in its place, and what was in it."""

    end: int
    output: bytes
    rows: int
    masked: int
    cells: int  # bytes


def walk(data: bytes, start: int, rules: Sequence[Rule | None] | None, *, limit: int) -> Walked:
    """Rewrite the whole DataRows from `start` up to another message or an incomplete one.

    `rules` has one entry a column, None = as it is; `rules` None = every row passes untouched and is only counted.
    `limit` bounds the length field. Raises WireError for rows that are not as described.
    """
    if rules is None:
        return _count(data, start, limit=limit)
    at, size, rows, masked, cells = start, len(data), 0, 0, 0
    output: list[bytes] = []
    while size - at >= 5 and data[at] == _ROW:
        length = _length(data, at, limit)
        end = at + 1 + length
        if end > size:
            break
        row, hidden = _row(data, at + 5, end, rules)
        output.append(row)
        rows, masked, cells, at = rows + 1, masked + hidden, cells + length - 6 - 4 * len(rules), end
    return Walked(at, b"".join(output), rows, masked, cells)


def _count(data: bytes, start: int, *, limit: int) -> Walked:
    at, size, rows, cells = start, len(data), 0, 0
    while size - at >= 5 and data[at] == _ROW:
        length = _length(data, at, limit)
        if at + 1 + length > size:
            break
        rows, cells, at = rows + 1, cells + length, at + 1 + length
    whole = data if start == 0 and at == size else data[start:at]
    return Walked(at, whole, rows, 0, cells)


def _length(data: bytes, at: int, limit: int) -> int:
    length = int.from_bytes(data[at + 1 : at + 5], "big")
    if length < 6 or length > limit:
        raise WireError(f"a row of {length} bytes")
    return length


def _row(data: bytes, at: int, end: int, rules: Sequence[Rule | None]) -> tuple[bytes, int]:
    if (data[at] << 8 | data[at + 1]) != len(rules):
        raise WireError("a row with another number of cells than its description")
    body, hidden = [data[at : at + 2]], 0
    at += 2
    kept = at  # cells since here go on as they are
    for rule in rules:
        start = at + 4
        length = int.from_bytes(data[at:start], "big")
        if length == 0xFFFFFFFF and start <= end:
            at = start
            continue
        stop = start + length
        if stop > end:
            raise WireError("a cell longer than its row")
        if rule is not None:
            value = hide(rule, data[start:stop])
            body.append(data[kept:at])
            body.append(_NULL if value is None else len(value).to_bytes(4, "big") + value)
            kept, hidden = stop, hidden + 1
        at = stop
    if at != end:
        raise WireError("a row longer than its cells")
    body.append(data[kept:end])
    joined = b"".join(body)
    return b"D" + (len(joined) + 4).to_bytes(4, "big") + joined, hidden


def hide(rule: Rule, value: bytes) -> bytes | None:
    """One value as its rule shows it; None = NULL. Partial kinds hide all of a value that is no longer than what they
    would show."""
    match rule.kind:
        case Kind.CONSTANT:
            return rule.data
        case Kind.KEEP_FIRST:
            shown = rule.count if len(value) > rule.count else 0
            return value[:shown] + rule.data * (len(value) - shown)
        case Kind.KEEP_LAST:
            shown = rule.count if len(value) > rule.count else 0
            return rule.data * (len(value) - shown) + value[len(value) - shown :]
        case Kind.DIGITS if (plain := _digits(rule, value)) is not None:
            return plain
        case Kind.ADDRESS if len(value) <= _PLAIN and (found := _ADDRESS(value)) is not None:
            first, mailbox, second, domain, suffix = found.groups()
            return b"%b***@%b***.%b" % (_first(first, mailbox), _first(second, domain), suffix)
        case Kind.CALL | Kind.DIGITS | Kind.ADDRESS if rule.call is not None:
            return rule.call(value)
        case _:
            return None


def _digits(rule: Rule, value: bytes) -> bytes | None:
    """None = not plain."""
    digits = value.translate(None, rule.skip)
    if not (digits.isdigit() and rule.least <= len(digits) <= rule.most and rule.count <= len(digits)):
        return None
    if len(value) > _PLAIN or rule.count > _MOST_SHOWN or (rule.signed and value[0] == 32):
        return None
    sign = b"+" if rule.signed and value[0] == 43 else b""
    return sign + rule.data + digits[len(digits) - rule.count :]


def _first(char: bytes, rest: bytes) -> bytes:
    return char if rest and char != b"*" else b""

"""What text carries inside itself: percent encoding, base64, hexadecimal, JSON escapes, gzip in any of them.

Decoding never grows without bound: a run is at most 1 MiB, gzip at most 100 times its size and 1 MiB. Only runs that
decode to text are reported, so hashes, identifiers and pictures stay what they are.
"""

from __future__ import annotations

import binascii
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import unquote_to_bytes

import re2

MAX_RUN = 1 << 20
MAX_GROWTH = 100
_MANY = 0.9  # share of printable characters in text


@dataclass(frozen=True, slots=True)
class Layer:
    """Characters `start` to `end` of the outer text say `text`."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Encoding:
    """`anchor` is searched in all cells (see `catalog.evidence.engine`), `run` where it was seen."""

    name: str
    anchor: bytes
    run: str
    decode: Callable[[str], bytes | None]


def _base64(run: str) -> bytes | None:
    if run.isalpha() and (run.islower() or run.isupper()):
        return None
    plain = run.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return binascii.a2b_base64(plain + "=" * (-len(plain) % 4))
    except (binascii.Error, ValueError):
        return None


def _hex(run: str) -> bytes | None:
    plain = run[2:] if run[:2] in ("0x", "\\x", "0X") else run
    return binascii.unhexlify(plain) if len(plain) % 2 == 0 else None


def _escapes(run: str) -> bytes | None:
    """`\\u0040` as JSON writes it (RFC 8259 section 7); lone surrogates become question marks."""
    return run.encode("latin-1", "ignore").decode("unicode_escape", "ignore").encode("utf-8", "replace")


ENCODINGS: tuple[Encoding, ...] = (
    Encoding("percent", rb"%[0-9A-Fa-f]{2}", r"[\w.~+%!*'()@:$-]*%[0-9A-Fa-f]{2}[\w.~+%!*'()@:$-]*", unquote_to_bytes),
    Encoding("base64", rb"[^A-Za-z0-9+/_-][A-Za-z0-9]{20}", r"[A-Za-z0-9][A-Za-z0-9+/_-]{19,}={0,2}", _base64),
    Encoding(
        "hex", rb"[^A-Za-z0-9](?:0x|\\x)?[0-9A-Fa-f]{24}", r"(?:0[xX]|\\x)[0-9A-Fa-f]{24,}|\b[0-9A-Fa-f]{24,}\b", _hex
    ),
    Encoding("escapes", rb"\\u00[2-7][0-9A-Fa-f]", r"[^\s\"]*\\u00[2-7][0-9A-Fa-f][^\s\"]*", _escapes),
)


def says_nothing(cell: bytes) -> bool:
    """Whether a cell is one run of letters and digits with no text in it, by any encoding: most digests and keys.

    A tenth of what `layers` costs, which tells the same.
    """
    if not cell.isalnum() or len(cell) > MAX_RUN:
        return False
    run = cell.decode()
    if _as_text(_base64(run)) is not None:
        return False
    try:
        return _as_text(_hex(run)) is None
    except binascii.Error:  # letters beyond f, or an 0x that is part of the run
        return run[:2] not in ("0x", "0X")


@lru_cache(maxsize=16)
def _compiled(run: str) -> Any:
    """A pure function remembered: looking an expression up costs more than a search."""
    return re2.compile(run)


@lru_cache(maxsize=16)
def _run(expression: str) -> Any:
    """Compiled once."""
    return re2.compile(expression)


def layers(text: str, encoding: Encoding) -> Iterator[Layer]:
    """What runs of one encoding say, as far as it is text."""
    for found in _compiled(encoding.run).finditer(text):
        start, end = found.span()
        if end - start <= MAX_RUN:
            decoded = _as_text(encoding.decode(text[start:end]))
            if decoded is not None:
                yield Layer(start, end, decoded)


def _as_text(data: bytes | None) -> str | None:
    if not data:
        return None
    if data[:2] == b"\x1f\x8b":
        data = _inflated(data)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return None
    sample = text[:4096]
    printable = sum(char.isprintable() or char in "\r\n\t" for char in sample)
    return text if printable >= _MANY * len(sample) else None


def _inflated(data: bytes) -> bytes:
    """As much of a gzip stream (RFC 1952) as the bounds allow; nothing when it is broken."""
    try:
        return zlib.decompressobj(wbits=31).decompress(data, min(MAX_RUN, MAX_GROWTH * len(data)))
    except zlib.error:
        return b""

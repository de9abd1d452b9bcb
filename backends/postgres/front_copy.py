"""COPY … TO STDOUT through a door: which query tells the columns, and hiding them in text, CSV and binary rows. No I/O.

PostgreSQL manual, COPY, "File Formats". A server sends one CopyData a row ("COPY Operations"). With masks only plain
options are taken; without masks every row passes as it is.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from backends.errors import WireError
from backends.postgres.grammar import statements
from backends.postgres.rows_py import Rule, hide

SIGNATURE = b"PGCOPY\n\xff\r\n\0"
_ESCAPES = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_PLAIN = frozenset({"format", "header", "delimiter", "null", "encoding"})


class CopyRefused(ValueError):
    """A COPY whose rows could not be masked. The message is for the client."""


@dataclass(frozen=True, slots=True)
class CopyOut:
    """`query` tells the columns when it is described. `odd` names an option under which rows cannot be rewritten."""

    query: str
    form: str
    header: bool = False
    delimiter: str = "\t"
    null: str = "\\N"
    odd: str = ""


def copy_out(text: str) -> CopyOut | None:
    """The COPY TO STDOUT that the text is, None if it is something else. Raises CopyRefused."""
    parsed = statements(text)
    node = parsed[0]["stmt"].get("CopyStmt") if len(parsed) == 1 else None
    if node is None or node.get("is_from") or "filename" in node:
        return None
    options = _options(node.get("options", ()))
    form = str(options.get("format", "text"))
    if form not in {"text", "csv", "binary"}:
        raise CopyRefused(f"COPY in the format {form!r} is not known here")
    csv_like = form == "csv"
    return CopyOut(
        query=_query(text, node),
        form=form,
        header=str(options.get("header", "false")).lower() in {"true", "on", "1"},
        delimiter=str(options.get("delimiter", "," if csv_like else "\t")),
        null=str(options.get("null", "" if csv_like else "\\N")),
        odd=next((name for name in sorted(options) if not _plain(name, options[name])), ""),
    )


def _options(items: Sequence[Mapping[str, Any]]) -> dict[str, object]:
    found: dict[str, object] = {}
    for item in items:
        option = item.get("DefElem", {})
        argument = option.get("arg")
        found[option.get("defname", "")] = "true" if argument is None else _scalar(argument)
    return found


def _scalar(argument: Mapping[str, Any]) -> object:
    for kind, key in (("String", "sval"), ("Integer", "ival"), ("Boolean", "boolval")):
        if kind in argument:
            return argument[kind].get(key, False if kind == "Boolean" else 0)
    return argument


def _plain(name: str, value: object) -> bool:
    if name == "force_quote":
        return True
    if name == "encoding":
        return str(value).lower().replace("-", "") in {"utf8", "unicode"}
    if name in {"delimiter", "null"}:
        return isinstance(value, str) and "\\" not in value.replace("\\N", "") and '"' not in value
    return name in _PLAIN and isinstance(value, str | int | bool)


def _query(text: str, node: Mapping[str, Any]) -> str:
    """A query with the columns of the copy. Of a table: its own rows, without what is generated, as COPY has them."""
    relation = node.get("relation")
    if relation is None:
        return _inner(text, node["query"])
    parts = [relation[key] for key in ("schemaname", "relname") if relation.get(key)]
    name = ".".join(_quoted(part) for part in parts)
    listed = [item["String"]["sval"] for item in node.get("attlist", ())]
    return f"SELECT {', '.join(_quoted(each) for each in listed) or '*'} FROM ONLY {name}"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _inner(text: str, query: object) -> str:
    """The text between the parentheses of COPY (…), proved by parsing it: it must give the very same tree."""
    wanted = _without_places(query)
    start = text.find("(")
    for end in reversed([at for at, char in enumerate(text) if char == ")"]):
        inner = text[start + 1 : end]
        try:
            parsed = statements(inner)
        except Exception:  # noqa: BLE001 - not a statement, so not the one
            continue
        if len(parsed) == 1 and _without_places(parsed[0]["stmt"]) == wanted:
            return inner
    raise CopyRefused("the query of this COPY cannot be taken apart; write COPY (query) TO STDOUT without comments")


def _without_places(tree: object) -> object:
    if isinstance(tree, Mapping):
        return {key: _without_places(each) for key, each in tree.items() if "location" not in key}
    if isinstance(tree, list):
        return [_without_places(each) for each in tree]
    return tree


class CopyMasker:
    """Rewrites the CopyData of one COPY. `rules` has one entry a column. Raises WireError for rows of another shape."""

    def __init__(self, copy: CopyOut, rules: Sequence[Rule | None], *, first: bool = True) -> None:
        self._copy, self.rules = copy, rules
        self._first = first
        self.masked = 0
        self.rows = 0

    def data(self, piece: bytes) -> bytes:
        """One CopyData's content."""
        first, self._first = self._first, False
        if self._copy.form == "binary":
            return self._binary(piece, first=first)
        if first and self._copy.header:
            return piece
        self.rows += 1
        return self._csv(piece) if self._copy.form == "csv" else self._text(piece)

    def _text(self, line: bytes) -> bytes:
        cells = ended(line).split(self._copy.delimiter)
        self._check(len(cells))
        null = self._copy.null
        for index, rule in enumerate(self.rules):
            if rule is not None and cells[index] != null:
                hidden = hide(rule, unescaped(cells[index]).encode())
                cells[index] = null if hidden is None else escaped(hidden.decode("utf-8", "replace"), self._copy)
                self.masked += 1
        return (self._copy.delimiter.join(cells) + "\n").encode()

    def _csv(self, line: bytes) -> bytes:
        cells = csv_cells(ended(line), self._copy.delimiter)
        self._check(len(cells))
        null = self._copy.null
        out = []
        for (cell, unquoted), rule in zip(cells, self.rules, strict=True):
            if unquoted and cell == null:
                out.append(null)
            elif rule is None:
                out.append(cell if unquoted else csv_quoted(cell))
            else:
                hidden = hide(rule, cell.encode())
                out.append(null if hidden is None else csv_quoted(hidden.decode("utf-8", "replace")))
                self.masked += 1
        return (self._copy.delimiter.join(out) + "\n").encode()

    def _binary(self, piece: bytes, *, first: bool) -> bytes:
        """A header of 19 bytes and an extension before the first row, -1 in place of a count at the end."""
        at = 0
        if first:
            if not piece.startswith(SIGNATURE) or len(piece) < 19:
                raise WireError("a binary COPY without its header")
            at = 19 + struct.unpack_from("!i", piece, 15)[0]
        output = [piece[:at]]
        while at < len(piece):
            row, at = self._binary_row(piece, at)
            output.append(row)
        return b"".join(output)

    def _binary_row(self, piece: bytes, at: int) -> tuple[bytes, int]:
        try:
            (count,) = struct.unpack_from("!h", piece, at)
            if count == -1:
                return piece[at : at + 2], at + 2
            self._check(count)
            self.rows += 1
            output, at = [piece[at : at + 2]], at + 2
            for rule in self.rules:
                (length,) = struct.unpack_from("!i", piece, at)
                stop = at + 4 + max(length, 0)
                if length < -1 or stop > len(piece):
                    raise WireError("a field of a binary COPY that is longer than its row")
                output.append(
                    piece[at:stop] if rule is None or length == -1 else self._field(rule, piece[at + 4 : stop])
                )
                at = stop
        except struct.error:
            raise WireError("a binary COPY that breaks off") from None
        return b"".join(output), at

    def _field(self, rule: Rule, value: bytes) -> bytes:
        hidden = hide(rule, value)
        self.masked += 1
        return b"\xff\xff\xff\xff" if hidden is None else struct.pack("!i", len(hidden)) + hidden

    def _check(self, count: int) -> None:
        if count != len(self.rules):
            raise WireError("a row of a COPY with another number of fields than was described")


def ended(line: bytes) -> str:
    """A row without its line end. CSV and text end a row by a single newline on every platform over the wire."""
    if not line.endswith(b"\n"):
        raise WireError("a row of a COPY without its end")
    return line[:-1].decode("utf-8", "surrogateescape")


def unescaped(cell: str) -> str:
    if "\\" not in cell:
        return cell
    out, at = [], 0
    while at < len(cell):
        char = cell[at]
        if char == "\\" and at + 1 < len(cell):
            at += 1
            char = _ESCAPES.get(cell[at], cell[at])
        out.append(char)
        at += 1
    return "".join(out)


def escaped(text: str, copy: CopyOut) -> str:
    out = text.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")
    return out if copy.delimiter == "\t" else out.replace(copy.delimiter, "\\" + copy.delimiter)


def csv_quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"'


def csv_cells(text: str, delimiter: str) -> list[tuple[str, bool]]:
    """The fields of a CSV row, each with whether it stands without quotes: only then can it be NULL."""
    cells: list[tuple[str, bool]] = []
    at = 0
    while True:
        bare = not text.startswith('"', at)
        if bare:
            end = text.find(delimiter, at)
            cell, at = (text[at:], len(text)) if end < 0 else (text[at:end], end)
        else:
            cell, at = _quoted_cell(text, at + 1)
        cells.append((cell, bare))
        if at == len(text):
            return cells
        if text[at] != delimiter:
            raise WireError("a field of a CSV row that goes on after its quotes")
        at += 1


def _quoted_cell(text: str, at: int) -> tuple[str, int]:
    parts: list[str] = []
    while True:
        end = text.find('"', at)
        if end < 0:
            raise WireError("a field of a CSV row without its end")
        parts.append(text[at:end])
        if not text.startswith('"', end + 1):
            return "".join(parts), end + 1
        parts.append('"')
        at = end + 2

"""COPY TO STDOUT: which query tells the columns, and rows in text, CSV and binary."""

from __future__ import annotations

import struct

import pytest

from backends.errors import WireError
from backends.postgres.front_copy import SIGNATURE, CopyMasker, CopyOut, copy_out
from backends.postgres.rows_py import Kind, Rule

HIDE = Rule(Kind.CALL, call=lambda value: b"<" + str(len(value)).encode() + b">")
GONE = Rule(Kind.NULL)


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("COPY t TO STDOUT", 'SELECT * FROM ONLY "t"'),
        ('COPY s."T a" (b, "C""d") TO STDOUT', 'SELECT "b", "C""d" FROM ONLY "s"."T a"'),
        ("COPY (SELECT a, ')' FROM t WHERE f(x)) TO STDOUT", "SELECT a, ')' FROM t WHERE f(x)"),
        ("copy (select 1) to stdout with (format csv)", "select 1"),
        ("COPY (SELECT 1) TO STDOUT (NULL ')')", "SELECT 1"),
    ],
)
def test_the_columns_are_those_of_a_query(text: str, query: str) -> None:
    found = copy_out(text)
    assert found is not None
    assert found.query == query


@pytest.mark.parametrize("text", ["SELECT 1", "COPY t FROM STDIN", "COPY t TO '/tmp/x'", "COPY t TO PROGRAM 'x'"])
def test_what_is_no_copy_to_the_client_is_none(text: str) -> None:
    assert copy_out(text) is None


def test_options_under_which_rows_cannot_be_rewritten_are_named() -> None:
    found = copy_out("COPY t TO STDOUT (FORMAT csv, HEADER, FORCE_QUOTE *, ESCAPE '!')")
    assert found is not None
    assert (found.form, found.header, found.odd) == ("csv", True, "escape")


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        (b"1\tann\t\\N\n", b"1\t<3>\t\\N\n"),
        (b"1\t\\N\tx\n", b"1\t\\N\t\\N\n"),
        (b"a\\tb\ta\\tb\\\\\tx\n", b"a\\tb\t<4>\t\\N\n"),
        (b"1\t\tx\n", b"1\t<0>\t\\N\n"),
    ],
)
def test_text_rows(line: bytes, shown: bytes) -> None:
    assert CopyMasker(CopyOut("", "text"), [None, HIDE, GONE]).data(line) == shown


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        (b"1,ann,x\n", b'1,"<3>",\n'),
        (b'"a,b","x ""y"" z\nnext",\n', b'"a,b","<12>",\n'),
        (b'1,,""\n', b"1,,\n"),
        (b'1,"",x\n', b'1,"<0>",\n'),
    ],
)
def test_csv_rows(line: bytes, shown: bytes) -> None:
    masker = CopyMasker(CopyOut("", "csv", delimiter=",", null=""), [None, HIDE, GONE])
    assert masker.data(line) == shown


def test_a_header_passes_and_the_first_row_after_it_does_not() -> None:
    masker = CopyMasker(CopyOut("", "csv", header=True, delimiter=",", null=""), [HIDE])
    assert masker.data(b"email\n") == b"email\n"
    assert masker.data(b"email\n") == b'"<5>"\n'
    assert (masker.rows, masker.masked) == (1, 1)


def test_binary_rows_with_header_and_end() -> None:
    header = SIGNATURE + struct.pack("!ii", 0, 0)
    one = struct.pack("!hi", 2, 1) + b"a" + struct.pack("!i", 3) + b"ann"
    two = struct.pack("!hii", 2, -1, -1)
    masker = CopyMasker(CopyOut("", "binary"), [None, HIDE])
    assert masker.data(header + one) == header + struct.pack("!hi", 2, 1) + b"a" + struct.pack("!i", 3) + b"<3>"
    assert masker.data(two) == two
    assert masker.data(b"\xff\xff") == b"\xff\xff"


@pytest.mark.parametrize(
    ("form", "piece"),
    [
        ("text", b"one\n"),
        ("text", b"a\tb\tc\n"),
        ("text", b"a\tb"),
        ("csv", b'"open,b\n'),
        ("csv", b'"a"x,b\n'),
        ("csv", b"a,b,c\n"),
        ("binary", b"no header"),
        ("binary", SIGNATURE + b"\0" * 8 + struct.pack("!hi", 2, 5) + b"ab"),
        ("binary", SIGNATURE + b"\0" * 8 + struct.pack("!hi", 1, 1) + b"a"),
        ("binary", SIGNATURE + b"\0" * 8 + struct.pack("!h", 2)),
    ],
)
def test_a_row_of_another_shape_is_an_error_and_never_output(form: str, piece: bytes) -> None:
    masker = CopyMasker(CopyOut("", form, delimiter="," if form == "csv" else "\t"), [None, HIDE])
    with pytest.raises(WireError):
        masker.data(piece)

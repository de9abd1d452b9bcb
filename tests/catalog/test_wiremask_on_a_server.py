"""Masked wire bytes are values of their type to a real PostgreSQL and to real clients, in both formats."""

from __future__ import annotations

from collections.abc import Iterator

import asyncpg
import psycopg
import pytest
from psycopg import pq

from catalog.cellmask import Manner, cell_mask
from catalog.maskkey import Keyed, MaskKey
from catalog.maskkinds import FITTING, KINDS
from catalog.model import Label
from catalog.wiremask import wire_mask
from tests.support.servers.postgres import Server, start_postgres

VALUES: dict[str, tuple[str, ...]] = {
    "text": ("jane@example.com", "+49 170 1234567", "4242424242424242", "", "Größe 東京"),
    "varchar(10)": ("jane@x.de", "0123456789"),
    "char(12)": ("a@b.de", "123456789"),
    "smallint": ("-7", "32767"),
    "integer": ("0", "-1", "123456789", "2147483647"),
    "bigint": ("4155550123", "-9223372036854775808", "42"),
    "numeric": ("0", "52.520008", "-123456789012", "0.00001", "10000", "1e20", "-0.5", "NaN",
                "98765432109876543210.123"),
    "numeric(12,2)": ("1234567890.12", "0.10"),
    "real": ("52.52", "Infinity"),
    "double precision": ("-13.404954", "1e300", "0"),
    "boolean": ("true",),
    "date": ("1987-06-05", "1901-01-01", "infinity", "0044-03-15 BC", "2024-02-29"),
    "timestamp": ("1987-06-05 12:30:00.123456", "infinity", "1999-12-31 23:59:59"),
    "timestamptz": ("1987-06-05 12:30:00+02", "-infinity"),
    "uuid": ("f81d4fae-7dec-11d0-a765-00a0c91e6bf6",),
    "json": ('{"mail": ["jane@example.com", 12345678901234567890, null, true], "mail": 1.5}', '"x"'),
    "jsonb": ('{"mail": ["jane@example.com", 12345678901234567890, null, true], "x y": 1.5}', "[]"),
    "inet": ("203.0.113.7", "203.0.113.7/25", "2001:db8:1:2::9", "::1/64"),
    "cidr": ("203.0.113.0/24", "2001:db8::/32", "198.51.100.7/32"),
    "macaddr": ("08:00:2b:01:02:03",),
    "macaddr8": ("08:00:2b:01:02:03:04:05",),
    "point": ("(52.520008,13.404954)",),
    "text[]": ('{jane@example.com,NULL,"a b",""}', "{{a@b.de,c@d.fr},{x,y}}", "{}", "[2:3]={a@b.de,x}"),
    "date[]": ("{1987-06-05,NULL}",),
    "bigint[]": ("{4155550123,NULL}",),
    "inet[]": ("{203.0.113.7}",),
    "jsonb[]": ('{"{\\"a\\": \\"jane@example.com\\"}"}',),
    "bytea": ("\\x616263",),
    "interval": ("1 day",),
    "tsvector": ("fat cat",),
    "int4range": ("[1,5)",),
    "money": ("12.50",),
    "time": ("12:30",),
    "xml": ("<a/>",),
    "box": ("(1,1),(0,0)",),
    "mood": ("happy",),
    "mood[]": ("{happy}",),
}  # fmt: skip
MANNERS = [(label, kind) for label, kinds in FITTING.items() for kind in KINDS if kind in kinds]


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with start_postgres() as server:
        yield server


@pytest.fixture(scope="module")
def db(server: Server) -> Iterator[psycopg.Connection]:
    with psycopg.connect(server.dsn(), autocommit=True) as connection:
        connection.execute("CREATE TYPE mood AS ENUM ('happy', 'sad')")
        yield connection


def raw(db: psycopg.Connection, type_name: str, value: str, *, binary: bool) -> bytes:
    """What PostgreSQL sends for the value in this format."""
    text = f"SELECT $1::{type_name}".encode()
    found = db.pgconn.exec_params(text, [value.encode()], result_format=int(binary))
    got = found.get_value(0, 0)
    assert got is not None, found.error_message
    return got


def text_of(db: psycopg.Connection, type_name: str, sent: bytes | None, *, binary: bool) -> bytes | None:
    """What PostgreSQL takes the bytes for, in its own text form. Fails if it does not take them."""
    query = f"SELECT $1::{type_name}".encode()
    oid = db.pgconn.exec_params(query, [None]).ftype(0)
    found = db.pgconn.exec_params(query, [sent], param_types=[oid], param_formats=[int(binary)], result_format=0)
    assert found.status == pq.ExecStatus.TUPLES_OK, found.error_message
    return found.get_value(0, 0)


@pytest.mark.parametrize("type_name", VALUES)
def test_postgres_takes_every_mask_of_every_type_for_a_value_and_both_formats_agree(
    db: psycopg.Connection, type_name: str
) -> None:
    keyed = Keyed(MaskKey("k", bytes(range(32))))
    for value in VALUES[type_name]:
        sources = {binary: raw(db, type_name, value, binary=binary) for binary in (False, True)}
        for label, kind in MANNERS:
            mask = cell_mask(label, type_name, Manner(kinds={label: kind}, keyed=keyed, year=2026))
            hidden = {
                binary: wire_mask(mask, type_name=type_name, binary=binary)(source)
                for binary, source in sources.items()
            }
            told = {binary: text_of(db, type_name, sent, binary=binary) for binary, sent in hidden.items()}
            assert told[True] in (told[False], None), (label, kind, value)
            empty = value in ("[]", "{}")
            assert kind == "generalise" or empty or told[False] != sources[False], (label, kind, value)


@pytest.mark.parametrize(
    ("type_name", "label", "kind"),
    [
        ("text", Label.EMAIL, "partial"),
        ("numeric", Label.GEO, "generalise"),
        ("double precision", Label.GEO, "generalise"),
        ("date", Label.DOB, "generalise"),
        ("timestamp", Label.DOB, "generalise"),
        ("timestamptz", Label.DOB, "generalise"),
        ("bigint", Label.MRN, "pseudonym"),
        ("numeric(12,2)", Label.MRN, "null"),
        ("uuid", Label.MRN, "pseudonym"),
        ("inet", Label.IP, "generalise"),
        ("cidr", Label.IP, "pseudonym"),
        ("macaddr", Label.IP, "generalise"),
        ("point", Label.GEO, "generalise"),
        ("jsonb", Label.EMAIL, "partial"),
        ("json", Label.EMAIL, "redact"),
        ("text[]", Label.EMAIL, "pseudonym"),
        ("date[]", Label.DOB, "generalise"),
        ("bigint[]", Label.MRN, "fpe"),
    ],
)
def test_binary_masks_are_the_text_masks(db: psycopg.Connection, type_name: str, label: Label, kind: object) -> None:
    """Not merely NULL: each of these types has a binary form that is written here."""
    mask = cell_mask(label, type_name, Manner(kinds={label: kind}, keyed=Keyed(MaskKey("k", bytes(32)))))  # type: ignore[dict-item]
    value = VALUES[type_name][0] if type_name != "numeric" else "52.520008"
    text, binary = (
        text_of(db, type_name, wire_mask(mask, type_name=type_name, binary=kind_of)(
            raw(db, type_name, value, binary=kind_of)), binary=kind_of)
        for kind_of in (False, True)
    )  # fmt: skip
    assert text == binary
    assert (text is None) == (kind == "null")


@pytest.mark.anyio
async def test_clients_read_what_was_written_masked(server: Server, db: psycopg.Connection) -> None:
    """asyncpg asks for binary, psycopg for either."""
    keyed = Keyed(MaskKey("k", bytes(32)))
    columns = {"email": ("text", Label.EMAIL), "born": ("date", Label.DOB), "host": ("inet", Label.IP),
               "place": ("numeric", Label.GEO),
               "ids": ("bigint[]", Label.MRN), "doc": ("jsonb", Label.EMAIL)}  # fmt: skip
    values = ("jane@example.com",
              "1987-06-05", "203.0.113.7", "52.520008", "{4155550123}", '{"m": "jane@example.com"}')  # fmt: skip
    db.execute("CREATE TABLE masked (" + ", ".join(f"{name} {kind}" for name, (kind, _) in columns.items()) + ")")
    sent = []
    for (type_name, label), value in zip(columns.values(), values, strict=True):
        mask = cell_mask(label, type_name, Manner(kinds={Label.MRN: "pseudonym"}, keyed=keyed))
        sent.append(wire_mask(mask, type_name=type_name, binary=True)(raw(db, type_name, value, binary=True)))
    done = db.pgconn.exec_params(b"INSERT INTO masked VALUES ($1,$2,$3,$4,$5,$6)", sent, param_formats=[1] * 6)
    assert done.status == pq.ExecStatus.COMMAND_OK, done.error_message
    connection = await asyncpg.connect(server.dsn())
    try:
        found = await connection.fetchrow("SELECT email, born, host::text, place, ids, doc::text FROM masked")
    finally:
        await connection.close()
    assert found is not None
    row = tuple(found)
    for binary in (False, True):
        with db.cursor(binary=binary) as cursor:
            cursor.execute("SELECT email, born, host::text, place, ids, doc::text FROM masked")
            assert cursor.fetchone() == row
    assert [str(cell) for cell in row[:4]] == ["j***@e***.com", "1987-01-01", "203.0.113.0/32", "52.5"]
    assert row[5] == '{"m": "j***@e***.com"}'

"""Made-up values that look real to detection, planted in a scratch schema and taken out again. PostgreSQL only.

Every value is from a range reserved for examples, or passes its check digits without belonging to anybody.
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from catalog.model import Label, Login, Resource
from server.secrets import exposed

ROWS = 12
TABLE = "people"
PREFIX = "warded_canary_"


@dataclass(frozen=True, slots=True)
class Canary:
    """One planted column and what each of its cells holds."""

    label: Label
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Planted:
    schema: str
    columns: Mapping[str, Canary]


_GIVEN = ("Anna", "Marco", "Zofia", "Lena", "Pierre", "Ingrid", "Tomas", "Elena", "David", "Maria", "Paul", "Nina")
_FAMILY = (
    "Berg", "Rossi", "Nowak", "Vogel", "Dubois", "Larsen", "Novak", "Garcia", "Cohen", "Silva", "Weber", "Horvat",
)  # fmt: skip
_CARDS = ("4242424242424242", "5555555555554444", "4000056655665556", "378282246310005")
_IBANS = ("DE89370400440532013000", "GB82WEST12345698765432", "FR1420041010050500013M02606")


def canaries() -> Mapping[str, Canary]:
    """By column name, a row's cells at the same index."""
    people = [f"{given} {family}" for given, family in zip(_GIVEN, _FAMILY, strict=True)]
    mails = [f"{name.lower().replace(' ', '.')}@example.org" for name in people]
    made = {
        "full_name": (Label.PERSON, people),
        "email": (Label.EMAIL, mails),
        "phone": (Label.PHONE, [f"+1 212 555 01{number:02d}" for number in range(10, 10 + ROWS)]),
        "date_of_birth": (Label.DOB, [f"19{60 + number}-0{1 + number % 8}-1{number % 9}" for number in range(ROWS)]),
        "card_number": (Label.CREDIT_CARD, [_CARDS[number % len(_CARDS)] for number in range(ROWS)]),
        "iban": (Label.IBAN, [_IBANS[number % len(_IBANS)] for number in range(ROWS)]),
        "ssn": (Label.SSN, [f"219-09-{9900 + number}" for number in range(ROWS)]),
        "password_hash": (Label.PASSWORD, [f"$2b$12${secrets.token_hex(26)}n" for _ in range(ROWS)]),
        "c7": (Label.EMAIL, [f"see {mail} for it" for mail in mails]),
    }
    return MappingProxyType({name: Canary(label, tuple(values)) for name, (label, values) in made.items()})


@asynccontextmanager
async def planted(resource: Resource) -> AsyncIterator[Planted]:
    """The schema while it stands. Raises OSError and asyncpg's errors; the schema is dropped whatever happens."""
    columns = canaries()
    schema = f"{PREFIX}{secrets.token_hex(4)}"
    connection = await _connect(resource)
    try:
        await connection.execute(f"CREATE SCHEMA {schema}")
        try:
            spelt = ", ".join(f"{name} text" for name in columns)
            await connection.execute(f"CREATE TABLE {schema}.{TABLE} ({spelt})")
            places = ", ".join(f"${number}" for number in range(1, len(columns) + 1))
            rows = list(zip(*(canary.values for canary in columns.values()), strict=True))
            await connection.executemany(f"INSERT INTO {schema}.{TABLE} VALUES ({places})", rows)
            await _readable(connection, resource, schema)
            yield Planted(schema, columns)
        finally:
            await connection.execute(f"DROP SCHEMA {schema} CASCADE")
    finally:
        await connection.close()


async def _connect(resource: Resource) -> Any:
    import asyncpg

    login: Login = resource.scanner or resource.logins[-1]
    parts = urlsplit(resource.address)
    return await asyncpg.connect(
        dsn=parts._replace(scheme="postgresql").geturl(),
        user=login.user,
        password=exposed(login.password) if login.password else None,
        timeout=10,
        command_timeout=30,
    )


async def _readable(connection: Any, resource: Resource, schema: str) -> None:
    """Every account of the resource may read it, as it may read other tables."""
    for user in {login.user for login in resource.logins}:
        quoted = '"' + user.replace('"', '""') + '"'
        await connection.execute(f"GRANT USAGE ON SCHEMA {schema} TO {quoted}")
        await connection.execute(f"GRANT SELECT ON {schema}.{TABLE} TO {quoted}")

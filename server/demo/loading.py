"""Puts schema, rows and roles into the demo's database, and puts back the one row that the story changes."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping
from importlib.resources import files
from typing import TYPE_CHECKING

import asyncpg

from server.demo.database import DATABASE, Database
from server.demo.shop import GENERATOR_VERSION, SEED, Table, generate

if TYPE_CHECKING:
    Connection = asyncpg.Connection[asyncpg.Record]

# Who may do what: Warded picks among these by the person's groups. None of them owns anything.
ROLES: Mapping[str, tuple[str, ...]] = {
    "warded_reader": (
        "GRANT USAGE ON SCHEMA shop TO {role}",
        "GRANT SELECT ON ALL TABLES IN SCHEMA shop TO {role}",
    ),
    "warded_writer": (
        "GRANT USAGE ON SCHEMA shop TO {role}",
        "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA shop TO {role}",
    ),
    "warded_hr": (
        "GRANT USAGE ON SCHEMA hr TO {role}",
        "GRANT SELECT ON ALL TABLES IN SCHEMA hr TO {role}",
    ),
    "warded_scanner": (
        "GRANT USAGE ON SCHEMA shop, hr TO {role}",
        "GRANT SELECT ON ALL TABLES IN SCHEMA shop, hr TO {role}",
    ),
}
STORY_ORDER = 7


def new_passwords() -> dict[str, str]:
    return {role: secrets.token_urlsafe(18) for role in ROLES}


async def is_loaded(database: Database) -> bool:
    """Whether the rows of this generator are all there: the mark is written last, in its own transaction."""
    try:
        connection = await _connect(database)
    except asyncpg.InvalidCatalogNameError:
        return False
    try:
        mark = await connection.fetchval("SELECT obj_description('shop'::regnamespace)")
    except asyncpg.InvalidSchemaNameError:
        return False
    finally:
        await connection.close()
    return bool(mark == _mark())


async def load(database: Database) -> int:
    """(Re)make the database and fill it; answers the number of rows."""
    tables = await asyncio.to_thread(generate, SEED)
    admin = await _connect(database, "postgres")
    try:
        await admin.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
        await admin.execute(f"CREATE DATABASE {DATABASE}")
        await admin.execute(f"ALTER DATABASE {DATABASE} SET search_path = shop")
        await admin.execute(f"REVOKE ALL ON DATABASE {DATABASE} FROM PUBLIC")
    finally:
        await admin.close()
    connection = await _connect(database)
    try:
        await connection.execute(_script("schema.sql"))
        for table in tables:
            await _copy(connection, table)
        await connection.execute(_script("constraints.sql"))
        await connection.execute(f"COMMENT ON SCHEMA shop IS '{_mark()}'")
    finally:
        await connection.close()
    return sum(len(table.rows) for table in tables)


async def set_roles(database: Database, passwords: Mapping[str, str]) -> None:
    """Make the roles or give them these passwords; rights are granted anew each time."""
    connection = await _connect(database)
    try:
        async with connection.transaction():
            for role, grants in ROLES.items():
                if not await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", role):
                    await connection.execute(f"CREATE ROLE {role} NOINHERIT CONNECTION LIMIT 30")
                # Ours, out of the URL-safe alphabet: nothing to quote.
                await connection.execute(f"ALTER ROLE {role} LOGIN PASSWORD '{passwords[role]}'")
                await connection.execute(f"GRANT CONNECT ON DATABASE {DATABASE} TO {role}")
                for grant in grants:
                    await connection.execute(grant.format(role=role))
    finally:
        await connection.close()


async def reset_story(database: Database) -> None:
    """The order that the story ships is packed again, so that it can be told once more."""
    connection = await _connect(database)
    try:
        await connection.execute("UPDATE shop.orders SET status = 'packed' WHERE id = $1", STORY_ORDER)
    finally:
        await connection.close()


async def _connect(database: Database, name: str = DATABASE) -> Connection:
    return await asyncpg.connect(database.superuser_url(name))


async def _copy(connection: Connection, table: Table) -> None:
    await connection.copy_records_to_table(
        table.name, schema_name=table.schema, columns=list(table.columns), records=table.rows
    )


def _script(name: str) -> str:
    return files("server.demo").joinpath(name).read_text(encoding="utf-8")


def _mark() -> str:
    return f"warded demo, generator {GENERATOR_VERSION}, seed {SEED}"

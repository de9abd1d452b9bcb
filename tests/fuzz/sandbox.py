"""A scratch PostgreSQL with something of everything, and pictures of it that show any change.

A picture is cheap: the write-ahead log's position, the next transaction number, sequences, locks, the folders' times.
Only where one of these moved is the whole server compared: every row of every table and catalog with its place and
transaction, every file outside of the tables.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg.pq import ExecStatus, TransactionStatus

from tests.fuzz.expressions import FRAGMENTS, Found
from tests.support.servers.postgres import Server, start_postgres

SCHEMA = """
CREATE SCHEMA sales;
CREATE SEQUENCE counter; CREATE SEQUENCE sales.numbers;
CREATE TABLE orders (
    id serial PRIMARY KEY, total numeric, note text, customer_id int, created timestamptz DEFAULT now()
);
CREATE TABLE customers (id int PRIMARY KEY, name text, email text, ssn text);
CREATE TABLE audit (id int, note text);
CREATE TABLE sales.invoices (id int, note text);
CREATE TABLE parts (id int, note text) PARTITION BY RANGE (id);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (100);
CREATE UNLOGGED TABLE loose (id int, note text);
INSERT INTO orders (total, note, customer_id) SELECT n, 'note ' || n, n % 5 FROM generate_series(1, 20) n;
INSERT INTO customers SELECT n, 'name ' || n, n || '@example.com', 'CANARY-' || n FROM generate_series(1, 5) n;
INSERT INTO audit VALUES (1, 'x'); INSERT INTO sales.invoices VALUES (1, 'x'); INSERT INTO parts VALUES (1, 'x');
INSERT INTO loose VALUES (1, 'x');
CREATE VIEW v_orders AS SELECT id, total, note FROM orders;
CREATE MATERIALIZED VIEW m_orders AS SELECT * FROM orders;
CREATE INDEX i ON orders USING brin (created);
CREATE FUNCTION touch() RETURNS int LANGUAGE sql AS 'INSERT INTO audit VALUES (2) RETURNING 1';
CREATE FUNCTION peek() RETURNS bigint LANGUAGE sql STABLE AS 'SELECT count(*) FROM orders';
CREATE FUNCTION trg() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE PROCEDURE proc() LANGUAGE sql AS 'DELETE FROM audit';
SELECT lo_from_bytea(4711, 'large');
"""
SETTINGS = {
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "checkpoint_timeout": "1d",
    "max_wal_size": "4GB",
    "temp_file_limit": "64MB",
    "max_prepared_transactions": "4",
}
CHEAP = """
SELECT pg_current_wal_insert_lsn()::text || pg_snapshot_xmax(pg_current_snapshot())::text
    || (SELECT last_value || is_called::text FROM counter) || (SELECT last_value || is_called::text FROM orders_id_seq)
    || (SELECT last_value || is_called::text FROM sales.numbers)
    || (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory') || (SELECT count(*) FROM pg_prepared_xacts)
    || (SELECT count(*) FROM pg_replication_slots) || (SELECT count(*) FROM pg_listening_channels())
"""
STANDING = """
SELECT session_user || current_user || coalesce(string_agg(name || CASE
    WHEN name = 'default_transaction_read_only' THEN '' WHEN name ~ 'timeout' THEN (setting <> '0')::text
    ELSE setting END, ' ' ORDER BY name), '') FROM pg_settings
WHERE name IN ('search_path', 'session_replication_role', 'row_security', 'statement_timeout', 'lock_timeout',
    'log_statement', 'role', 'session_authorization', 'standard_conforming_strings')
    OR (name = 'default_transaction_read_only' AND setting = 'off' AND reset_val = 'on')
"""
"""Who the session is and what it may do. A read-only session and any time limit are as good as what was there."""
RELATIONS = """
SELECT format('%I.%I', nspname, relname), relkind = 'S' FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace
WHERE relkind IN ('r', 'm', 'S') AND nspname NOT IN ('information_schema') ORDER BY 1
"""
CATALOGS = """
SELECT format('%I.%I', nspname, relname) FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace
WHERE relkind IN ('r', 'v') AND nspname IN ('pg_catalog', 'information_schema') ORDER BY 1
"""
CALLS = """
SELECT proname || '(' || coalesce((SELECT string_agg(format_type(t, NULL), ';' ORDER BY n)
    FROM unnest(proargtypes) WITH ORDINALITY a(t, n)), '') || ')'
FROM pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace AND prokind IN ('f', 'a')
    AND NOT proargtypes::oid[] && ARRAY['internal', 'cstring', 'trigger']::regtype[]::oid[]
    AND prorettype <> ALL (ARRAY['internal', 'trigger', 'event_trigger']::regtype[])
    AND proname !~ '^pg_(sleep|promote|terminate|rotate)' ORDER BY 1
"""
VALUES: Mapping[str, str] = dict(pair.split(" = ") for pair in FRAGMENTS["values"])
"""Type → a literal of it."""
IGNORED_FOLDERS = frozenset(
    {"base", "pg_wal", "pg_xact", "pg_subtrans", "pg_stat", "pg_stat_tmp", "pg_multixact", "global", "pgsql_tmp"}
)
IGNORED_FILES = frozenset({"log", "postmaster.pid"})

Picture = Mapping[str, str]


@dataclass(slots=True)
class Outcome:
    """What became of a statement that ran: `changed` names what differs afterwards."""

    failed: bool
    changed: tuple[str, ...]


class Sandbox:
    """One database of a scratch server, watched from a connection of its own. Both connections are the superuser's."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self.folder = server.folder / "home" / "reach"
        self._template = server.create_database(prefix="template")
        server.psql(SCHEMA, database=self._template)
        server.psql("VACUUM (FREEZE, ANALYZE)", database=self._template)
        self._open()

    def close(self) -> None:
        self._observer.close()
        self._actor.close()

    def reset(self) -> None:
        """A fresh database; what was changed outside of it becomes the new picture."""
        self.close()
        self._open()

    def _open(self) -> None:
        self._database = self._server.create_database(template=self._template)
        self._observer = psycopg.connect(self._server.dsn(self._database), autocommit=True)
        self._observer.execute("SET jit = off")
        self._actor = self._connect()
        self._standing = self._ask(STANDING)
        self._cheap, self._whole = self._glance(), self._look()
        self._cheap = self._glance()

    def found(self) -> Found:
        """What the server has that statements may use."""
        calls = [_call(row[0]) for row in self._observer.execute(CALLS)]
        return Found(calls, [row[0] for row in self._observer.execute(CATALOGS)])

    def run(self, text: str) -> Outcome:
        """Run it plainly, as psql would send it, then as the gateway does; tell what changed."""
        failed = self._plainly(text)
        standing = self._standing_after()
        changed = (*standing, *self._changes())
        if not changed:
            failed = self._as_the_gateway(text) and failed
            changed = self._changes()
        return Outcome(failed, changed)

    def whole(self) -> tuple[str, ...]:
        """What differs now from the last whole picture, whatever the cheap one shows."""
        seen = self._look()
        return tuple(
            sorted(name for name in seen.keys() | self._whole.keys() if seen.get(name) != self._whole.get(name))
        )

    def _connect(self) -> psycopg.Connection[tuple[str, ...]]:
        options = "-c statement_timeout=300 -c work_mem=1MB -c lock_timeout=200"
        return psycopg.connect(
            self._server.dsn(self._database), autocommit=True, prepare_threshold=None, options=options
        )

    def _plainly(self, text: str) -> bool:
        pg = self._actor.pgconn
        pg.send_query(text.encode())
        return self._finish()

    def _as_the_gateway(self, text: str) -> bool:
        """The extended protocol in a READ ONLY transaction."""
        if self._actor.closed:
            self._actor = self._connect()
        self._actor.execute("DISCARD ALL")
        self._actor.pgconn.exec_(b"BEGIN READ ONLY")
        self._actor.pgconn.send_query_params(text.encode(), [])
        return self._finish()

    def _finish(self) -> bool:
        """Take every answer, then COMMIT: a ROLLBACK would hide what was done. Tells whether it failed."""
        pg, failed = self._actor.pgconn, False
        while (result := pg.get_result()) is not None:
            if result.status == ExecStatus.COPY_OUT:
                while pg.get_copy_data(0)[0] > 0:
                    pass
            elif result.status == ExecStatus.COPY_IN:
                pg.put_copy_end(b"nothing to say")
            failed = failed or result.status == ExecStatus.FATAL_ERROR
        if pg.transaction_status not in (TransactionStatus.IDLE, TransactionStatus.UNKNOWN):
            pg.exec_(b"COMMIT")
        return failed

    def _standing_after(self) -> tuple[str, ...]:
        """Whether the session is still who and what it was; then it is made new."""
        try:
            now = str(self._actor.execute(STANDING).fetchall()[0][0])
        except psycopg.OperationalError:
            self._actor.close()
            self._actor = self._connect()
            return ()
        return () if now == self._standing else ("session",)

    def _changes(self) -> tuple[str, ...]:
        glance = self._glance()
        if glance == self._cheap:
            return ()
        changed = self.whole()
        self._cheap = self._glance()
        return changed

    def _ask(self, sql: str) -> str:
        return str(self._actor.execute(sql.encode()).fetchall()[0][0])

    def _glance(self) -> str:
        row = self._observer.execute(CHEAP).fetchone()
        assert row is not None
        times = [place.stat().st_mtime_ns for place in (self.folder, self._data, self._data / "pg_snapshots")]
        return f"{row[0]} {times}"

    @property
    def _data(self) -> Path:
        return self._server.folder / "home" / "data"

    def _look(self) -> Picture:
        locks = "SELECT count(*)::text FROM pg_locks WHERE locktype = 'advisory'"
        settings = "SELECT md5(string_agg(name || setting, ' ' ORDER BY name)) FROM pg_settings WHERE name !~ 'in_hot'"
        seen = {"advisory locks": self._value(locks), "settings": self._value(settings)}
        for name, sequence in self._observer.execute(RELATIONS).fetchall():
            row = "last_value, is_called" if sequence else "ctid, xmin, xmax, to_jsonb(t)"
            seen[name] = self._value(f"SELECT md5(string_agg(concat({row}), ' ')) FROM {name} t")
        return seen | dict(self._files())

    def _value(self, sql: str) -> str:
        return str(self._observer.execute(sql.encode()).fetchall()[0][0])

    def _files(self) -> Iterator[tuple[str, str]]:
        pending = [self._server.folder / "home"]
        while pending:
            for place in pending.pop().iterdir():
                if place.is_dir() and place.name not in IGNORED_FOLDERS:
                    pending.append(place)
                elif place.is_file() and place.name not in IGNORED_FILES:
                    yield f"file {place.name}", hashlib.sha256(place.read_bytes()).hexdigest()


def _call(signature: str) -> str:
    name, _, types = signature[:-1].partition("(")
    arguments = [VALUES.get(kind, f"NULL::{kind}") for kind in types.split(";") if kind]
    return f"{name}({', '.join(arguments)})"


@contextmanager
def open_sandbox() -> Iterator[Sandbox]:
    """A server of its own, with a folder that it may write to."""
    with start_postgres(settings=SETTINGS) as server:
        server.psql("CREATE ROLE reader")
        folder = server.folder / "home" / "reach"
        folder.mkdir(mode=0o777)
        folder.chmod(0o777)
        (folder / "in.txt").write_text("in")
        with closing(Sandbox(server)) as sandbox:
            yield sandbox

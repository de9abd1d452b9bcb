"""Statements of PostgreSQL's grammar, as hypothesis strategies that give text: most harmless on the face of it."""

from __future__ import annotations

from hypothesis import strategies as st

from tests.fuzz import typed
from tests.fuzz.expressions import COLUMNS, FRAGMENTS, SEQUENCES, TABLES, WRITABLE, Found, Text, expressions, names

SIMPLE_QUERIES = st.sampled_from(
    ("SELECT 1", "SELECT id FROM orders", "SELECT max(id) FROM customers", "VALUES (1)", "SELECT nextval('counter')",
     "TABLE orders", "SELECT email FROM customers c WHERE c.id = 1", "SELECT touch()", "SELECT 1 FOR UPDATE")
)  # fmt: skip
COMMENTS = st.sampled_from(
    (" ", " ", " ", "\n", "/**/", " /* ; DROP TABLE orders */ ", " -- x\n", "\t", "/* /* */ */ ")
)
SETTINGS = (
    "work_mem", "role", "search_path", "transaction_read_only", "default_transaction_read_only", "statement_timeout",
    "session_authorization", "session_replication_role", "row_security", "timezone", "datestyle", "log_statement",
    "enable_seqscan", "standard_conforming_strings", "application_name", "client_encoding", "my.own",
)  # fmt: skip


def statements(found: Found) -> Text:
    """One text: mostly one statement, in odd writing, sometimes several."""
    one = _statement(found)
    several = st.builds("{}; {}".format, one, one)
    wild = st.builds(_written, st.one_of(one, one, one, one, several), st.lists(COMMENTS, max_size=6))
    return st.one_of(wild, typed.queries(found))


def _written(text: str, gaps: list[str]) -> str:
    """Other gaps between words, as far as no literal is torn."""
    if any(mark in text for mark in ("'", '"', "$")):
        return f"{gaps[0]}{text}" if gaps else text
    words = text.split(" ")
    return "".join(word + (gaps[i % len(gaps)] if gaps else " ") for i, word in enumerate(words))


def _statement(found: Found) -> Text:
    simple = expressions(found, SIMPLE_QUERIES)
    select = selects(found, simple)
    query = st.one_of(select, _with(found, select, simple))
    write = writes(simple, query)
    reading = st.one_of(query, query, query, _reading(query, write))
    return st.one_of(reading, reading, reading, write, _utility(query, write), definitions(query, simple))


def selects(found: Found, simple: Text) -> Text:
    inner = st.builds("(SELECT {} AS id, {} AS email) o".format, simple, simple)
    relation = st.one_of(
        names(TABLES), names(TABLES), names(found.relations), inner, st.builds("{} o".format, names(TABLES))
    )
    joined = st.one_of(
        relation,
        st.builds("{} a, {} c".format, names(TABLES), names(TABLES)),
        st.builds("{} c JOIN {} o ON {}".format, names(TABLES), names(TABLES), simple),
        st.builds("LATERAL {} f".format, st.sampled_from(found.calls)),
        st.builds("ROWS FROM ({}) f".format, st.sampled_from(found.calls)),
        st.builds("{} TABLESAMPLE SYSTEM (50)".format, names(("orders", "customers"))),
    )
    plain = st.builds(
        "SELECT {}{} FROM {}{}{}".format,
        st.sampled_from(("", "", "DISTINCT ", "ALL ", "DISTINCT ON (id) ")),
        st.one_of(simple, st.builds("{}, {} AS x".format, simple, simple), st.just("*"), st.sampled_from(COLUMNS)),
        joined,
        st.one_of(st.just(""), st.builds(" WHERE {}".format, simple)),
        st.one_of(st.sampled_from(TAILS), st.builds(" ORDER BY {} LIMIT 3".format, simple)),
    )
    bare = st.builds("SELECT {}".format, simple)
    union = st.builds("{} {} {}".format, bare, st.sampled_from(("UNION", "UNION ALL", "EXCEPT", "INTERSECT")), bare)
    return st.one_of(plain, plain, bare, union, st.builds("VALUES ({})".format, simple))


TAILS = FRAGMENTS["tails"]


def _with(found: Found, select: Text, simple: Text) -> Text:
    write = writes(simple, select)
    return st.one_of(
        st.builds("WITH w AS ({}) SELECT * FROM w".format, select),
        st.builds("WITH w AS ({} RETURNING *) SELECT * FROM w".format, write),
        st.builds("WITH w AS MATERIALIZED ({}), o AS ({}) SELECT 1".format, select, select),
        st.builds(
            "WITH RECURSIVE w(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM w WHERE n < 9) SELECT {} FROM w".format,
            simple,
        ),
        st.builds("WITH {} AS ({}) SELECT * FROM {}".format, names(WRITABLE[:3]), select, names(TABLES)),
    )


def writes(simple: Text, query: Text) -> Text:
    table = names(WRITABLE)
    return st.one_of(
        st.builds("INSERT INTO {} {}".format, table, query),
        st.builds("INSERT INTO {} DEFAULT VALUES".format, table),
        st.builds("INSERT INTO {} (id) VALUES ({}) ON CONFLICT DO NOTHING".format, table, simple),
        st.builds("UPDATE {} SET note = {}".format, table, simple),
        st.builds("UPDATE {} SET id = id WHERE {}".format, table, simple),
        st.builds("DELETE FROM {} WHERE {}".format, table, simple),
        st.builds("DELETE FROM {}".format, table),
        st.builds("MERGE INTO {} t USING customers s ON t.id = s.id WHEN MATCHED THEN DELETE".format, table),
        st.builds("TRUNCATE {}".format, table),
    )


def _reading(query: Text, write: Text) -> Text:
    """Statements that look like reads around others."""
    either = st.one_of(query, query, write)
    option = st.sampled_from(FRAGMENTS["readings"])
    return st.builds(lambda frame, inner: frame.replace("{}", inner), option, either)


def _utility(query: Text, write: Text) -> Text:
    fixed = st.sampled_from(FRAGMENTS["utilities"])
    setting = st.builds(
        "{} {} = {}".format,
        st.sampled_from(("SET", "SET LOCAL", "SET SESSION")),
        st.sampled_from(SETTINGS),
        st.sampled_from(("DEFAULT", "'on'", "off", "'1'", "postgres", "'UTC'")),
    )
    return st.one_of(fixed, setting, st.builds("RESET {}".format, st.sampled_from(SETTINGS)))


def definitions(query: Text, simple: Text) -> Text:
    thing = names(WRITABLE)
    frames = st.sampled_from(FRAGMENTS["definitions"])
    return st.builds(
        lambda frame, t, s, q, e: frame.replace("{t}", t).replace("{s}", s).replace("{q}", q).replace("{e}", e),
        frames,
        thing,
        names(SEQUENCES),
        query,
        simple,
    )

"""Somebody who may not see e-mail addresses tries to find one out, question by question, through the real gateway."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.journeys.test_bounds import rewrite
from tests.support.clients.mcp_http import call
from tests.support.gateway import POLICY, Running

pytestmark = pytest.mark.anyio

EMAIL = "person7@example.org"  # of the customer with id 7
LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789@."

ORACLES = [
    "SELECT id FROM shop.customers WHERE id = 7 AND email LIKE '{0}%'",
    "SELECT id FROM shop.customers WHERE id = 7 AND email >= '{0}'",
    "SELECT id FROM shop.customers WHERE id = 7 AND email BETWEEN '{0}' AND '{0}~'",
    "SELECT id FROM shop.customers WHERE id = 7 AND left(email, {1}) = '{0}'",
    "SELECT id FROM shop.customers WHERE id = 7 AND email::text ~ '^{0}'",
    "SELECT count(*) FROM shop.customers WHERE id = 7 AND starts_with(email, '{0}')",
    "SELECT id FROM shop.customers c WHERE id = 7 AND c::text LIKE '%{0}%'",
    "SELECT id FROM shop.customers c WHERE id = 7 AND to_jsonb(c) ->> 'email' LIKE '{0}%'",
    "SELECT id FROM shop.customers WHERE id = 7 AND CASE WHEN email < '{0}' THEN false ELSE true END",
    "SELECT CASE WHEN email < '{0}' THEN 0 ELSE 1 END FROM shop.customers WHERE id = 7",
    "SELECT id / CASE WHEN email < '{0}' THEN 0 ELSE 1 END FROM shop.customers WHERE id = 7",
    "SELECT 1 / (strpos(email, '{0}') - 1) FROM shop.customers WHERE id = 7",
    "SELECT id FROM shop.customers WHERE id = 7 AND 1 / (strpos(email, '{0}') - 1) > 0",
    "SELECT count(*) FILTER (WHERE email < '{0}') FROM shop.customers WHERE id = 7",
    "SELECT id FROM shop.customers WHERE id IN (7, 8) ORDER BY email",
    "SELECT id, email FROM shop.customers WHERE id IN (7, 8) ORDER BY 2",
    "SELECT id, email AS e FROM shop.customers WHERE id IN (7, 8) ORDER BY e",
    "SELECT id, rank() OVER (ORDER BY email) FROM shop.customers",
    "SELECT country FROM shop.customers WHERE id = 7 GROUP BY country HAVING max(email) > '{0}'",
    "SELECT count(*) FROM shop.customers GROUP BY left(email, {1})",
    "SELECT DISTINCT ON (email) id FROM shop.customers",
    "SELECT email FROM shop.customers WHERE id = 7 INTERSECT SELECT '{0}'",
    "SELECT 1 FROM shop.customers c JOIN (SELECT '{0}' AS g) x ON c.email > x.g WHERE c.id = 7",
    "SELECT 1 FROM shop.customers c JOIN (VALUES ('{0}')) x(email) USING (email)",
    "SELECT id FROM shop.orders o WHERE EXISTS (SELECT 1 FROM shop.customers WHERE id = 7 AND email > '{0}')",
    "SELECT id FROM shop.orders WHERE id = (SELECT length(email) FROM shop.customers WHERE id = 7)",
    "SELECT id FROM shop.orders LIMIT (SELECT ascii(email) FROM shop.customers WHERE id = 7)",
    "SELECT n FROM generate_series(1, 40) n, shop.customers c WHERE c.id = 7 AND n = length(c.email)",
    "SELECT id FROM (SELECT id, email AS e FROM shop.customers) s WHERE id = 7 AND e > '{0}'",
    "WITH c(i, e) AS (SELECT id, email FROM shop.customers) SELECT i FROM c WHERE i = 7 AND e > '{0}'",
    "WITH c AS (SELECT * FROM shop.customers), d AS (SELECT * FROM c) SELECT id FROM d WHERE email > '{0}'",
    "SELECT id FROM shop.contacts WHERE id = 7 AND reach_at LIKE '{0}%'",
    "SELECT id FROM shop.customers WHERE (email, id) > ('{0}', 0) AND id = 7",
    "SELECT id FROM shop.customers WHERE id = 7 AND (email = '{0}') IS FALSE",
    "SELECT id FROM shop.customers WHERE id = 7 AND email <> '{0}'",
    "SELECT id FROM shop.customers WHERE id = 7 AND email = ANY (ARRAY['{0}'])",
    "EXPLAIN SELECT id FROM shop.customers WHERE email > '{0}'",
    "SELECT query_to_xml('SELECT id FROM shop.customers WHERE email > ''{0}''', true, true, '')",
    "UPDATE shop.customers SET loyalty_points = 1 WHERE id = 7 AND email > '{0}' RETURNING id",
    "UPDATE shop.customers SET country = email WHERE id = 7",
    "INSERT INTO shop.orders (id, status) SELECT 9001, email FROM shop.customers WHERE id = 7",
    "DELETE FROM shop.orders o USING shop.customers c WHERE c.id = 7 AND o.customer_id = 7 AND c.email > '{0}'",
]


async def ask(running: Running, http: httpx.AsyncClient, sql: str, user: str = "dana", **more: Any) -> dict[str, Any]:
    return await call(http, await running.agent_token(user), "sql_query", resource="shop", sql=sql, **more)


async def test_no_question_about_a_hidden_column_is_answered(running: Running, http: httpx.AsyncClient) -> None:
    """Right and wrong guesses are answered alike, run or planned, and neither reaches the target."""
    token = await running.agent_token()
    for sql in ORACLES:
        answers = set()
        for guess in ("person7", "zebra"):
            question = sql.format(guess, len(guess))
            for more in ({}, {"dry_run": True}):
                found = await call(http, token, "sql_query", resource="shop", sql=question, **more)
                assert found["status"] == "denied", (sql, found)
                assert "baseline.masked-predicate" in [reason["rule"] for reason in found["reasons"]], sql
                assert not found.get("rows"), sql
                answers.add(found["next_step"])
        assert len(answers) == 1, sql


async def test_a_search_letter_by_letter_learns_nothing(running: Running, http: httpx.AsyncClient) -> None:
    """As an attacker would write it: keep the letter after which the answer differs."""
    token, known = await running.agent_token(), ""
    shapes = {}
    for letter in LETTERS:
        sql = f"SELECT count(*) FROM shop.customers WHERE id = 7 AND email LIKE '{known}{letter}%'"
        found = await call(http, token, "sql_query", resource="shop", sql=sql)
        shapes[letter] = (found["status"], found["next_step"], found.get("row_count"))
    assert len(set(shapes.values())) == 1


async def test_the_denial_tells_which_column_and_what_would_pass(running: Running, http: httpx.AsyncClient) -> None:
    found = await ask(running, http, "SELECT id FROM shop.customers WHERE email LIKE 'a%'")
    assert "shop.customers.email (EMAIL)" in found["next_step"]
    assert "select the column bare" in found["next_step"]


async def test_a_known_address_finds_its_row_and_stays_masked(running: Running, http: httpx.AsyncClient) -> None:
    sql = "SELECT id, email FROM shop.customers WHERE email = $1"
    found = await ask(running, http, sql, parameters=[EMAIL])
    assert found["status"] == "ok", found
    assert [row[0] for row in found["rows"]] == [7]
    assert EMAIL not in str(found["rows"])
    missing = await ask(running, http, sql, parameters=["nobody@example.org"])
    assert missing["rows"] == []


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT country, count(*) FROM shop.customers GROUP BY country ORDER BY 2 DESC",
        "SELECT o.id, c.email FROM shop.orders o JOIN shop.customers c ON c.id = o.customer_id WHERE o.total > 100",
        "SELECT email FROM shop.customers WHERE country LIKE 'D%' ORDER BY loyalty_points LIMIT 3",
        "WITH c AS (SELECT id, email FROM shop.customers) SELECT email FROM c WHERE id < 4",
        "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE nspname = 'shop'",
        "SELECT count(*) FROM shop.customers",
    ],
)
async def test_work_with_clear_columns_goes_on_as_before(running: Running, http: httpx.AsyncClient, sql: str) -> None:
    found = await ask(running, http, sql)
    assert found["status"] == "ok", found
    assert found["rows"]
    assert "example.org" not in str(found["rows"])


async def test_whoever_sees_addresses_may_do_all_of_it(running: Running, http: httpx.AsyncClient) -> None:
    reveal = """
@id("leads-see-addresses")
permit (principal in Group::"leads", action == Action::"reveal", resource == Label::"EMAIL");
"""
    await rewrite(running, POLICY + reveal)
    reads = [
        sql for sql in ORACLES if sql.startswith(("SELECT", "WITH")) and " c::" not in sql and "to_jsonb" not in sql
    ]
    for sql in reads:
        found = await ask(running, http, sql.format("person7", 7), user="lee")
        assert found["status"] != "denied", (sql, found)
    like = "SELECT id, email FROM shop.customers WHERE email LIKE 'person7@%'"
    assert (await ask(running, http, like, user="lee"))["rows"] == [[7, EMAIL]]
    assert (await ask(running, http, like, user="dana"))["status"] == "denied"

"""Which columns a statement touches: what computed results may give away rests on this, so rather too many."""

from __future__ import annotations

import pytest

from tests.backends.postgres.parsing import columns, parse


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT email FROM customers", {".customers.email"}),
        ("SELECT c.email FROM sales.customers AS c", {"sales.customers.email"}),
        ("SELECT sales.customers.email FROM sales.customers", {"sales.customers.email"}),
        ("SELECT 1 FROM customers WHERE email LIKE 'a%'", {".customers.email"}),
        ("SELECT 1 FROM customers ORDER BY email", {".customers.email"}),
        ("SELECT count(*) FROM customers GROUP BY email HAVING min(ssn) > ''", {".customers.email", ".customers.ssn"}),
        ("SELECT count(*) FROM customers", set()),
        ("SELECT count(*) FILTER (WHERE ssn = '') OVER (ORDER BY dob) FROM c", {".c.ssn", ".c.dob"}),
        ("SELECT * FROM customers", {".customers.*"}),
        ("SELECT c.* FROM customers c, orders o", {".customers.*"}),
        ("SELECT * FROM customers c, orders o", {".customers.*", ".orders.*"}),
        ("SELECT c FROM customers c", {".customers.*"}),
        ("SELECT (c).ssn FROM customers c", {".customers.*"}),
        ("SELECT (c).* FROM customers c", {".customers.*"}),
        ("SELECT row_to_json(c) FROM customers c", {".customers.*"}),
        ("SELECT c.row_to_json FROM customers c", {".customers.*"}),
        ("SELECT customers::text FROM customers", {".customers.*"}),
        ("SELECT array_agg(c) FROM customers c", {".customers.*"}),
        ("SELECT format('%s', c) FROM customers c", {".customers.*"}),
        ("SELECT c.a FROM customers c (i, n, a)", {".customers.*"}),
        ("SELECT a FROM customers c (i, n, a)", {".customers.*", "..a"}),
        ("SELECT email FROM customers, orders", {"..email"}),
        ("SELECT j.email FROM (customers c JOIN orders o ON c.id = o.cid) AS j",
         {".customers.*", ".orders.*", ".customers.id", ".orders.cid"}),
        ("SELECT 1 FROM a NATURAL JOIN b", {".a.*", ".b.*"}),
        ("SELECT 1 FROM a JOIN b USING (email)", {".a.email", ".b.email"}),
        ("SELECT x FROM (SELECT email AS x FROM customers) s", {".customers.email"}),
        ("WITH c AS (SELECT email AS x FROM customers) SELECT x FROM c", {".customers.email"}),
        ("WITH c AS (SELECT * FROM customers) SELECT * FROM c", {".customers.*"}),
        ("SELECT * FROM orders o, LATERAL (SELECT c.email FROM customers c WHERE c.id = o.cid) x",
         {".orders.*", ".customers.email", ".customers.id", ".orders.cid"}),
        ("SELECT email AS e FROM customers ORDER BY e", {".customers.email"}),
        ("SELECT email FROM a UNION SELECT phone FROM b ORDER BY email", {".a.email", ".b.phone"}),
        ("SELECT id AS e FROM customers ORDER BY row_number() OVER (ORDER BY e)", {".customers.id", ".customers.e"}),
        ("SELECT ctid, xmin FROM customers", set()),
        ("UPDATE customers SET email = phone WHERE id = 1", {f".customers.{c}" for c in ("email", "phone", "id")}),
        ("DELETE FROM customers WHERE id = 1 RETURNING *", {".customers.*", ".customers.id"}),
        ("INSERT INTO log (a) SELECT ssn FROM customers", {".log.a", ".customers.ssn"}),
        ("INSERT INTO t (a) VALUES (1) ON CONFLICT (a) DO UPDATE SET b = excluded.c", {".t.a", ".t.b", ".t.c"}),
        ("COPY customers (email) TO STDOUT", {".customers.email"}),
        ("COPY customers TO STDOUT", {".customers.*"}),
        ("COPY (SELECT email FROM customers) TO STDOUT", {".customers.email"}),
        ("EXPLAIN SELECT 1 FROM customers WHERE ssn = ''", {".customers.ssn"}),
        ("SELECT query_to_xml('SELECT ssn FROM customers', true, true, '')", {".customers.ssn"}),
        ("SELECT table_to_xml('customers', true, true, '')", {".customers.*"}),
        ("SELECT a.t.x FROM a.t, b.t", {"a.t.x"}),
        ("SELECT t.x FROM a.t, b.t", {"a.t.*", "b.t.*"}),
        ("SELECT x.y FROM customers", {".x.y"}),
        ('SELECT "Email" FROM "Customers"', {".Customers.Email"}),
        ('SELECT U&"\\0065mail" FROM customers', {".customers.email"}),
    ],
)  # fmt: skip
def test_columns_are_found_where_they_come_from(sql: str, expected: set[str]) -> None:
    assert columns(sql) == expected


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("WITH x AS (SELECT 1) SELECT * FROM x", []),
        ("WITH x AS (SELECT 1) SELECT * FROM public.x", ["public.x"]),
        ("WITH x AS (SELECT * FROM x) SELECT * FROM x", ["x"]),
        ("WITH RECURSIVE x AS (SELECT 1 UNION SELECT * FROM x) SELECT * FROM x", []),
        ("WITH a AS (SELECT * FROM b), b AS (SELECT 1) SELECT * FROM a", ["b"]),
        ("WITH RECURSIVE a AS (SELECT * FROM b), b AS (SELECT 1) SELECT * FROM a", []),
        ("SELECT (WITH x AS (SELECT 1) SELECT 1 FROM x) FROM x", ["x"]),
        ("WITH x AS (SELECT 1) SELECT (SELECT 1 FROM x)", []),
        ("WITH orders AS (SELECT 1) DELETE FROM orders WHERE id = 1", ["orders"]),
        ("WITH orders AS (SELECT 1) INSERT INTO orders SELECT * FROM orders", ["orders"]),
        ("WITH orders AS (SELECT 1 AS id) UPDATE t SET a = 1 FROM orders WHERE t.id = orders.id", ["t"]),
        ("(WITH x AS (SELECT 1) SELECT * FROM x) UNION SELECT * FROM x", ["x"]),
        ("SELECT * FROM shop.sales.orders", ["sales.orders"]),
        ("DROP TABLE a.b, c", ["a.b", "c"]),
        ("COMMENT ON COLUMN a.b.c IS 'x'", ["a.b"]),
        ("DROP TRIGGER t ON a.b", ["a.b"]),
        ("GRANT SELECT ON a.b TO x", ["a.b"]),
        ("CREATE TABLE t (LIKE a.b)", ["a.b", "t"]),
        ("CREATE TABLE t PARTITION OF p FOR VALUES IN (1)", ["p", "t"]),
    ],
)  # fmt: skip
def test_a_cte_hides_a_table_only_where_it_is_in_scope(sql: str, expected: list[str]) -> None:
    assert sorted(map(str, parse(sql).targets)) == expected

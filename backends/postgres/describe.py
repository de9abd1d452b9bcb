"""What sql_describe answers: the tables a login may use, and their columns."""

from __future__ import annotations

DESCRIBE = """
SELECT n.nspname AS schema,
  c.relname AS "table",
  CASE c.relkind WHEN 'r' THEN 'table' WHEN 'p' THEN 'partitioned table' WHEN 'v' THEN 'view'
    WHEN 'm' THEN 'materialized view' ELSE 'foreign table' END AS kind,
  a.attname AS "column",
  pg_catalog.format_type(a.atttypid, a.atttypmod) AS type,
  CASE WHEN a.attnotnull THEN 'false' ELSE 'true' END AS nullable,
  (SELECT pg_catalog.string_agg(k.words, ', ' ORDER BY k.words) FROM (
    SELECT CASE con.contype WHEN 'p' THEN 'PRIMARY KEY' WHEN 'u' THEN 'UNIQUE' ELSE 'REFERENCES ' ||
      pg_catalog.quote_ident(fn.nspname) || '.' || pg_catalog.quote_ident(fc.relname) ||
      '(' || pg_catalog.quote_ident(fa.attname) || ')' END AS words
    FROM pg_catalog.pg_constraint con
    LEFT JOIN pg_catalog.pg_class fc ON fc.oid = con.confrelid
    LEFT JOIN pg_catalog.pg_namespace fn ON fn.oid = fc.relnamespace
    LEFT JOIN pg_catalog.pg_attribute fa ON fa.attrelid = con.confrelid
      AND fa.attnum = con.confkey[pg_catalog.array_position(con.conkey, a.attnum)]
    WHERE con.conrelid = c.oid AND con.contype IN ('p', 'u', 'f') AND a.attnum = ANY (con.conkey)) k) AS key,
  pg_catalog.pg_get_expr(d.adbin, d.adrelid) AS "default",
  NULLIF(pg_catalog.concat_ws('; ',
    CASE WHEN pg_catalog.row_number() OVER (PARTITION BY c.oid ORDER BY a.attnum) = 1
      THEN 'table: ' || pg_catalog.obj_description(c.oid, 'pg_class') END,
    pg_catalog.col_description(c.oid, a.attnum)), '') AS comment,
  CASE WHEN c.reltuples >= 0 THEN c.reltuples::bigint END AS estimated_rows
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f')
  AND NOT c.relispartition
  AND CASE WHEN $1::pg_catalog.text IS NULL
    THEN n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\\_toast%'
      AND n.nspname NOT LIKE 'pg\\_temp%'
    ELSE n.nspname = $1 END
  AND ($2::pg_catalog.text IS NULL OR c.relname = $2)
  AND pg_catalog.has_schema_privilege(n.oid, 'USAGE')
  AND (pg_catalog.has_table_privilege(c.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')
    OR pg_catalog.has_any_column_privilege(c.oid, 'SELECT, INSERT, UPDATE, REFERENCES'))
ORDER BY 1, 2, a.attnum"""
"""Parameters: schema or NULL, table or NULL. System schemas only by name; partitions only through their parent. A
table's own comment stands at its first column."""

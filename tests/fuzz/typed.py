"""Queries whose types fit, so that the server runs them instead of refusing them."""

from __future__ import annotations

from hypothesis import strategies as st

from tests.fuzz.expressions import FRAGMENTS, Found, Text

FROM = "orders o LEFT JOIN customers c ON c.id = o.customer_id"
SOURCES = (FROM, *FRAGMENTS["sources"])
AROUND = FRAGMENTS["around"]


def queries(found: Found) -> Text:
    """SELECTs over `o` and `c`, in frames that do not change what they do."""
    calls = st.one_of(
        st.sampled_from(found.calls), st.sampled_from(found.calls), st.sampled_from(FRAGMENTS["functions"])
    )
    numbers, texts, truths = _typed(calls)
    outputs = st.one_of(numbers, texts, truths, calls, calls, st.builds("{}, {} AS x".format, texts, calls))
    tails = st.sampled_from(
        ("", "", " LIMIT 4", " ORDER BY 1", " ORDER BY 1 DESC NULLS LAST OFFSET 1", " FETCH FIRST 2 ROWS ONLY")
    )
    select = st.builds("SELECT {} FROM {} WHERE {}{}".format, outputs, st.sampled_from(SOURCES), truths, tails)
    grouped = st.builds(
        "SELECT {}, count(*) FROM {} GROUP BY 1 HAVING count(*) > 0".format, texts, st.sampled_from(SOURCES)
    )
    window = st.builds(
        "SELECT sum({}) OVER (PARTITION BY o.id ORDER BY c.id) FROM {}".format, numbers, st.sampled_from(SOURCES)
    )
    from_call = st.builds("SELECT * FROM {} f LIMIT 3".format, calls)
    catalog = st.builds("SELECT * FROM {} LIMIT 5".format, st.sampled_from(found.relations))
    union = st.builds("{} UNION ALL {}".format, st.builds("SELECT {}".format, calls), st.just("SELECT NULL"))
    query = st.one_of(select, select, select, grouped, window, from_call, catalog, union)
    return st.builds(lambda frame, inner: frame.replace("{}", inner), st.sampled_from(AROUND), query)


def _typed(calls: Text) -> tuple[Text, Text, Text]:
    """Numbers, texts and truths, made from each other."""
    number_leaf = st.sampled_from(("1", "0", "42", "o.id", "c.id", "-1", "(SELECT max(id) FROM orders)"))
    text_leaf = st.sampled_from(("'x'", "o.note", "c.email", "c.ssn", "''", "E'\\x41'", "$$;$$", "current_user::text"))
    numbers: Text = st.deferred(
        lambda: st.one_of(
            number_leaf,
            number_leaf,
            st.builds("({} {} {})".format, numbers, st.sampled_from(("+", "-", "*", "#", "|")), numbers),
            st.builds("length({})".format, texts),
            st.builds("CASE WHEN {} THEN {} ELSE {} END".format, truths, numbers, numbers),
            st.builds("coalesce({}, {})".format, numbers, numbers),
        )
    )
    texts: Text = st.deferred(
        lambda: st.one_of(
            text_leaf,
            text_leaf,
            st.builds("({} || {})".format, texts, texts),
            st.builds("({})::text".format, st.one_of(numbers, truths, calls)),
            st.builds(
                "{}({})".format, st.sampled_from(("upper", "md5", "reverse", "quote_ident", "pg_catalog.lower")), texts
            ),
        )
    )
    truths: Text = st.deferred(
        lambda: st.one_of(
            st.sampled_from(("true", "o.id > 0", "c.id IS NULL")),
            st.builds("({} {} {})".format, numbers, st.sampled_from(("<", "=", ">=", "<>")), numbers),
            st.builds("({} {} {})".format, texts, st.sampled_from(("=", "LIKE", "~~*", "IS DISTINCT FROM")), texts),
            st.builds("NOT ({})".format, truths),
            st.builds("({} {} {})".format, truths, st.sampled_from(("AND", "OR")), truths),
            st.builds("EXISTS (SELECT 1 FROM orders x WHERE x.id = {})".format, numbers),
            st.builds("{} IN (SELECT id FROM customers)".format, numbers),
        )
    )
    return numbers, texts, truths

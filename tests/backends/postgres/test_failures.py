"""Errors of a server in our words: what may be shown, and what may not."""

from __future__ import annotations

import pytest

from backends.postgres.failures import authentication, notice_words, startup_error, statement_error
from backends.postgres.sqlstates import CLASSES, CONDITIONS, describe
from backends.postgres.wire import ErrorResponse, NoticeResponse


def error(**fields: str) -> ErrorResponse:
    return ErrorResponse({"S": "ERROR", "V": "ERROR"} | fields)


def test_the_message_carries_detail_and_hint_but_the_safe_words_only_names() -> None:
    mapped = statement_error(
        error(
            C="23505", M="duplicate key", D="Key (email)=(ann@example.com) exists.", H="Try.", t="people", n="email_key"
        ),
        exposes_data=True,
    )
    assert mapped.message == "duplicate key. Detail: Key (email)=(ann@example.com) exists. Hint: Try"
    assert "ann@example.com" not in f"{mapped.safe} {mapped}"
    assert "constraint 'email_key', table 'people'" in mapped.safe


def test_names_that_a_function_could_have_chosen_are_left_out() -> None:
    mapped = statement_error(error(C="P0001", M="x", W="PL/pgSQL function f()", t="ann@example.com"), exposes_data=True)
    assert mapped.safe == "raise_exception (PL/pgSQL error)"


@pytest.mark.parametrize("code", ["SSN12", "12345", "", "a\nb"])
def test_a_code_that_is_not_in_the_table_is_not_repeated(code: str) -> None:
    assert statement_error(error(C=code, M="x"), exposes_data=True).code == "P0001"


def test_the_place_of_a_mistake_is_told() -> None:
    assert statement_error(error(C="42601", M="syntax error", P="8"), exposes_data=False).safe.endswith(
        "(at character 8)"
    )
    assert "at character" not in statement_error(error(C="42601", M="x", P="8; secret"), exposes_data=False).safe


def test_a_server_that_shuts_down_in_a_statement_means_lost() -> None:
    fatal = ErrorResponse({"V": "FATAL", "C": "57P01", "M": "terminating connection"})
    assert statement_error(fatal, exposes_data=True).code == "lost"


@pytest.mark.parametrize(
    ("code", "mapped"),
    [("28P01", "authentication"), ("28000", "authentication"), ("57P03", "unreachable"), ("3D000", "3D000")],
)
def test_errors_at_the_start_are_sorted(code: str, mapped: str) -> None:
    fatal = ErrorResponse({"V": "FATAL", "C": code, "M": "no"})
    assert startup_error(fatal, user="ann", reference="env:PG").code == mapped


def test_a_secret_put_in_the_place_of_its_reference_is_not_repeated() -> None:
    assert "hunter2" not in repr(authentication("ann", "wrong", reference="hunter2"))
    assert "env:" in authentication("ann", "wrong", reference="env:PG").remedy


def test_notices_of_functions_are_not_quoted() -> None:
    own = NoticeResponse({"S": "NOTICE", "M": "skipping"})
    assert notice_words(own, opaque=False) == "NOTICE: skipping"
    raised = NoticeResponse({"S": "NOTICE", "M": "ann@example.com", "W": "function f()"})
    assert "ann@" not in notice_words(raised, opaque=False)
    assert "skipping" not in notice_words(own, opaque=True)


def test_every_condition_has_a_class() -> None:
    assert len(CONDITIONS) > 250
    assert all(len(code) == 5 and code[:2] in CLASSES for code in CONDITIONS)
    assert describe("23505") == "unique_violation (integrity constraint violation)"
    assert describe("ZZ000") == "unknown class"

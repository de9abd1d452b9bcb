"""What statements do, by pairs in pairs/*.yaml, and that every node of the grammar is classified."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pgparse
import pytest

from backends.postgres.bodies import _KNOWN as PLPGSQL_NODES
from backends.postgres.judge import HANDLERS, judge
from backends.postgres.nodes import EMBEDDED, LEAVES, PLAIN
from backends.postgres.parse import Parser, preview
from catalog.model import Locator
from policy.effects import EFFECTS
from policy.model import Action
from tests.backends.postgres.parsing import pairs, parse

CASES = list(pairs())

AFTER_ANALYSIS = frozenset(
    """
    Aggref AlternativeSubPlan ArrayCoerceExpr ArrayExpr CallContext CaseTestExpr CoerceToDomain CoerceToDomainValue
    CoerceViaIO CollateExpr ConvertRowtypeExpr DistinctExpr FieldSelect FieldStore FromExpr FuncExpr InferenceElem
    InlineCodeBlock IntList JsonConstructorExpr JsonExpr JsonTablePath JsonTablePathScan JsonTableSiblingJoin
    MergeAction NextValueExpr NullIfExpr OidList OnConflictExpr OpExpr PLAssignStmt Param Query RTEPermissionInfo
    RangeTblEntry RangeTblFunction RangeTblRef RawStmt RelabelType RowCompareExpr RowMarkClause ScalarArrayOpExpr
    SetOperationStmt SortGroupClause SubPlan SubscriptingRef TableFunc TableSampleClause TargetEntry Var WindowClause
    WindowFunc WindowFuncRunCondition WithCheckOption
    """.split()  # noqa: SIM905 - a list of names reads better as a text
)
"""Nodes that PostgreSQL makes after raw parsing, or for PL/pgSQL assignments: a raw parse tree never holds them."""

HANDLED_WITH_THEIR_STATEMENT = frozenset({"WithClause"})


@pytest.mark.parametrize("pair", [pair for _name, pair in CASES], ids=[name for name, _pair in CASES])
def test_a_statement_does_what_its_pair_says(pair: dict[str, Any]) -> None:
    operation = parse(pair["sql"])
    if pair.get("unknown"):
        assert Action.UNKNOWN in operation.actions
        assert operation.problem
        return
    assert operation.problem == ""
    assert sorted(operation.effects) == sorted(pair["effects"])
    assert sorted(operation.actions) == sorted(pair["actions"])
    assert sorted(map(str, operation.targets)) == sorted(pair["targets"])
    assert operation.opaque == pair.get("opaque", False)


def test_the_pairs_hold_enough_of_both_kinds() -> None:
    harmless = {"read", "catalog-read", "plan-only", "insert", "scoped-update", "scoped-delete"}
    kinds = [set(pair.get("effects", ["unparsed"])) <= harmless for _name, pair in CASES]
    assert len(kinds) >= 300
    assert kinds.count(True) >= 100
    assert kinds.count(False) >= 100


def test_only_effects_of_the_closed_list_are_emitted() -> None:
    names = {name for name, _doc in EFFECTS}
    assert {effect for _name, pair in CASES for effect in pair.get("effects", [])} <= names


def test_every_node_the_parser_can_emit_is_classified() -> None:
    emitted = {found.decode() for found in re.findall(rb'"([A-Z][A-Za-z_]*)":\{', Path(pgparse.__file__).read_bytes())}
    classified = set(HANDLERS) | PLAIN | LEAVES | PLPGSQL_NODES | AFTER_ANALYSIS | HANDLED_WITH_THEIR_STATEMENT
    assert len(emitted) > 250, "the node names could not be read out of the parser"
    assert emitted - classified == set()


def test_fields_of_a_fixed_type_lead_to_classified_nodes() -> None:
    classified = set(HANDLERS) | PLAIN | LEAVES | HANDLED_WITH_THEIR_STATEMENT
    assert {kind for fields in EMBEDDED.values() for kind in fields.values()} <= classified


@pytest.mark.parametrize(
    "tree",
    [
        {"BrandNewStmt": {}},
        {"SelectStmt": {"targetList": [{"BrandNewExpr": {}}]}},
        {"SelectStmt": {"brandNewClause": {"ctes": []}}},
        {"SelectStmt": {"targetList": [{"ResTarget": {}, "ColumnRef": {}}]}},
        {"DeleteStmt": {"relation": {"relname": "t"}, "whereClause": {"BrandNewExpr": {}}}},
    ],
    ids=["statement", "expression", "field", "form", "predicate"],
)
def test_what_a_newer_grammar_adds_is_unknown_until_it_is_classified(tree: dict[str, Any]) -> None:
    facts = judge(tree).facts
    assert Action.UNKNOWN in facts.actions
    assert facts.problem


def test_each_statement_is_told_with_its_own_text_and_effects() -> None:
    operation = parse("SELECT 'é'; /* ü */ DELETE FROM orders ;\n DROP TABLE x")
    assert [(statement.kind, statement.text) for statement in operation.statements] == [
        ("SELECT", "SELECT 'é'"),
        ("DELETE", "/* ü */ DELETE FROM orders"),
        ("DROP TABLE", "DROP TABLE x"),
    ]
    assert operation.statements[1].effects == {"unbounded-delete"}
    assert "multiple-statements" in operation.effects
    assert operation.problem == ""


@pytest.mark.parametrize(
    ("sql", "kind"),
    [
        ("ALTER VIEW v RENAME TO w", "RENAME"),
        ("ALTER INDEX i SET (fillfactor = 70)", "ALTER INDEX"),
        ("DROP MATERIALIZED VIEW v", "DROP MATVIEW"),
        ("WITH x AS (SELECT 1) UPDATE t SET a = 1", "UPDATE"),
    ],
)
def test_statements_have_names_for_people(sql: str, kind: str) -> None:
    assert parse(sql).statements[0].kind == kind


@pytest.mark.parametrize(
    ("sql", "parameters", "effect"),
    [
        ("DELETE FROM orders WHERE id > $1", [0], "suspicious-predicate"),
        ("DELETE FROM orders WHERE name LIKE $1", ["%"], "suspicious-predicate"),
        ("DELETE FROM orders WHERE id = 5 OR $1", [True], "tautological-delete"),
        ("DELETE FROM orders WHERE $1::int = 1", [1], "tautological-delete"),
        ("DELETE FROM orders WHERE $1::text IS NULL OR id = $1::int", [None], "tautological-delete"),
    ],
)
def test_a_parameter_may_make_a_predicate_cover_everything(sql: str, parameters: list[object], effect: str) -> None:
    assert effect in parse(sql, *parameters).effects


def test_what_is_remembered_for_a_text_is_not_taken_over_for_other_parameters() -> None:
    parser = Parser()
    call = {"resource": "shop", "sql": "DELETE FROM orders WHERE id > $1"}
    assert "suspicious-predicate" in parser.parse("sql_query", {**call, "parameters": [0]}).effects
    assert "suspicious-predicate" not in parser.parse("sql_query", {**call, "parameters": [500]}).effects
    assert "suspicious-predicate" in parser.parse("sql_query", {**call, "parameters": [-1]}).effects


def test_parameters_and_options_belong_to_the_call_not_to_the_text() -> None:
    parser = Parser()
    call = {"resource": "shop", "sql": "SELECT $1::int"}
    first = parser.parse("sql_query", {**call, "parameters": [1], "max_rows": 5})
    second = parser.parse("sql_query", {**call, "parameters": [2]})
    assert (first.parameters, dict(first.options)) == ((1,), {"max_rows": "5"})
    assert (second.parameters, dict(second.options)) == ((2,), {})
    assert first.digest != second.digest


def test_the_memory_of_texts_is_bounded() -> None:
    parser = Parser(cache_size=4)
    for number in range(50):
        parser.parse("sql_query", {"resource": "shop", "sql": f"SELECT {number}"})
    assert len(parser._known) <= 4


def test_a_dry_run_reads_and_keeps_text_parameters_and_targets() -> None:
    operation = parse("DELETE FROM orders WHERE id = $1", 5)
    plan = preview(operation)
    assert plan.verb == "sql_plan"
    assert set(plan.actions) == {Action.READ}
    assert set(plan.effects) == {"plan-only"}
    assert (plan.text, plan.parameters, plan.targets) == (operation.text, operation.parameters, operation.targets)


@pytest.mark.parametrize("sql", ["not sql", "SELECT 1; SELECT 2"])
def test_a_dry_run_does_not_make_a_text_understood(sql: str) -> None:
    operation = parse(sql)
    plan = preview(operation)
    assert plan.effects - {"plan-only"}
    assert (Action.UNKNOWN in plan.actions) == (Action.UNKNOWN in operation.actions)


@pytest.mark.parametrize(
    ("arguments", "target", "text"),
    [
        ({}, (), "List schemas and tables"),
        ({"schema": "sales"}, (Locator("schema", ("sales",)),), "List the tables of schema sales"),
        ({"table": "orders"}, (Locator("table", ("", "orders")),), "Describe table orders"),
        (
            {"schema": "sales", "table": "orders"},
            (Locator("table", ("sales", "orders")),),
            "Describe table sales.orders",
        ),
    ],
)
def test_describing_reads_the_catalog(arguments: dict[str, str], target: tuple[Locator, ...], text: str) -> None:
    operation = Parser().parse("sql_describe", {"resource": "shop", **arguments})
    assert operation.verb == "sql_describe"
    assert set(operation.actions) == {Action.READ}
    assert set(operation.effects) == {"catalog-read"}
    assert (operation.targets, operation.text) == (target, text)
    assert operation.parameters == (arguments.get("schema", ""), arguments.get("table", ""))

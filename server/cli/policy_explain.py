"""warded policy explain: one statement, the facts it has, the rules that spoke, the decision."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from server.cli.command import USAGE, CommandFailed, ConfigOption, JsonOption, command, load, with_store
from server.cli.policy_rules import engine_of, parse_text, resource_named
from server.cli.terminal import print_json, visible

if TYPE_CHECKING:
    from catalog.labels import Labels
    from catalog.model import Label, Resource
    from policy.engine import Engine
    from policy.model import Identity, Operation, Query
    from server.config import Config

COLOURS = {"allow": "\x1b[32m", "hold": "\x1b[33m", "deny": "\x1b[31m", "permit": "\x1b[32m", "forbid": "\x1b[31m"}
BOLD, PLAIN = "\x1b[1m", "\x1b[0m"


@command
def explain(
    sql: Annotated[str, typer.Argument(help="The statement; - reads standard input.")],
    resource: Annotated[str, typer.Option("--resource", "-r", help="Name of the resource.")],
    user: Annotated[str, typer.Option("--user", "-u", help="On whose behalf.")] = "somebody",
    group: Annotated[list[str] | None, typer.Option("--group", "-g", help="A group of that person; repeat it.")] = None,
    via: Annotated[str, typer.Option("--via", help="agent or person.")] = "agent",
    approved: Annotated[list[str] | None, typer.Option("--approved", help="A group that agreed; repeat it.")] = None,
    label: Annotated[
        list[str] | None,
        typer.Option("--label", help="A label that is touched, instead of what scans found; repeat it."),
    ] = None,
    tainted: Annotated[bool, typer.Option("--tainted", help="As if the session had read untrusted data.")] = False,
    estimated_rows: Annotated[
        int | None, typer.Option("--estimated-rows", min=0, help="Rows that the planner expects.")
    ] = None,
    folder: Annotated[
        Path | None, typer.Option("--folder", "-f", help="Folder of .cedar files to use instead.")
    ] = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Say what would come of a statement, and why. Nothing runs; the database is not asked.

    \b
    Example:
      warded policy explain -r shop -g developers 'DELETE FROM orders WHERE id = 1'
    """
    from policy.explain import explain as explained
    from policy.model import Agent, Identity
    from server.inventory import resources_of

    settings = load(config)
    if via not in ("agent", "person"):
        raise CommandFailed(f"--via cannot be {via}", "It is agent or person.", code=USAGE)
    where = resource_named(resources_of(settings), resource)
    who = Identity(user, "explain", frozenset(group or ()), agent=Agent("agent", "agent") if via == "agent" else None)
    operation = _parsed(where.kind, sys.stdin.read() if sql == "-" else sql)
    engine = engine_of(settings, folder)
    asked = _query(
        engine, settings, who, where=where, operation=operation, approved=approved or (), labels=label,
        tainted=tainted, estimated_rows=estimated_rows,
    )  # fmt: skip
    told = explained(engine, asked)

    def again(candidate: Operation) -> Query:
        return _query(
            engine, settings, who, where=where, operation=candidate, approved=approved or (), labels=label,
            tainted=tainted, estimated_rows=estimated_rows,
        )  # fmt: skip

    if told["decision"]["outcome"] != "allow" and label is None:
        told["rewrite"] = _rewrite(engine, asked, again, labels=_labels(settings, where.name))
    told["statements"] = [{"kind": each.kind, "effects": sorted(each.effects)} for each in operation.statements]
    if operation.problem:
        told["problem"] = operation.problem
    if json:
        print_json(told)
    else:
        _show(told)


def _parsed(kind: str, text: str) -> Operation:
    try:
        return parse_text(kind, text)
    except ValueError as error:
        raise CommandFailed(str(error), code=USAGE) from None


def _query(
    engine: Engine,
    settings: Config,
    who: Identity,
    *,
    where: Resource,
    operation: Operation,
    approved: Sequence[str],
    labels: Sequence[str] | None,
    tainted: bool,
    estimated_rows: int | None,
) -> Query:
    """The question as the gateway would ask it, with the effects of using columns that stay hidden."""
    from datetime import UTC, datetime

    from policy.login import mode_of, select_login
    from policy.model import Query
    from policy.steering import Uses, decide_with_uses

    known = _labels(settings, where.name) if labels is None else None
    touched = (*operation.columns, *operation.targets) if operation.opaque else operation.columns
    query = Query(
        identity=who,
        resource=where,
        operation=operation,
        labels=known.of(touched) if known else _given(labels or ()),
        approvals=frozenset(approved),
        now=datetime.now(UTC),
        mode=mode_of(where, select_login(where, who), who),
        tainted=tainted,
        estimated_rows=estimated_rows,
    )
    return decide_with_uses(engine, query, Uses().of(operation, known))[0] if known else query


def _rewrite(
    engine: Engine, asked: Query, again: Callable[[Operation], Query], *, labels: Labels
) -> dict[str, str] | None:
    """The first smaller statement that is allowed. Without the database, so one less sure than the gateway's own."""
    from backends import load_backends
    from policy.model import Allow
    from server.rewriting import hidden_from

    backend = next((each for each in load_backends() if each.name == asked.resource.kind), None)
    if backend is None or backend.rewrites is None:
        return None
    hidden = hidden_from(labels, engine.revealed(asked))
    for candidate in backend.rewrites(asked.operation, hidden=hidden):
        operation = _parsed(asked.resource.kind, candidate.sql)
        if len(operation.statements) == 1 and isinstance(engine.decide(again(operation)), Allow):
            return {"sql": candidate.sql, "change": candidate.change}
    return None


def _given(names: Sequence[str]) -> frozenset[Label]:
    from catalog.model import Label

    unknown = [name for name in names if name not in list(Label)]
    if unknown:
        raise CommandFailed(f"there is no label {unknown[0]}", "docs/policy.md lists them.", code=USAGE)
    return frozenset(map(Label, names))


def _labels(settings: Config, resource: str) -> Labels:
    from server.scanning import load_labels

    return with_store(settings, lambda store: load_labels(store, resource))


def _show(told: Mapping[str, Any]) -> None:
    facts, decision = told["facts"], told["decision"]
    context = facts["context"]
    _title("Statement")
    for each in told["statements"]:
        print(f"  {visible(each['kind'])}: {', '.join(each['effects']) or 'no effects'}")
    if told.get("problem"):
        print(f"  not understood: {visible(told['problem'])}")
    _title("Facts")
    _row("who", f"{facts['user']}, in {', '.join(facts['groups']) or 'no group'}, by {context['via']}")
    tags = " ".join(f"{key}={value}" for key, value in facts["tags"].items())
    _row("resource", f"{facts['resource']} {tags}".rstrip())
    _row("actions", ", ".join(facts["actions"]))
    for name in ("effects", "targets", "labels", "masked", "approvals"):
        _row(name, ", ".join(context[name]) or "none")
    _row("opaque", "yes" if context["opaque"] else "no")
    _row("mode", context["mode"])
    _row("tainted", "yes" if context["tainted"] else "no")
    expected = context["estimated_rows"]
    _row("estimate", "not known" if expected is None else f"{expected} rows")
    _title("Rules that spoke")
    for rule in told["rules"]:
        held = f", held for {', '.join(rule['hold'])}" if rule["hold"] else ""
        held += "" if rule["enforced"] else ", only observed"
        print(f"  {_coloured(rule['effect'])} {visible(rule['id'])}  {visible(rule['file'])}:{rule['line']}{held}")
        if rule["reason"]:
            print(f"      {visible(rule['reason'])}")
    for action in told["unpermitted"]:
        print(f"  nothing permits {action}")
    for error in told["errors"]:
        print(f"  could not be evaluated: {visible(error or 'the question itself')}")
    _title("Decision")
    print(f"  {_coloured(decision['outcome'])}{_details(decision)}")
    if rewrite := told.get("rewrite"):
        _title("This passes")
        print(f"  {visible(rewrite['sql'], newlines=True)}")
        print(f"  {visible(rewrite['change'])}")


def _details(decision: Mapping[str, Any]) -> str:
    obligations = decision.get("obligations", {})
    parts = []
    if decision.get("approvers"):
        parts.append(f"until {' and '.join(decision['approvers'])} agree, within {decision['within']:g} s")
    if obligations.get("revealed"):
        parts.append(f"in clear: {', '.join(obligations['revealed'])}")
    if obligations.get("reveals"):
        parts.append(f"in clear in the columns asked for: {', '.join(obligations['reveals'])}")
    if obligations.get("masks"):
        kinds = (f"{label} by {kind}" for label, kind in obligations["masks"].items())
        parts.append(f"masked otherwise than by default: {', '.join(kinds)}")
    parts += [
        f"{name}: {obligations[name]}"
        for name in ("max_rows", "max_estimated", "timeout", "durability")
        if obligations.get(name)
    ]
    parts += [f"at most {_ceiling(each)}" for each in obligations.get("ceilings", ())]
    if decision.get("remedy"):
        parts.append(f"what would pass: {decision['remedy']}")
    return visible("".join(f"\n  {part}" for part in parts), newlines=True)


def _ceiling(told: Mapping[str, Any]) -> str:
    from policy.ceilings import Ceiling

    raised = f", raised by {' and '.join(told['raised_by'])}" if told["raised_by"] else ""
    return f"{Ceiling(told['measure'], told['period'], told['amount'])} ({told['rule']}, {told['place']}{raised})"


def _title(text: str) -> None:
    print(f"{BOLD}{text}{PLAIN}" if _colour() else text)


def _row(name: str, value: str) -> None:
    print(f"  {name + ':':<11}{visible(value)}")


def _coloured(word: str) -> str:
    return f"{COLOURS[word]}{word}{PLAIN}" if _colour() else word


def _colour() -> bool:
    return sys.stdout.isatty() or bool(os.environ.get("FORCE_COLOR"))

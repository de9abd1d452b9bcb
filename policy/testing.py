"""Cases beside the policies: who asks what of which resource, and what must come of it.

A case file is a YAML list in the folder `tests` of a policy folder; docs/policy.md, "Testing rules", lists its keys.
A text is parsed by the function that is passed in; a case may give the facts itself instead.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, get_args

import yaml

from catalog.model import Label, Locator, Resource
from policy.effects import Effect
from policy.engine import Engine
from policy.explain import describe
from policy.model import Action, Agent, Identity, Mode, Operation, Query, Via
from policy.problems import Problem, nearest

FOLDER = "tests"
OUTCOMES = ("allow", "hold", "deny")

Parse = Callable[[str, str], Operation]
"""(kind of the resource, text) → Operation. Raises ValueError when nothing parses that kind."""


@dataclass(frozen=True, slots=True)
class Case:
    """One case as it was written. `facts` hold what is asked, `expected` what must come of it."""

    file: str
    number: int
    name: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    expected: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Difference:
    """One expectation that was not met."""

    key: str
    expected: Any
    found: Any


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a case. `problem` = it could not be tried at all."""

    case: Case
    differences: tuple[Difference, ...] = ()
    problem: str = ""
    decision: Mapping[str, Any] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        return not self.differences and not self.problem


class CasesUnreadable(Exception):
    """Some case files are wrong; `problems` says where. No case is tried then."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


def case_files(folder: Path) -> list[Path]:
    """The files of cases that belong to a policy folder, sorted."""
    return sorted(path for path in (folder / FOLDER).rglob("*.y*ml") if path.suffix in (".yaml", ".yml"))


def read_cases(folder: Path) -> list[Case]:
    """Every case of a policy folder. Raises CasesUnreadable, OSError."""
    cases: list[Case] = []
    problems: list[Problem] = []
    for path in case_files(folder):
        for found in _cases_of(path.relative_to(folder).as_posix(), path.read_bytes()):
            (problems if isinstance(found, Problem) else cases).append(found)  # type: ignore[arg-type]
    if problems:
        raise CasesUnreadable(problems)
    return cases


def try_case(case: Case, engine: Engine, *, resources: Mapping[str, Resource], parse: Parse) -> Result:
    """Decide the case by the rules, and compare. Never raises for what a case says."""
    try:
        query = query_of(case, resources, parse=parse)
    except ValueError as error:
        return Result(case, problem=str(error))
    decision = describe(engine.decide(query))
    return Result(case, tuple(_differences(case.expected, decision)), decision=decision)


def query_of(case: Case, resources: Mapping[str, Resource], *, parse: Parse) -> Query:
    """Raises ValueError with a sentence."""
    facts = case.facts
    resource = _resource(facts, resources)
    return Query(
        identity=_identity(facts),
        resource=resource,
        operation=_operation(facts, resource, parse=parse),
        labels=frozenset(_known(Label, facts.get("labels", ()), "label")),
        approvals=frozenset(facts.get("approvals", ())),
        now=_moment(facts.get("at")),
        mode=facts.get("mode", "read_write"),
        tainted=facts.get("tainted", False),
        estimated_rows=facts.get("estimated_rows"),
    )


def _cases_of(file: str, text: bytes) -> Iterator[Case | Problem]:
    try:
        entries = yaml.safe_load(text)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        yield Problem("this is not YAML", file=file, line=mark.line + 1 if mark else 0)
        return
    if entries is not None and not isinstance(entries, list):
        yield Problem("a file of cases is a list", file=file)
        return
    for number, entry in enumerate(entries or (), start=1):
        yield _case(file, number, entry)


def _case(file: str, number: int, entry: object) -> Case | Problem:
    place = f"{file}, case {number}"
    if not isinstance(entry, dict):
        return Problem("a case is a mapping of keys", file=place)
    for key, value in entry.items():
        if key not in _KEYS:
            return Problem(f"a case has no key {key!r}", file=place, nearest=nearest(str(key), _KEYS))
        if not _KEYS[key](value):
            return Problem(f"{key} cannot be {value!r}", file=place)
    if entry.get("expect") not in OUTCOMES:
        return Problem("expect says allow, hold or deny", file=place)
    if "sql" in entry and "actions" in entry:
        return Problem("a case has a text in sql, or actions of its own, not both", file=place)
    expected = {key: entry[key] for key in _EXPECTED if key in entry}
    facts = {key: value for key, value in entry.items() if key not in expected and key != "name"}
    return Case(file, number, entry.get("name") or entry.get("sql") or f"case {number}", facts, expected)


def _identity(facts: Mapping[str, Any]) -> Identity:
    via = facts.get("via", "agent")
    agent = Agent(facts.get("agent", "agent"), facts.get("agent", "agent")) if via == "agent" else None
    return Identity(
        facts.get("user", "somebody"),
        "case",
        frozenset(facts.get("groups", ())),
        attributes=facts.get("attributes", {}),
        agent=agent,
    )


def _resource(facts: Mapping[str, Any], resources: Mapping[str, Resource]) -> Resource:
    """The configured one, with what the case says instead of it."""
    name = facts.get("resource", "")
    found = resources.get(name)
    if found is None and not {"tags", "resource_groups"} & facts.keys():
        meant = nearest(name, resources)
        hint = f"; did you mean {meant!r}?" if meant else ""
        raise ValueError(f"there is no resource {name!r}, and the case gives neither tags nor resource_groups{hint}")
    resource = found or Resource(name or "resource", facts.get("kind", "postgres"), "")
    tags = {key: str(value) for key, value in facts.get("tags", resource.tags).items()}
    return replace(resource, tags=tags, groups=tuple(facts.get("resource_groups", resource.groups)))


def _operation(facts: Mapping[str, Any], resource: Resource, *, parse: Parse) -> Operation:
    """Effects of the case are added to those of its text."""
    effects = frozenset(str(effect) for effect in _known(Effect, facts.get("effects", ()), "effect"))
    if "sql" in facts:
        operation = parse(resource.kind, facts["sql"])
        return replace(operation, effects=operation.effects | effects)
    return Operation(
        resource.kind,
        "sql_query",
        "",
        actions=frozenset(_known(Action, facts.get("actions", ("read",)), "action")),
        effects=effects,
        targets=tuple(_target(target) for target in facts.get("targets", ())),
        opaque=facts.get("opaque", False),
    )


def _target(name: str) -> Locator:
    schema, _, table = name.rpartition(".")
    return Locator("table", (schema, table))


def _known(kind: type[StrEnum], names: Iterable[str], word: str) -> list[Any]:
    for name in names:
        if name not in list(kind):
            meant = nearest(name, kind)
            raise ValueError(f"there is no {word} {name!r}" + (f"; did you mean {meant!r}?" if meant else ""))
    return [kind(name) for name in names]


def _moment(at: object) -> datetime | None:
    if at is None:
        return None
    moment = at if isinstance(at, datetime) else datetime.fromisoformat(str(at))
    if moment.tzinfo is None:
        raise ValueError("at needs a zone, such as 2026-03-04T12:00:00Z")
    return moment


def _differences(expected: Mapping[str, Any], decision: Mapping[str, Any]) -> Iterator[Difference]:
    rules = sorted({reason["rule"] for reason in decision["reasons"] if reason["rule"]})
    if expected["expect"] != decision["outcome"]:
        yield Difference("expect", expected["expect"], f"{decision['outcome']} ({', '.join(rules) or 'no rule'})")
    if not set(expected.get("rules", ())) <= set(rules):
        yield Difference("rules", sorted(expected["rules"]), rules)
    for key, found in (
        ("approvers", decision.get("approvers", [])),
        ("revealed", decision.get("obligations", {}).get("revealed", [])),
    ):
        if key in expected and sorted(expected[key]) != found:
            yield Difference(key, sorted(expected[key]), found)


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _is_mapping(value: object) -> bool:
    return isinstance(value, dict) and all(isinstance(name, str) for name in value)


_EXPECTED = ("expect", "rules", "approvers", "revealed")
_KEYS: Mapping[str, Callable[[object], bool]] = {
    **dict.fromkeys(("name", "user", "agent", "resource", "kind", "sql", "expect"), _is_text),
    **dict.fromkeys(
        ("groups", "resource_groups", "actions", "effects", "targets", "labels", "approvals", *_EXPECTED[1:]),
        _is_texts,
    ),
    **dict.fromkeys(("tags", "attributes"), _is_mapping),
    "via": lambda value: value in get_args(Via),
    **dict.fromkeys(("opaque", "tainted"), lambda value: isinstance(value, bool)),
    "mode": lambda value: value in get_args(Mode),
    "estimated_rows": lambda value: isinstance(value, int) and not isinstance(value, bool) and value >= 0,
    "at": lambda value: isinstance(value, (str, datetime)),
}

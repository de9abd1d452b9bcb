"""Who I am, what I can reach, which rules apply, what is known of columns."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel, Field

from server.api.door import Person
from server.api.problems import not_found
from server.catalog_columns import columns_of
from server.judging import Judge
from server.policies import PolicySource
from server.store.engine import Store


class Whoami(BaseModel):
    user: str
    groups: list[str]
    session: str = Field(description="The log-in this token belongs to; its records carry the same id.")
    expires_at: int = Field(description="UNIX seconds.")


class ResourceView(BaseModel):
    name: str
    kind: str
    description: str
    tags: dict[str, str]


class Rule(BaseModel):
    id: str
    effect: str
    file: str
    line: int
    reason: str
    suggestion: str
    hold: list[str] = Field(description="Groups whose approval lifts this rule.")
    observe: bool = Field(description="Only says what it would do.")
    text: str


class Policies(BaseModel):
    version: str
    problem: str = Field(description="Why newer files are not in force; empty when they are.")
    rules: list[Rule]


class ColumnView(BaseModel):
    schema_name: str = Field(serialization_alias="schema")
    table: str
    column: str
    type: str
    label: str = Field(description="Empty = looked at and found clear.")
    detector: str
    confidence: float
    scanned_at: float


def add_about(router: APIRouter, *, store: Store, policies: PolicySource, judge: Judge) -> None:
    @router.get("/whoami", tags=["identity"], summary="Who this token stands for")
    async def whoami(person: Person) -> Whoami:
        return Whoami(
            user=person.user, groups=sorted(person.groups), session=person.session, expires_at=person.expires_at
        )

    @router.get("/resources", tags=["catalog"], summary="What policy lets you reach")
    async def list_resources(person: Person) -> list[ResourceView]:
        return [
            ResourceView(name=each.name, kind=each.kind, description=each.description, tags=dict(each.tags))
            for each in judge.visible(person)
        ]

    @router.get("/catalog/{resource}/columns", tags=["catalog"], summary="What the last scan found, by column")
    async def columns(resource: str, person: Person) -> list[ColumnView]:
        if resource not in {each.name for each in judge.visible(person)}:
            raise not_found("resource")
        return [ColumnView(schema_name=found.pop("schema"), **found) for found in await columns_of(store, resource)]

    @router.get("/policies", tags=["policy"], summary="The rules in force")
    async def show_policies() -> Policies:
        document = policies.current.document
        rules = [
            Rule(
                id=rule.id,
                effect=rule.effect,
                file=rule.file,
                line=rule.line,
                reason=rule.reason,
                suggestion=rule.suggest,
                hold=list(rule.hold),
                observe=rule.observe,
                text=rule.text,
            )
            for rule in document.policies
        ]
        return Policies(version=document.version, problem=policies.problem, rules=rules)

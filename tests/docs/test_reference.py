"""The reference parts are those that the code writes, and they leave nothing out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, get_args, get_origin

import pytest
import typer
from pydantic import BaseModel

from catalog.model import Label
from policy.annotations import ANNOTATIONS
from policy.document import load_document, pack_names
from policy.effects import Effect
from policy.model import Action
from policy.vocabulary import FACT_FIELDS, MOMENT_FIELDS
from server.cli.commands import app
from server.config import Config
from server.metrics import Metrics
from server.recording.events import EVENTS
from server.reference.pages import PARTS, filled
from server.reference.tools import envelope_fields, tools
from server.stages import STAGES
from tests.docs.pages import page


@pytest.mark.parametrize("name", PARTS)
def test_a_page_holds_what_the_code_says_now(name: str) -> None:
    found = page(name)
    assert found.text == filled(found.text, PARTS[name]()), f"docs/{name} is out of date: run `make docs`"


def config_keys(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    """Every key by walking the model itself, so that a mistake of the generator is seen."""
    for name, field in model.model_fields.items():
        inner, between = section_of(field.annotation)
        if inner is None or between or prefix:
            yield f"{prefix}{name}"
        if inner is not None:
            yield from config_keys(inner, f"{prefix}{name}{between}.")


def section_of(annotation: Any) -> tuple[type[BaseModel] | None, str]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation, ""
    between = {dict: ".NAME", list: "[]"}.get(get_origin(annotation), "")
    for argument in get_args(annotation):
        inner, _ = section_of(argument)
        if inner is not None:
            return inner, between
    return None, ""


def commands(command: Any, path: str) -> Iterator[tuple[str, bool]]:
    """(name, is it a group of others) of every command."""
    for name, inner in getattr(command, "commands", {}).items():
        yield f"{path} {name}", hasattr(inner, "commands")
        yield from commands(inner, f"{path} {name}")


def test_every_configuration_key_has_its_heading() -> None:
    keys = set(config_keys(Config))
    assert {"server.public_url", "resources.NAME.logins[].via", "resources.NAME.scanner"} <= keys
    assert keys - set(page("configuration.md").headings) == set()


def test_every_section_of_the_configuration_has_its_heading() -> None:
    assert set(Config.model_fields) - set(page("configuration.md").headings) == set()


def test_every_command_has_its_heading() -> None:
    names = {name for name, _group in commands(typer.main.get_command(app), "warded")}
    assert {"warded serve", "warded user", "warded user add"} <= names
    assert names - set(page("cli.md").headings) == set()


def test_every_command_has_an_example() -> None:
    text = page("cli.md").text
    leaves = [name for name, is_group in commands(typer.main.get_command(app), "warded") if not is_group]
    parts = {name: re.split(r"^##", text.partition(f"# {name}\n")[2], flags=re.MULTILINE)[0] for name in leaves}
    assert [name for name, part in parts.items() if "Example:" not in part or f"{name}" not in part] == []


@pytest.mark.parametrize("pack", pack_names())
def test_every_rule_of_a_pack_has_its_heading(pack: str) -> None:
    headings = page("policy.md").headings
    assert pack in headings
    assert {rule.id for rule in load_document(None, [pack]).policies} - set(headings) == set()


def test_every_word_that_a_rule_may_use_has_its_row() -> None:
    rows = page("policy.md").first_cells
    assert set(Effect) - rows == set()
    assert set(Action) - rows == set()
    assert set(Label) - rows == set()
    assert {f"@{name}" for name in ANNOTATIONS} - rows == set()
    assert {f"context.{name}" for name in FACT_FIELDS} - rows == set()
    assert {f"context.now.{name}" for name in MOMENT_FIELDS} - rows == set()


def test_every_tool_has_its_heading_and_every_field_of_a_result_its_row() -> None:
    found = page("mcp.md")
    assert {verb.name for verb in tools()} - set(found.headings) == set()
    assert {field.strip("`") for field in envelope_fields()} - found.first_cells == set()


def test_no_field_of_a_tool_is_left_without_words() -> None:
    assert [line for line in page("mcp.md").text.splitlines() if re.search(r"\|\s*\|$", line)] == []


def test_every_metric_has_its_row() -> None:
    families = {family.name for family in Metrics(version="0").registry.collect() if family.name.startswith("warded_")}
    assert len(families) > 5
    rows = page("operations.md").first_cells
    assert {name for name in families if not any(row.startswith(name) for row in rows)} == set()


def test_every_event_of_a_record_has_its_heading() -> None:
    assert set(EVENTS) - set(page("recording.md").headings) == set()


def test_every_stage_has_its_row_in_the_picture_of_the_pipeline() -> None:
    for name in ("architecture.md", "../README.md"):
        assert set(STAGES) - page(name).first_cells == set()

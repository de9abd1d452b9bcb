"""What a reader may copy works: commands exist, configurations load, rules validate."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from policy.document import Source, build_document
from server.cli.commands import app
from server.config import Config
from server.config_file import load_config
from tests.docs.pages import ROOT, Page, pages

ALL = list(pages())

CONFIGS = [(found.name, text) for found in ALL for text in found.blocks("yaml")]
RULES = [(found.name, text) for found in ALL for text in found.blocks("cedar")]
DOCUMENTS = [(found.name, text) for found in ALL for text in found.blocks("json")]


def command_words(line: str) -> Iterator[str]:
    """Every `warded …` in a line of shell or in inline code, without what stands before it."""
    for match in re.finditer(r"(?:^|[\s(])(?:\.venv/bin/)?warded (?=[a-z])([^)`|&;#>]*)", line):
        yield match[1].strip()


def mentioned(found: Page) -> Iterator[str]:
    for text in (*found.code, *(line for block in found.blocks("sh") for line in block.splitlines())):
        if "docker compose" in text:
            text = text.rpartition("exec warded ")[2]
        if "claude mcp" not in text and not text.startswith(("git ", "cd ")):
            yield from command_words(text)


def run_of(words: list[str]) -> tuple[Any, list[str]]:
    """The command that the words name, and what is left for it."""
    command: Any = typer.main.get_command(app)
    while words and words[0] in getattr(command, "commands", {}):
        command, words = command.commands[words[0]], words[1:]
    return command, words


def problem_of(text: str) -> str:
    """What is wrong with the command, "" when it exists and takes its options."""
    command, rest = run_of(shlex.split(text))
    if rest and hasattr(command, "commands"):
        return f"warded {text}: there is no such command"
    known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    options = rest[: rest.index("--")] if "--" in rest else rest  # what follows a bare -- is somebody else's command
    wrong = [
        word for word in options if word.startswith("-") and word.partition("=")[0] not in {*known, "--help", "-h"}
    ]
    return f"warded {text}: it takes no {', '.join(wrong)}" if wrong else ""


@pytest.mark.parametrize("found", ALL, ids=lambda found: found.name)
def test_every_command_that_a_page_mentions_exists_and_takes_its_options(found: Page) -> None:
    assert [problem for text in mentioned(found) if (problem := problem_of(text))] == []


def test_the_check_of_commands_sees_a_wrong_one() -> None:
    assert problem_of("user remove ada") != ""
    assert problem_of("serve --fast") != ""
    assert problem_of("policy check ./draft") == ""
    assert list(command_words("export T=$(warded token create ada)")) == ["token create ada"]


@pytest.mark.parametrize("found", ALL, ids=lambda found: found.name)
def test_every_make_target_that_a_page_mentions_exists(found: Page) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    shell = [line for block in found.blocks("sh") for line in block.splitlines()]
    named = {match[1] for text in (*found.code, *shell) if (match := re.match(r"make ([a-z]+)", text))}
    assert named - targets == set()


@pytest.mark.parametrize(("name", "text"), CONFIGS, ids=[name for name, _text in CONFIGS])
def test_a_configuration_that_a_page_shows_loads(name: str, text: str, tmp_path: Path) -> None:
    path = tmp_path / "warded.yaml"
    path.write_text(text)
    config = load_config(path)
    assert isinstance(config, Config)
    assert set(yaml.safe_load(text)) <= set(Config.model_fields)


@pytest.mark.parametrize(("name", "text"), RULES, ids=[name for name, _text in RULES])
def test_a_rule_that_a_page_shows_validates(name: str, text: str) -> None:
    document = build_document([Source(name, text)])
    assert all(rule.reason for rule in document.policies)


@pytest.mark.parametrize(("name", "text"), DOCUMENTS, ids=[name for name, _text in DOCUMENTS])
def test_a_json_document_that_a_page_shows_is_json(name: str, text: str) -> None:
    json.loads(text)


def test_there_are_examples_of_every_kind() -> None:
    assert len(CONFIGS) >= 3
    assert len(RULES) >= 10
    assert len(DOCUMENTS) >= 2


def test_the_quickstarts_configuration_and_rules_fit_each_other() -> None:
    quickstart = Page(ROOT / "docs" / "quickstart.md")
    (config,), (rules,) = quickstart.blocks("yaml"), quickstart.blocks("cedar")
    groups = yaml.safe_load(config)["resources"]["shop"]["groups"]
    assert all(f'ResourceGroup::"{group}"' in rules for group in groups)

"""Adds resources to warded.yaml as text, so that comments and order stay; what cannot be added safely is refused."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from server.config_file import load_config
from server.config_yaml import YamlProblem, read_yaml


class EditRefused(Exception):
    """The file has a form that is not edited by machine. The message says why."""


def block_of(name: str, resource: Mapping[str, Any], *, indent: int = 2) -> str:
    """One resource as YAML, indented below `resources:`."""
    text = yaml.safe_dump({name: dict(resource)}, sort_keys=False, allow_unicode=False, width=110)
    return "".join(f"{' ' * indent}{line}\n" for line in text.splitlines())


def with_resources(text: str, added: Mapping[str, Mapping[str, Any]]) -> str:
    """The file's text with more resources behind those that it has. Raises EditRefused."""
    before = _value(text)
    text = text if not text or text.endswith("\n") else f"{text}\n"
    known = before.get("resources")
    if twice := sorted(set(known or {}) & set(added)):
        raise EditRefused(f"it has a resource {twice[0]} already")
    if "resources" not in before:
        edited = f"{text}resources:\n" + "".join(block_of(name, each) for name, each in added.items())
    else:
        edited = _behind_the_last(text, added)
    wanted = before | {"resources": (known or {}) | {name: dict(each) for name, each in added.items()}}
    if _value(edited) != wanted:
        raise EditRefused("it would mean something else afterwards")
    return edited


def add_resources(path: Path, added: Mapping[str, Mapping[str, Any]]) -> Path:
    """Edit the file in place, after the result was read and found valid; the path of the backup. Raises EditRefused,
    ConfigError and OSError."""
    edited = with_resources(path.read_text("utf-8"), added)
    draft, backup = path.with_name(f".{path.name}.draft"), path.with_name(f"{path.name}.bak")
    try:
        shutil.copy2(path, draft)  # the same owner's mode as before
        draft.write_text(edited, "utf-8")
        load_config(draft)
        shutil.copy2(path, backup)
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)
    return backup


def _value(text: str) -> dict[str, Any]:
    try:
        value = read_yaml(text.encode()).value
    except YamlProblem as error:
        raise EditRefused(error.what) from None
    if not isinstance(value, dict):
        raise EditRefused("it is not a group of keys")
    return value


def _behind_the_last(text: str, added: Mapping[str, Mapping[str, Any]]) -> str:
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    assert isinstance(root, yaml.MappingNode)
    node = next(value for key, value in root.value if key.value == "resources")
    if not isinstance(node, yaml.MappingNode) or node.flow_style or not node.value:
        raise EditRefused("its resources are not written as indented keys")
    indent = node.value[0][0].start_mark.column
    lines = text.splitlines(keepends=True)
    at = node.end_mark.line
    while at > 0 and (not lines[at - 1].strip() or lines[at - 1].lstrip().startswith("#")):
        at -= 1  # comments and empty lines behind the last one belong to what follows
    return "".join([*lines[:at], *(block_of(name, each, indent=indent) for name, each in added.items()), *lines[at:]])

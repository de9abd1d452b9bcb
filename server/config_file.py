"""Reads warded.yaml: one file, refused whole when anything in it is wrong, with a line for each problem.

The file is located by `--config`, else WARDED_CONFIG, else ./warded.yaml; no
other environment variable changes a setting. Messages never repeat values:
one of them may be a secret that was pasted into the wrong place.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from server.config import Config
from server.config_yaml import Document, YamlProblem, read_yaml

DEFAULT_NAME = "warded.yaml"
VARIABLE = "WARDED_CONFIG"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to fix. `key` is the dotted path, `line` counts from 1, 0 = the whole file."""

    file: str
    line: int
    key: str
    what: str
    remedy: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        key = f"{self.key}: " if self.key else ""
        return f"{place}: {key}{self.what}. {self.remedy}"


class ConfigError(Exception):
    """The configuration cannot be used; `problems` (never empty) holds all that was found."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(found) for found in self.problems))


def config_path(given: Path | None = None, environ: Mapping[str, str] = os.environ) -> Path:
    """Which file is meant."""
    return given or Path(environ.get(VARIABLE) or DEFAULT_NAME)


def load_config(path: Path) -> Config:
    """The configuration in `path`, its paths made absolute. Raises ConfigError."""
    path = Path(path)
    document = _read(path)
    try:
        return Config.model_validate(document.value, context={"folder": path.resolve().parent})
    except ValidationError as error:
        problems = [_problem(str(path), document, found) for found in error.errors(include_input=False)]
        raise ConfigError(sorted(problems, key=lambda found: found.line)) from None


def json_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of the file, for editors: `# yaml-language-server: $schema=...`."""
    schema = Config.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "warded.yaml"}


def _read(path: Path) -> Document:
    try:
        return read_yaml(path.read_bytes())
    except YamlProblem as error:
        raise ConfigError([Problem(str(path), error.line, error.key, error.what, error.remedy)]) from None
    except FileNotFoundError:
        remedy = f"Name the file with --config or {VARIABLE}; `warded config schema` says what it may hold."
        raise ConfigError([Problem(str(path), 0, "", "there is no such file", remedy)]) from None
    except OSError as error:
        what = f"it cannot be read: {(error.strerror or 'error').lower()}"
        raise ConfigError([Problem(str(path), 0, "", what, "Check its path and permissions.")]) from None


def _problem(file: str, document: Document, found: ErrorDetails) -> Problem:
    location = tuple(part for part in found["loc"] if part != "[key]")
    context = found.get("ctx", {})
    if context.get("key"):
        location = (*location, context["key"])
    what, remedy = _words(found, location)
    return Problem(file, document.line(location), ".".join(map(str, location)), what, remedy)


def _words(found: ErrorDetails, location: tuple[int | str, ...]) -> tuple[str, str]:
    """What is wrong and what to do, in the file's terms instead of the validator's."""
    context = found.get("ctx", {})
    match found["type"]:
        case "warded":
            return context["what"], context["remedy"]
        case "extra_forbidden":
            return "this key is unknown", _nearest(str(location[-1]), _fields(location[:-1]))
        case "missing":
            return "this key is required and missing", "Add it."
        case "string_type":
            return "this must be text", 'Put it in quotes: "...".'
        case "string_pattern_mismatch":
            return (
                "this name is not allowed",
                "Use lower-case letters, digits, _ and -, starting with a letter or digit.",
            )
        case "literal_error":
            return "this value is not one of the choices", f"Write one of: {context['expected']}."
        case "model_type" | "model_attributes_type" | "dict_type":
            return "this must be a group of keys", "Indent its keys below it, or leave it out."
        case _:
            words = found["msg"].removeprefix("Input ")
            return f"the value {words[:1].lower()}{words[1:]}", "Correct the value."


def _nearest(name: str, known: Sequence[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.55)
    return f'Did you mean "{close[0]}"?' if close else f"Known here: {', '.join(known)}."


def _fields(location: tuple[int | str, ...]) -> list[str]:
    """Names that the model allows at `location`, by walking its annotations."""
    kind: Any = Config
    for part in location:
        kind = _bare(_step(kind, str(part)))
    return list(kind.model_fields) if _is_model(kind) else []


def _step(kind: Any, part: str) -> Any:
    """The annotation one level below `kind`: a field of a section, or what a dict or list holds."""
    if _is_model(kind):
        return kind.model_fields[part].annotation if part in kind.model_fields else None
    return (get_args(kind) or (None,))[-1]


def _bare(kind: Any) -> Any:
    """`X | None` is X."""
    if get_origin(kind) in (UnionType, Union):
        return next((inner for inner in get_args(kind) if inner is not type(None)), None)
    return kind


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)

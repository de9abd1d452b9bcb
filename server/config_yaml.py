"""YAML with line numbers, where a key that stands twice is an error instead of a silent overwrite."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import yaml

MAX_BYTES = 1_000_000
MAX_DEPTH = 20
MAX_KEYS = 50_000
"""Aliases (*name) are followed, so a small file can mean an endless one."""

Location = tuple[int | str, ...]


class YamlProblem(Exception):
    """The text is not usable YAML. `line` counts from 1, 0 = unknown."""

    def __init__(self, what: str, remedy: str, *, line: int = 0, key: str = "") -> None:
        super().__init__(what)
        self.what, self.remedy, self.line, self.key = what, remedy, line, key


@dataclass(frozen=True, slots=True)
class Document:
    """The plain value of a file, and where each key of it stands."""

    value: Any
    lines: dict[Location, int] = field(default_factory=dict)

    def line(self, location: Location) -> int:
        """Line of the key at `location`, or of the nearest key around it; 0 if there is none."""
        for end in range(len(location), 0, -1):
            if found := self.lines.get(location[:end]):
                return found
        return 0


def read_yaml(data: bytes) -> Document:
    """Parse one document with the safe loader. Raises YamlProblem."""
    if len(data) > MAX_BYTES:
        raise YamlProblem("the file is larger than 1 MB", "This is not a configuration of Warded.")
    try:
        text = data.decode("utf-8-sig")
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        lines: dict[Location, int] = {}
        if root is not None:
            _walk(root, (), lines)
        value = yaml.safe_load(text)
    except UnicodeDecodeError:
        raise YamlProblem("the file is not UTF-8", "Save it as UTF-8.") from None
    except yaml.MarkedYAMLError as error:
        raise _not_yaml(error) from None
    except RecursionError:
        raise _too_deep(0) from None
    except (yaml.YAMLError, ValueError):
        raise YamlProblem("this is not YAML", "Remove characters that are not text.") from None
    return Document({} if value is None else value, lines)


def _not_yaml(error: yaml.MarkedYAMLError) -> YamlProblem:
    # `problem` names characters and tokens of the grammar; the snippet of the text, which may hold a secret, stays out.
    line = error.problem_mark.line + 1 if error.problem_mark else 0
    what = "a tag (!...) is not allowed" if isinstance(error, yaml.constructor.ConstructorError) else "this is not YAML"
    return YamlProblem(what, "Check indentation, colons and quotes on this line and the one above.", line=line)


def _too_deep(line: int) -> YamlProblem:
    return YamlProblem("this is nested too deeply or refers to itself", "Write the keys out.", line=line)


def _walk(node: yaml.Node, here: Location, lines: dict[Location, int]) -> None:
    if len(here) > MAX_DEPTH or len(lines) > MAX_KEYS:
        raise _too_deep(node.start_mark.line + 1)
    if isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            lines[(*here, index)] = item.start_mark.line + 1
            _walk(item, (*here, index), lines)
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            place = (*here, _key(key, here))
            if place in lines:
                raise _twice(key, place, lines[place])
            lines[place] = key.start_mark.line + 1
            _walk(value, place, lines)


def _key(node: yaml.Node, here: Location) -> str:
    """A key as text. YAML 1.1 reads `on`, `yes` and `1` as other types, which no key of ours is."""
    line, around = node.start_mark.line + 1, ".".join(map(str, here))
    if node.tag == "tag:yaml.org,2002:merge":
        raise YamlProblem("merge keys (<<) are not supported", "Write the keys out.", line=line, key=around)
    if not isinstance(node, yaml.ScalarNode) or node.tag != "tag:yaml.org,2002:str":
        raise YamlProblem("this key is not text", "Put it in quotes.", line=line, key=around)
    return str(node.value)


def _twice(node: yaml.Node, place: Location, first: int) -> YamlProblem:
    what = f"this key stands twice (first on line {first})"
    return YamlProblem(what, "Remove one of them.", line=node.start_mark.line + 1, key=".".join(map(str, place)))

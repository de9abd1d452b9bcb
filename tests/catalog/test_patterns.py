"""No pattern that meets data can be made to run for ever: none repeats inside a repeat, none is made at run time."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from re import _constants as codes  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
CATALOG = ROOT / "catalog"
_REPEATS = (codes.MAX_REPEAT, codes.MIN_REPEAT)
_MADE = ("compile", "match", "fullmatch", "search", "sub", "subn", "split", "findall", "finditer")

_ONE_WAY = frozenset({"catalog.prose.tagger"})
"""Modules whose repeated groups begin each round with a word of a list: there is one way to match, nested or not."""

_RECORDER = """
import importlib, json, pkgutil, re, sys
seen, plain = [], re.compile
def recorded(pattern, flags=0):
    caller = sys._getframe(1).f_globals.get("__name__", "")
    if caller.split(".")[0] == "catalog" and isinstance(pattern, (str, bytes)):
        text = pattern if isinstance(pattern, str) else pattern.decode("latin-1")
        seen.append((caller, text, int(flags)))
    return plain(pattern, flags)
re.compile = recorded
import catalog
for module in pkgutil.walk_packages(catalog.__path__, "catalog."):
    if ".training" not in module.name:
        importlib.import_module(module.name)
print(json.dumps(seen))
"""


def _compiled() -> list[tuple[str, str, int]]:
    """Module, pattern and flags of everything that `catalog` compiles when it is imported."""
    done = subprocess.run(
        [sys.executable, "-c", _RECORDER], cwd=ROOT, check=True, capture_output=True, text=True, timeout=120
    )
    return [(module, pattern, flags) for module, pattern, flags in json.loads(done.stdout)]


def _inside(node: Any) -> Iterator[Any]:
    """Every list of parts within a part of a parsed pattern."""
    if isinstance(node, parser.SubPattern):
        yield node
    elif isinstance(node, (list, tuple)):
        for child in node:
            yield from _inside(child)


def repeats_nest(pattern: str, flags: int = 0) -> bool:
    """Whether something that may come more than once holds something else that may, without a bound of its own."""
    return _nests(parser.parse(pattern, flags & ~int(codes.SRE_FLAG_DEBUG)), repeated=False)


def _nests(parts: Any, *, repeated: bool) -> bool:
    for code, argument in parts:
        many = code in _REPEATS and argument[1] > 1
        if many and repeated:
            return True
        if any(_nests(inner, repeated=repeated or many) for inner in _inside(argument)):
            return True
    return False


@pytest.mark.parametrize("pattern", [r"(a+)+", r"(?:\w{1,5}\s?){2,}", r"((?:ab)*c)*", r"(?=(x*)+)", r"(a|b+){3}"])
def test_the_check_sees_nested_repeats(pattern: str) -> None:
    assert repeats_nest(pattern)


@pytest.mark.parametrize("pattern", [r"a+b+", r"(?:x+)?", r"(?:ab|cd)+", r"\d{1,3}\.\d{1,3}", r"(?=a+)b"])
def test_the_check_lets_plain_repeats_be(pattern: str) -> None:
    assert not repeats_nest(pattern)


def test_no_pattern_of_the_catalog_repeats_inside_a_repeat() -> None:
    compiled = _compiled()
    assert len(compiled) > 40
    found = [(module, pattern) for module, pattern, flags in compiled if repeats_nest(pattern, flags)]
    assert [(module, pattern) for module, pattern in found if module not in _ONE_WAY] == []


def test_patterns_are_made_once_and_not_of_data() -> None:
    """`re` is called by name only at the top of a module, or with a constant."""
    found = []
    for path in sorted(CATALOG.rglob("*.py")):
        if "training" in path.parts:
            continue
        tree = ast.parse(path.read_text("utf-8"))
        inner = {
            id(call)
            for function in ast.walk(tree)
            if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
            for call in ast.walk(function)
        }
        found += [
            f"{path.relative_to(ROOT)}:{call.lineno}"
            for call in ast.walk(tree)
            if isinstance(call, ast.Call) and id(call) in inner and _makes_a_pattern(call)
        ]
    assert found == []


def _makes_a_pattern(call: ast.Call) -> bool:
    function = call.func
    named = isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name) and function.value.id == "re"
    return named and function.attr in _MADE and not _is_plain(call.args[0])  # type: ignore[attr-defined]


def _is_plain(pattern: ast.expr) -> bool:
    """A constant, or one text escaped."""
    escaped = (
        isinstance(pattern, ast.Call) and isinstance(pattern.func, ast.Attribute) and pattern.func.attr == "escape"
    )
    return escaped or isinstance(pattern, ast.Constant)

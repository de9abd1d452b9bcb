"""The folders are the architecture: four floors, small files, things with names of their own."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FLOORS = ("catalog", "policy", "backends", "server")
FOLDERS = {*FLOORS, "tests", "docker", "docs", ".ci"}
MAX_LINES = 650
DRAWERS = {
    "util",
    "utils",
    "common",
    "helper",
    "helpers",
    "core",
    "misc",
    "shared",
    "lib",
    "stuff",
    "general",
    "tools2",
}


def tracked() -> list[Path]:
    """Files under version control, and new ones that are not ignored; relative to the root."""
    command = ["git", "-C", str(ROOT), "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    return [Path(line) for line in listed if (ROOT / line).is_file()]


def modules(*floors: str) -> Iterator[Path]:
    yield from (path for path in tracked() if path.suffix == ".py" and path.parts[0] in floors)


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.module or ""


def test_the_top_level_holds_the_four_floors_and_nothing_unexpected() -> None:
    assert {path.parts[0] for path in tracked() if len(path.parts) > 1} <= FOLDERS


def test_no_file_is_longer_than_a_person_reads() -> None:
    lengths = {str(path): len((ROOT / path).read_text("utf-8").splitlines()) for path in modules(*FLOORS, "tests")}
    assert {name: lines for name, lines in lengths.items() if lines > MAX_LINES} == {}


def test_nothing_is_named_like_a_drawer() -> None:
    parts = {part.removesuffix(".py") for path in modules(*FLOORS, "tests") for part in path.parts}
    assert parts & DRAWERS == set()


def test_every_module_says_what_it_is() -> None:
    texts = {path: (ROOT / path).read_text("utf-8") for path in modules(*FLOORS)}
    silent = [str(path) for path, text in texts.items() if text.strip() and not ast.get_docstring(ast.parse(text))]
    assert silent == []


# Nouns on this floor that are no backends themselves.
SHARED_BY_BACKENDS = {"base", "door", "envelope", "errors", "sqltree"}


def test_no_backend_imports_another() -> None:
    for path in modules("backends"):
        if len(path.parts) > 2:
            others = {name for name in imported(path) if re.match(r"backends\.\w+", name)}
            own = {name for name in others if name.split(".")[1] in {path.parts[1], *SHARED_BY_BACKENDS}}
            assert others == own, path


def test_only_the_registry_reaches_a_concrete_backend() -> None:
    for path in (*modules("server"), *modules("policy"), *modules("catalog")):
        reached = {name for name in imported(path) if name.startswith("backends.")}
        assert {name.split(".")[1] for name in reached} <= {"base", "door", "errors"}, path


@pytest.mark.parametrize("floor", FLOORS)
def test_an_import_name_belongs_to_this_distribution_alone(floor: str) -> None:
    """Two distributions that put files into one folder break each other silently."""
    owners = set(packages_distributions().get(floor, ()))
    assert owners == {"warded"}, "run `make test`, which installs Warded into its environment"


def test_import_contracts_hold() -> None:
    linter = Path(sys.executable).parent / "lint-imports"
    done = subprocess.run([linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout

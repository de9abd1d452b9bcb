"""Dependencies: locked with hashes, each with a reason, and nothing in the tree that names one machine or registry."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
LOCKS = (
    "requirements.lock",
    "docker/requirements.lock",
    "tests/requirements.lock",
    "tests/bench-requirements.lock",
    "tests/setup/uv.lock",
)


def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def names(requirements: list[str]) -> set[str]:
    return {re.split(r"[\[<>=~! ;]", requirement)[0].lower() for requirement in requirements}


def locked(lock: str) -> dict[str, str]:
    """Package to pinned version."""
    text = (ROOT / lock).read_text("utf-8")
    return {found[1]: found[2] for found in re.finditer(r"^([a-z0-9][a-z0-9._-]*)==(\S+)", text, re.M)}


@pytest.mark.parametrize("lock", LOCKS)
def test_every_package_of_a_lock_is_pinned_and_has_a_hash(lock: str) -> None:
    entries = re.split(r"^(?=[a-z0-9])", (ROOT / lock).read_text("utf-8"), flags=re.M)[1:]
    assert entries
    assert all("==" in entry and "--hash=sha256:" in entry for entry in entries)


@pytest.mark.parametrize("lock", [*LOCKS, "tests/npm/package-lock.json", "tests/npm/.npmrc"])
def test_a_lock_names_no_registry_and_no_place_on_somebodys_machine(lock: str) -> None:
    text = (ROOT / lock).read_text("utf-8")
    assert not re.search(r'"resolved"|--index-url|--find-links|registry\.|file:', text)
    assert not re.search(r"^#.* /[a-z]", text, re.M)


def test_the_locks_agree_on_every_version() -> None:
    versions: dict[str, set[str]] = {}
    for lock in LOCKS:
        for name, version in locked(lock).items():
            versions.setdefault(name, set()).add(version)
    assert {name: found for name, found in versions.items() if len(found) > 1} == {}


def test_every_declared_dependency_is_in_its_lock() -> None:
    declared = project()["project"]
    assert names(declared["dependencies"]) <= locked("docker/requirements.lock").keys()
    assert (
        names(declared["dependencies"] + declared["optional-dependencies"]["demo"])
        <= locked("requirements.lock").keys()
    )
    assert names(declared["optional-dependencies"]["test"]) <= locked("tests/requirements.lock").keys()


def test_the_image_carries_neither_demo_nor_test_packages() -> None:
    extras = project()["project"]["optional-dependencies"]
    assert not names(extras["demo"] + extras["test"] + extras["bench"]) & locked("docker/requirements.lock").keys()


def test_every_dependency_has_its_reason_in_contributing() -> None:
    declared = project()["project"]
    wanted = names(
        declared["dependencies"] + [entry for extra in declared["optional-dependencies"].values() for entry in extra]
    )
    table = {
        found.lower()
        for found in re.findall(r"^\| `([A-Za-z0-9._-]+)` \|", (ROOT / "CONTRIBUTING.md").read_text("utf-8"), re.M)
    }
    assert wanted - table == set(), "a dependency without a reason"
    assert table - wanted == set(), "a reason without a dependency"

"""Statements about what is missing must go when it is no longer missing, and the other way round."""

from __future__ import annotations

import re

import pytest
from prometheus_client.metrics import MetricWrapperBase

from backends import load_backends
from server.config import Config
from server.identity.metadata import server_metadata
from server.metrics import Metrics
from server.reference.configuration import keys
from tests.docs.pages import ROOT, Page, page, pages


def emitted(effect: str) -> bool:
    """Whether a backend, or what judges the uses that it found, names the effect."""
    paths = [*(ROOT / "backends").rglob("*.py"), ROOT / "policy" / "steering.py"]
    return any(f"Effect.{effect}" in path.read_text("utf-8") for path in paths)


def test_the_pages_say_that_masked_predicates_pass_exactly_as_long_as_they_do() -> None:
    said = "does not\n  emit it yet" in page("security.md").text
    assert said is not emitted("MASKED_PREDICATE")
    assert ("`masked-predicate` is not emitted" in page("policy.md").text) is said
    assert ("is not refused yet" in page("mcp.md").text) is said


def sources(*folders: str) -> str:
    """The program, without what only describes it."""
    paths = (path for folder in folders for path in (ROOT / folder).rglob("*.py"))
    kept = (path for path in paths if not {"reference", "demo"} & set(path.parts) and path.name != "config.py")
    return "\n".join(path.read_text("utf-8") for path in kept)


def admitted(found: Page, words: str) -> set[str]:
    """The names that a page says are there without effect."""
    return set(re.findall(r"`([^`]+)`", found.text.partition(f"{words}: ")[2].partition(". ")[0]))


def test_configuration_keys_without_effect_are_exactly_those_that_the_page_admits() -> None:
    program, checked_on_reading = sources("server", "backends"), {"server.behind_proxy"}
    unread = {key.path for key in keys() if not re.search(rf"\.{key.path.rpartition('.')[2]}\b", program)}
    assert admitted(page("configuration.md"), "Accepted and not used yet") == unread - checked_on_reading


def test_metrics_that_nobody_counts_are_exactly_those_that_the_page_admits() -> None:
    program, metrics = sources("server"), vars(Metrics(version="0"))
    counters = {name: each for name, each in metrics.items() if isinstance(each, MetricWrapperBase)}
    silent = [
        each for name, each in counters.items() if not re.search(rf"\.{name}\.(?:inc|dec|set|clear|labels)\(", program)
    ]
    names = {f"{family.name}_total" for each in silent for family in each.collect()}
    assert admitted(page("operations.md"), "Not counted yet") == names


def test_the_readme_names_exactly_the_protocols_that_there_are() -> None:
    titles = [backend.title for backend in load_backends()]
    readme = Page(ROOT / "README.md").text
    there, _, missing = readme.partition("Not yet:")
    assert titles == ["PostgreSQL", "SSH", "MCP"], "say so in the README, under what is there"
    assert "PostgreSQL through MCP" in there
    assert "Hosts over SSH" in there
    assert "Other MCP servers" in there
    doors = [backend.front.protocol for backend in load_backends() if backend.front is not None]
    assert doors == ["postgres", "ssh"]
    assert "native door" in there
    assert "native door" not in missing.partition("## ")[0]


def test_the_log_in_that_is_described_is_the_one_that_is_announced() -> None:
    metadata = server_metadata(Config())
    assert metadata["code_challenge_methods_supported"] == ["S256"]
    assert metadata["scopes_supported"] == ["mcp:tools"]
    assert metadata["authorization_response_iss_parameter_supported"] is True
    for words in ("S256 only", "`mcp:tools`", "carry `iss`"):
        assert words in page("mcp.md").text


HYPE = (
    "blazing seamless revolutionary cutting-edge world-class effortless supercharge robust powerful simply unleash "
    "game-chang next-gen state-of-the-art enterprise-grade"
)


@pytest.mark.parametrize("found", list(pages()), ids=lambda found: found.name)
def test_pages_are_written_without_hype(found: Page) -> None:
    assert [word for word in HYPE.split() if word in found.prose.lower()] == []

"""Statements about what is missing must go when it is no longer missing, and the other way round."""

from __future__ import annotations

import pytest

from backends import load_backends
from server.config import Config
from server.identity.metadata import server_metadata
from tests.docs.pages import ROOT, Page, page, pages


def emitted(effect: str) -> bool:
    """Whether a backend's source names the effect."""
    return any(f"Effect.{effect}" in path.read_text("utf-8") for path in (ROOT / "backends").rglob("*.py"))


def test_the_pages_say_that_masked_predicates_pass_exactly_as_long_as_they_do() -> None:
    said = "does not\n  emit it yet" in page("security.md").text
    assert said is not emitted("MASKED_PREDICATE")
    assert ("`masked-predicate` is not emitted" in page("policy.md").text) is said
    assert ("is not refused yet" in page("mcp.md").text) is said


def test_the_readme_names_exactly_the_protocols_that_there_are() -> None:
    titles = [backend.title for backend in load_backends()]
    readme = Page(ROOT / "README.md").text
    there, _, missing = readme.partition("Not yet:")
    assert titles == ["PostgreSQL"], "say so in the README, under what is there"
    assert "PostgreSQL through MCP" in there
    assert "native door" in missing.partition("## ")[0]


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

"""Links lead somewhere, and nothing leads to one machine or one registry."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.pages import DOCS, ROOT, Page, pages, slug

PICTURE = "docs/demo.svg"
"""Drawn by `make picture`."""

ALL = list(pages())


@pytest.mark.parametrize("found", ALL, ids=lambda found: found.name)
def test_every_relative_link_resolves(found: Page) -> None:
    broken = [target for target in found.links if not resolves(found, target)]
    assert broken == []


def resolves(found: Page, target: str) -> bool:
    if re.match(r"[a-z]+:", target):
        return True
    place, _, anchor = target.partition("#")
    path = (found.path.parent / place).resolve() if place else found.path
    if path == ROOT / PICTURE:
        return True
    if not path.exists() or not path.is_relative_to(ROOT):
        return False
    return not anchor or anchor in Page(path).anchors


def test_every_page_of_the_documentation_is_reached_from_its_index() -> None:
    linked = {(DOCS / target.partition("#")[0]).resolve() for target in Page(DOCS / "index.md").links}
    assert {path for path in DOCS.rglob("*.md") if path.name != "index.md"} - linked == set()


@pytest.mark.parametrize(
    ("heading", "anchor"),
    [
        ("What remains your part", "what-remains-your-part"),
        ("`server.public_url`", "serverpublic_url"),
        ("`operation.opened/1`", "operationopened1"),
        ("`resources.NAME.logins[].via`", "resourcesnameloginsvia"),
        ("baseline.one-statement", "baselineone-statement"),
    ],
)
def test_anchors_are_made_as_readers_of_markdown_make_them(heading: str, anchor: str) -> None:
    assert slug(heading) == anchor


@pytest.mark.parametrize("found", ALL, ids=lambda found: found.name)
def test_no_page_names_a_place_on_somebodys_machine(found: Page) -> None:
    assert re.findall(r"(?<![\w.])/(?:work|home|root|Users|tmp)/\S*", found.text) == []


@pytest.mark.parametrize("found", ALL, ids=lambda found: found.name)
def test_no_page_names_a_package_registry(found: Page) -> None:
    hosts = r"(?:pypi\.org|pythonhosted|registry\.npmjs|proxy\.golang|docker\.io|ghcr\.io|--index-url|--extra-index)"
    assert re.findall(hosts, found.text) == []


@pytest.mark.parametrize("found", ALL, ids=lambda found: found.name)
def test_tables_have_as_many_cells_in_each_row_as_in_their_head(found: Page) -> None:
    width, uneven = 0, []
    for line in found.prose.splitlines():
        if not line.startswith("|"):
            width = 0
            continue
        cells = len(re.split(r"(?<!\\)\|", line)) - 2
        width = width or cells
        if cells != width:
            uneven.append(line)
    assert uneven == []


def test_the_picture_of_the_story_is_what_make_picture_draws() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    assert f"--picture {PICTURE}" in makefile
    assert f"({PICTURE})" in Page(ROOT / "README.md").text
    assert Path(PICTURE).suffix == ".svg"

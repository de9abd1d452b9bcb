"""The map of the code names places and types that are there."""

from __future__ import annotations

import re

import pytest

from tests.docs.pages import ROOT, Page, page, pages

PLACE = re.compile(r"^(?:catalog|policy|backends|server|tests|docker|docs)/[\w./-]*(?:\.\w+|/)$")


@pytest.mark.parametrize("found", list(pages()), ids=lambda found: found.name)
def test_every_file_and_folder_that_a_page_names_is_there(found: Page) -> None:
    made_by_hand = {"docker/secrets/", "docs/demo.svg"}  # by docker/prepare.sh, by `make picture`
    places = {code for code in found.code if PLACE.match(code)} - made_by_hand
    assert {place for place in places if not (ROOT / place).exists()} == set()


def rows(heading: str) -> list[list[str]]:
    """The rows of the first table below a heading of the page."""
    below = page("architecture.md").prose.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    return [line.strip("| ").split(" | ") for line in below.splitlines() if line.startswith("| `")]


def test_every_central_type_is_defined_where_the_page_says() -> None:
    listed = [
        (name, place.strip("`")) for names, place, *_ in rows("Central types") for name in re.findall(r"\w+", names)
    ]
    assert len(listed) > 15
    missing = [
        (name, place)
        for name, place in listed
        if not re.search(rf"^(?:class {name}\b|{name} = )", (ROOT / place).read_text("utf-8"), re.MULTILINE)
    ]
    assert missing == []


def test_every_part_of_the_server_is_on_the_map() -> None:
    text = " ".join(" ".join(row) for row in rows("Folders"))
    folders = {path.name for path in (ROOT / "server").iterdir() if (path / "__init__.py").exists()}
    assert {name for name in folders - {"demo"} if f"`{name}/`" not in text} == set()

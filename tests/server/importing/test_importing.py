"""Configurations of other programs become resources: every form, no secret anywhere but in files of mode 0600."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from server.config_edit import EditRefused, with_resources
from server.config_yaml import read_yaml
from server.importing.proposing import Proposal, Refused, looks_secret, propose
from server.importing.reading import Found, Unreadable, read, usual_files

TOKEN = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"


def proposed(folder: Path, **entry: Any) -> Proposal:
    file = folder / ".mcp.json"
    file.write_text(json.dumps({"mcpServers": {"Git Hub": entry}}))
    return propose(read(file)[0], secrets=folder / "secrets", taken=())


def test_a_header_becomes_the_password_of_a_login_and_its_secret_a_file(tmp_path: Path) -> None:
    made = proposed(tmp_path, type="http", url="https://a.example/mcp", headers={"Authorization": f"Bearer {TOKEN}"})
    secret = tmp_path / "secrets" / "git-hub-Authorization"
    assert made.resource == {
        "kind": "mcp",
        "address": "https://a.example/mcp",
        "logins": [{"user": "service", "password": f"file:{secret}"}],
    }
    assert made.secrets[secret].expose() == TOKEN
    assert TOKEN not in repr(made)


def test_another_header_is_named_and_dull_ones_are_left_out(tmp_path: Path) -> None:
    made = proposed(tmp_path, url="https://a.example/mcp", headers={"X-Api-Key": TOKEN, "Accept": "*/*"})
    assert made.resource["mcp"] == {"header": "X-Api-Key"}


def test_a_program_keeps_its_words_and_its_environment_becomes_references(tmp_path: Path) -> None:
    made = proposed(tmp_path, command="/bin/echo", args=["-n", "a b"], env={"TOKEN": TOKEN, "OTHER": "${OTHER_TOKEN}"})
    options = made.resource["mcp"]
    assert options["command"] == ["/bin/echo", "-n", "a b"]
    assert options["environment"] == {"TOKEN": f"file:{tmp_path}/secrets/git-hub-TOKEN", "OTHER": "env:OTHER_TOKEN"}
    assert [secret.expose() for secret in made.secrets.values()] == [TOKEN]


def test_inputs_that_the_program_asks_for_are_left_to_a_person(tmp_path: Path) -> None:
    folder = tmp_path / ".vscode"
    folder.mkdir()
    (folder / "mcp.json").write_text(
        """{ // servers of this project
        "inputs": [{"id": "key", "type": "promptString", "password": true}],
        "servers": {"a": {"type": "sse", "url": "https://a.example/sse", /* old */
          "headers": {"Authorization": "Bearer ${input:key}"},}},
        }"""
    )
    found = read(folder / "mcp.json")
    made = propose(found[0], secrets=tmp_path, taken=())
    assert (found[0].client, made.resource["mcp"]) == ("vscode", {"transport": "sse"})
    assert (made.secrets, made.missing) == ({}, (tmp_path / "a-Authorization",))


def test_servers_of_every_project_of_claude_code_are_found(tmp_path: Path) -> None:
    file = tmp_path / ".claude.json"
    entry = {"command": "/bin/true"}
    file.write_text(
        json.dumps({"mcpServers": {"a": entry}, "projects": {"/p": {"mcpServers": {"b": entry}}, "/q": {}}})
    )
    assert [(each.name, each.directory) for each in read(file)] == [("a", ""), ("b", "/p")]


def test_the_usual_files_are_those_that_there_are(tmp_path: Path) -> None:
    home, folder = tmp_path / "home", tmp_path / "project"
    for path in (home / ".claude.json", folder / ".cursor" / "mcp.json", folder / ".vscode" / "mcp.json"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("{}")
    assert [path.name for path in usual_files(home, folder)] == [".claude.json", "mcp.json", "mcp.json"]


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        ({"command": "/bin/x", "args": ["--api-key", "hunter2"]}, "arguments"),
        ({"command": "/bin/x", "args": ["--token=hunter2"]}, "arguments"),
        ({"command": "/bin/x", "args": [TOKEN]}, "arguments"),
        ({"command": "/bin/x", "args": ["postgres://me:hunter2@db/shop"]}, "arguments"),
        ({"command": "/bin/x", "args": ["${HOME}/a"]}, "variables"),
        ({"url": "https://me:hunter2@a.example/mcp"}, "URL"),
        ({"url": "https://a.example/mcp?api_key=hunter2"}, "URL"),
        ({"url": f"https://a.example/{TOKEN}/mcp"}, "URL"),
        ({"url": "ftp://a.example"}, "URL"),
        ({"url": "https://a.example/mcp", "headers": {"X-Key-Token": "1", "X-Auth": "2"}}, "headers"),
        ({"url": "https://a.example/mcp", "headers": {"Authorization": "Basic aHVudGVyMjpodW50ZXIy"}}, "bearer"),
    ],
)
def test_what_cannot_be_said_without_its_secret_is_refused_without_repeating_it(
    tmp_path: Path, entry: dict[str, Any], why: str
) -> None:
    with pytest.raises(Refused, match=why) as caught:
        proposed(tmp_path, **entry)
    assert "hunter2" not in str(caught.value)
    assert TOKEN not in str(caught.value)


@pytest.mark.parametrize("text", ["nonsense", "[]", "{'a': 1}"])
def test_what_is_no_configuration_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / ".mcp.json").write_text(text)
    with pytest.raises(Unreadable):
        read(tmp_path / ".mcp.json")


def test_names_fit_resources_and_are_taken_once() -> None:
    found = Found("cursor", Path("x"), "My Über-Server!", url="https://a.example")
    assert propose(found, secrets=Path("/s"), taken={"my-ber-server"}).name == "my-ber-server-2"


@pytest.mark.parametrize("word", ["-y", "@scope/server-files@1.2.3", "/srv/shared/projects/2026", "--stdio", "8080"])
def test_plain_words_are_no_secrets(word: str) -> None:
    assert not looks_secret(word)


FILE = """\
# our gateway
server: {port: 8080}
resources:
    shop:   # the shop
        kind: postgres
        address: postgres://db/shop

# what is recorded
recording:
    min_free_bytes: 0
"""
NEW = {"kind": "mcp", "address": "https://a.example/mcp", "logins": [{"user": "service"}]}


def test_a_resource_is_added_behind_the_others_and_comments_stay() -> None:
    edited = with_resources(FILE, {"tracker": NEW})
    assert next(line for line in edited.splitlines() if line not in FILE.splitlines()) == "    tracker:"
    assert all(line in edited for line in ("# our gateway", "    shop:   # the shop", "# what is recorded"))
    assert edited.index("tracker") < edited.index("# what is recorded")
    value = read_yaml(edited.encode()).value
    assert value["resources"]["tracker"] == NEW
    assert value["recording"] == {"min_free_bytes": 0}


@pytest.mark.parametrize("text", ["", "server: {port: 8080}", FILE.split("# what", maxsplit=1)[0].rstrip()])
def test_files_without_resources_or_a_last_line_end_are_edited(text: str) -> None:
    assert read_yaml(with_resources(text, {"tracker": NEW}).encode()).value["resources"]["tracker"] == NEW


@pytest.mark.parametrize(
    "text",
    ["resources: {}", "resources:", "resources: {a: {kind: x}}", "- a", "a: [", FILE.replace("shop:", "tracker:", 1)],
)
def test_what_cannot_be_edited_safely_is_refused(text: str) -> None:
    with pytest.raises(EditRefused):
        with_resources(text, {"tracker": NEW})

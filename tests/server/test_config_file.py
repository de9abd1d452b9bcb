"""warded.yaml: what is refused, where, and in which words."""

from __future__ import annotations

from pathlib import Path

import jsonschema
import pytest
import yaml

from server.config import Config
from server.config_file import ConfigError, Problem, config_path, json_schema, load_config
from server.demo.database import Database
from server.demo.files import open_folder, write_config
from server.inventory import resources_of

SHOP = """
resources:
  shop:
    kind: postgres
    address: postgres://db.internal:5432/shop
    logins:
      - user: reader
        password: file:secrets/reader
"""


def load(folder: Path, text: str) -> Config:
    path = folder / "warded.yaml"
    path.write_text(text)
    return load_config(path)


def problems(folder: Path, text: str) -> tuple[Problem, ...]:
    with pytest.raises(ConfigError) as caught:
        load(folder, text)
    return caught.value.problems


def only(folder: Path, text: str) -> Problem:
    found = problems(folder, text)
    assert len(found) == 1, found
    return found[0]


def test_an_empty_file_is_a_configuration_of_defaults(tmp_path: Path) -> None:
    config = load(tmp_path, "")
    assert config.server.port == 8080
    assert config.mcp_url == "http://127.0.0.1:8080/mcp"


def test_paths_and_file_references_are_relative_to_the_folder_of_the_file(tmp_path: Path) -> None:
    config = load(tmp_path, "policy: {folder: rules}\nstore: {url: 'sqlite+aiosqlite:///w.db'}\n" + SHOP)
    assert config.policy.folder == tmp_path / "rules"
    assert config.state_dir == tmp_path / ".warded"
    assert config.store_url == f"sqlite+aiosqlite:///{tmp_path}/w.db"
    assert config.resources["shop"].logins[0].password == f"file:{tmp_path}/secrets/reader"


@pytest.mark.parametrize(
    ("text", "key", "line", "meant"),
    [
        ("sever:\n  port: 1\n", "sever", 1, "server"),
        ("\nserver:\n  public_ulr: x\n", "server.public_ulr", 3, "public_url"),
        (SHOP + "        vai: agent\n", "resources.shop.logins.0.vai", 9, "via"),
    ],
)
def test_a_misspelt_key_is_named_with_its_line_and_the_nearest_valid_name(
    tmp_path: Path, text: str, key: str, line: int, meant: str
) -> None:
    problem = only(tmp_path, text)
    assert (problem.key, problem.line) == (key, line)
    assert f'Did you mean "{meant}"?' in problem.remedy


def test_a_key_that_resembles_none_lists_those_that_exist(tmp_path: Path) -> None:
    assert "min_free_bytes" in only(tmp_path, "recording: {zzzz: 1}\n").remedy


def test_every_problem_of_a_file_is_reported_at_once_in_its_order(tmp_path: Path) -> None:
    found = problems(tmp_path, "server:\n  port: 0\nlimits:\n  max_rows: many\ntelemetry: 3\n")
    assert [problem.key for problem in found] == ["server.port", "limits.max_rows", "telemetry"]
    assert [problem.line for problem in found] == [2, 4, 5]


def test_a_key_that_stands_twice_is_refused_with_both_lines(tmp_path: Path) -> None:
    problem = only(tmp_path, "server:\n  port: 1\n  host: localhost\n  port: 2\n")
    assert (problem.key, problem.line) == ("server.port", 4)
    assert "line 2" in problem.what


@pytest.mark.parametrize(
    "text",
    [
        "store: {password: hunter2}",
        "store: {password: 'vault:hunter2'}",
        "store: {password: 'env:'}",
        "store: {url: 'postgresql+asyncpg://u:hunter2@h/d'}",
        "store: {url: 'postgresql+asyncpg://u@h/d?password=hunter2'}",
        SHOP.replace("db.internal", "reader:hunter2@db.internal"),
        SHOP.replace("file:secrets/reader", "hunter2"),
    ],
)
def test_a_secret_in_the_file_is_refused_without_being_repeated(tmp_path: Path, text: str) -> None:
    problem = only(tmp_path, text)
    assert "a secret must not stand in this file" in problem.what
    assert "hunter2" not in str(problem)


@pytest.mark.parametrize(
    "text", ["server: [hunter2\n", "password: 'hunter2\n", "a: hunter2: b\n", "x: !!python/name:os.system 1\n"]
)
def test_broken_yaml_gives_a_line_and_no_text_of_the_file(tmp_path: Path, text: str) -> None:
    problem = only(tmp_path, text)
    assert problem.line >= 1
    assert "hunter2" not in str(problem)
    assert "os.system" not in str(problem)


@pytest.mark.parametrize("text", ["on: 1\n", "1: 2\n", "server: {<<: {port: 1}}\n", "[a]: b\n"])
def test_a_key_that_is_not_text_is_refused(tmp_path: Path, text: str) -> None:
    assert only(tmp_path, text).line == 1


def test_a_bomb_of_aliases_or_nesting_is_refused(tmp_path: Path) -> None:
    only(tmp_path, "[" * 5000)
    only(tmp_path, "a: " + "{b: " * 30 + "1" + "}" * 30)
    bomb = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 9))
    assert problems(tmp_path, bomb)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("https://gate.example/", "Write https://gate.example."),
        ("https://gate.example/warded", "Write https://gate.example."),
        ("https://gate.example?x=1", "Write https://gate.example."),
        ("https://Gate.Example", "Write https://gate.example."),
        ("https://gate.example:443", "Write https://gate.example."),
        ("http://127.0.0.1:80", "Write http://127.0.0.1."),
        ("http://gate.example", "Write https://gate.example."),
        ("https://u:p@gate.example", "before the @"),
        ("https://gate.example:99999", "scheme://host:port"),
        ("gate.example", "https://host"),
        ("ftp://gate.example", "https://host"),
    ],
)
def test_a_public_url_that_clients_would_not_recognise_is_refused_with_the_right_one(
    tmp_path: Path, url: str, said: str
) -> None:
    problem = only(tmp_path, f"server: {{public_url: '{url}'}}")
    assert problem.key == "server.public_url"
    assert said in problem.remedy


@pytest.mark.parametrize(
    "url", ["https://gate.example", "https://gate.example:8443", "http://localhost:8080", "http://[::1]:8080"]
)
def test_a_canonical_public_url_is_taken_as_it_is(tmp_path: Path, url: str) -> None:
    assert load(tmp_path, f"server: {{public_url: '{url}'}}").server.public_url == url


def test_an_open_address_needs_tls_or_a_proxy_that_is_named(tmp_path: Path) -> None:
    problem = only(tmp_path, "server:\n  host: 0.0.0.0\n")
    assert (problem.key, problem.line) == ("server.host", 2)
    assert "behind_proxy: true" in problem.remedy
    assert load(tmp_path, "server: {host: 0.0.0.0, behind_proxy: true}").server.behind_proxy
    both = "server: {host: 0.0.0.0, tls_certificate: c.pem, tls_key: k.pem}"
    assert load(tmp_path, both).server.tls_key == tmp_path / "k.pem"


def test_half_of_a_tls_pair_is_refused(tmp_path: Path) -> None:
    assert "tls_key" in only(tmp_path, "server: {tls_certificate: c.pem}").remedy


def test_a_missing_file_says_how_to_name_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="WARDED_CONFIG"):
        load_config(tmp_path / "nowhere.yaml")


def test_the_path_comes_from_the_option_then_the_variable_then_the_folder() -> None:
    assert config_path(Path("a"), {"WARDED_CONFIG": "b"}) == Path("a")
    assert config_path(None, {"WARDED_CONFIG": "b"}) == Path("b")
    assert config_path(None, {}) == Path("warded.yaml")


def test_the_schema_accepts_what_the_loader_accepts_and_refuses_a_misspelt_key(tmp_path: Path) -> None:
    schema = json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    document = yaml.safe_load(SHOP)
    load(tmp_path, SHOP)
    assert validator.is_valid(document)
    assert not validator.is_valid({**document, "sever": {}})
    document["resources"]["shop"]["logins"][0]["password"] = "hunter2"
    assert not validator.is_valid(document)


def test_the_schema_and_the_loader_accept_what_the_demo_writes(tmp_path: Path) -> None:
    folder = open_folder(tmp_path / "demo")
    write_config(folder, Database(port=5432, password="hunter2", version="15", source="system"), port=8080)
    text = folder.config.read_text("utf-8")
    jsonschema.validate(yaml.safe_load(text), json_schema(), jsonschema.Draft202012Validator)
    assert load_config(folder.config).server.port == 8080
    assert "hunter2" not in text


def test_every_key_of_the_schema_is_described() -> None:
    schema = json_schema()
    defs = [each.get("anyOf", [each])[-1] for each in schema["$defs"].values()]  # a name, or a group of keys
    sections = [schema, *defs]
    silent = [
        name for section in sections for name, entry in section["properties"].items() if not entry.get("description")
    ]
    assert silent == []


def test_a_pack_is_a_name_or_a_group_of_keys_and_is_shown_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "warded.yaml"
    path.write_text("policy: {packs: [baseline, {pack: pci, tags: {pci: 'yes'}}, {pack: gdpr, mode: observe}]}\n")
    packs = load_config(path).policy.packs
    assert [(each.pack, each.tags, each.mode) for each in packs] == [
        ("baseline", {}, "enforce"),
        ("pci", {"pci": "yes"}, "enforce"),
        ("gdpr", {}, "observe"),
    ]
    shown = load_config(path).policy.model_dump(mode="json")["packs"]
    assert (shown[0], shown[2]["mode"]) == ("baseline", "observe")


def test_a_misspelt_key_of_a_pack_is_told_with_its_line_and_the_nearest_one(tmp_path: Path) -> None:
    path = tmp_path / "warded.yaml"
    path.write_text("policy:\n  packs:\n    - pack: pci\n      mdoe: observe\n")
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    (found,) = caught.value.problems
    assert (found.line, found.key, found.remedy) == (4, "policy.packs.0.mdoe", 'Did you mean "mode"?')


def test_reviewed_functions_reach_the_backend_as_an_option(tmp_path: Path) -> None:
    path = tmp_path / "warded.yaml"
    shop = "resources:\n  shop:\n    kind: postgres\n    address: postgres://db:5432/shop\n    logins: [{user: app}]\n"
    path.write_text(f"{shop}    functions: {{reviewed: [app.tax/2, 'extension:postgis']}}\n")
    assert resources_of(load_config(path))["shop"].options["functions.reviewed"] == "app.tax/2 extension:postgis"
    path.write_text(f"{shop}    functions: {{reviewed: [tax]}}\n")
    with pytest.raises(ConfigError, match="names no function"):
        load_config(path)

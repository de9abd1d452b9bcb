"""warded sessions, policy, resources, config, doctor."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from policy.model import Agent, Identity
from server.config_file import load_config
from server.recording.events import OperationClosed, OperationOpened
from server.recording.recorder import Recorder
from server.store.engine import open_store
from server.store.models import CatalogColumn
from tests.server.cli.conftest import Warded


async def _record(config_path: Path, text: str) -> None:
    config = load_config(config_path)
    store = await open_store(config.store_url)
    recorder = Recorder(config.records_dir, store, min_free_bytes=0)
    await recorder.start()
    identity = Identity("dana", "s1", agent=Agent("bot", "Bot"))
    opened = OperationOpened(
        operation_id="op1",
        door="mcp",
        verb="sql_query",
        resource="shop",
        login="reader",
        text=text,
        digest="",
        policy_version="",
        decision="allow",
    )
    masked = [{"column": "email", "label": "EMAIL", "mask": "partial"}]
    await recorder.append(identity, opened, durability="kernel")
    await recorder.append(
        identity, OperationClosed(operation_id="op1", outcome="ok", rows=2, masked=masked), durability="kernel"
    )
    await recorder.close()
    column = CatalogColumn(
        resource="shop", schema="public", table="customers", column="email", type="text", label="EMAIL", scanned_at=1.0
    )
    async with store.session() as session:
        session.add(column)
    await store.close()


@pytest.fixture
def recorded(warded: Warded) -> Warded:
    """One session of dana's agent, whose statement tries to clear the auditor's screen."""
    asyncio.run(_record(warded.config, "SELECT email \x1b[2J FROM customers"))
    return warded


def test_sessions_are_listed_and_shown_with_nothing_for_the_terminal_to_obey(recorded: Warded) -> None:
    [session] = recorded.json("sessions", "list", "--user", "dana")
    assert (session["session"], session["agent"]) == ("s1", "Bot")
    assert recorded.json("sessions", "list", "--user", "max") == []
    text = recorded.ok("sessions", "show", "s1").stdout
    assert "SELECT email \\x1b[2J FROM customers" in text
    assert "masked: email (EMAIL)" in text
    assert "\x1b" not in text
    assert [event["type"] for event in recorded.json("sessions", "show", "s1")][1] == "operation.opened/1"
    assert recorded("sessions", "show", "none").exit_code == 1


def test_verify_passes_what_is_whole_and_exits_1_for_what_is_not(recorded: Warded) -> None:
    assert "all hold" in recorded.ok("sessions", "verify").stdout
    assert recorded.json("sessions", "verify", "s1")["ok"] is True
    [path] = (recorded.config.parent / ".warded" / "records").rglob("*.jsonl")
    path.write_bytes(path.read_bytes().replace(b"SELECT email", b"SELECT phone"))
    result = recorded("sessions", "verify")
    assert result.exit_code == 1
    assert "record 1" in result.stdout
    assert json.loads(recorded("sessions", "verify", "--json").stdout)["ok"] is False
    assert recorded("sessions", "show", "s1").exit_code == 1
    path.unlink()
    assert recorded("sessions", "verify", "s1").exit_code == 1


def test_policy_check_tells_version_warnings_and_errors(warded: Warded, tmp_path: Path) -> None:
    found = warded.json("policy", "check")
    assert found["ok"] is True
    assert found["version"]
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "x.cedar").write_text("permit (")
    result = warded("policy", "check", str(broken))
    assert result.exit_code == 1
    assert "x.cedar:1" in result.stdout


def test_resources_are_listed_and_shown_with_their_labels(recorded: Warded) -> None:
    [shop] = recorded.json("resources", "list")
    assert (shop["name"], shop["tags"]) == ("shop", {"env": "prod"})
    assert [column["label"] for column in recorded.json("resources", "show", "shop")["columns"]] == ["EMAIL"]
    assert "public.customers.email\ttext\tEMAIL" in recorded.ok("resources", "show", "shop").stdout
    assert recorded("resources", "show", "none").exit_code == 1


def test_a_scan_of_a_target_that_is_down_is_one_line(warded: Warded) -> None:
    result = warded("resources", "scan", "shop")
    assert result.exit_code == 1
    assert result.stderr.startswith("error: unreachable")


def test_the_schema_that_is_written_accepts_the_configuration_that_is_read(warded: Warded, tmp_path: Path) -> None:
    warded.ok("config", "schema", "--output", str(tmp_path / "schema.json"))
    schema = json.loads((tmp_path / "schema.json").read_text())
    assert schema == json.loads(warded.ok("config", "schema").stdout)
    jsonschema.validate(yaml.safe_load(warded.config.read_text()), schema, jsonschema.Draft202012Validator)


def test_show_prints_the_defaults_too(warded: Warded) -> None:
    assert yaml.safe_load(warded.ok("config", "show").stdout)["server"]["port"] == 8080
    assert warded.json("config", "show")["limits"]["max_rows"] == 1000


def test_doctor_exits_1_for_a_failure_and_every_line_that_is_not_ok_has_a_remedy(warded: Warded) -> None:
    result = warded("doctor", "--json")
    report = json.loads(result.stdout)
    assert (result.exit_code, report["ok"]) == (1, False)
    failed = {check["check"] for check in report["checks"] if check["status"] == "fail"}
    assert failed == {"resource shop"}
    assert all(check["remedy"] for check in report["checks"] if check["status"] != "ok")
    assert "try: " in warded("doctor").stdout

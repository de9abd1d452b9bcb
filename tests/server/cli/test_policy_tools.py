"""warded policy check, explain, test, replay and diff, against a real store and real records."""

from __future__ import annotations

import json
from pathlib import Path

import anyio
import pytest
import yaml

from policy.model import Agent, Identity
from server.recording.events import OperationOpened
from server.recording.recorder import Recorder
from server.store.engine import open_store
from tests.server.cli.conftest import Warded

RULES = """
@id("read") @reason("Support reads.")
permit (principal in Group::"support", action in [Action::"connect", Action::"read"], resource == Resource::"shop");
"""
WRITES = (
    RULES
    + """
@id("write") @reason("Support writes.")
permit (principal in Group::"support", action == Action::"write", resource == Resource::"shop");
"""
)


@pytest.fixture
def draft(tmp_path: Path) -> Path:
    folder = tmp_path / "draft"
    folder.mkdir()
    (folder / "shop.cedar").write_text(RULES)
    return folder


def rules(warded: Warded, text: str) -> Path:
    folder = warded.config.parent / "rules"
    (folder / "all.cedar").write_text(text)
    return folder


def cases(folder: Path, *entries: object) -> None:
    (folder / "tests").mkdir(exist_ok=True)
    (folder / "tests" / "shop.yaml").write_text(yaml.safe_dump(list(entries)))


def record(warded: Warded, *texts: tuple[str, str, str]) -> None:
    """Write calls of Ada as the gateway would: (text, action, effect)."""
    folder = warded.config.parent / ".warded" / "records"
    identity = Identity("ada", "s1", frozenset({"support"}), agent=Agent("c1", "Claude"))

    async def write() -> None:
        store = await open_store(f"sqlite+aiosqlite:///{warded.config.parent}/warded.db")
        recorder = Recorder(folder, store, min_free_bytes=0)
        await recorder.start()
        for number, (text, action, effect) in enumerate(texts):
            await recorder.append(
                identity,
                OperationOpened(
                    operation_id=str(number),
                    door="mcp",
                    verb="sql_query",
                    resource="shop",
                    login="reader",
                    text=text,
                    actions=[action],
                    effects=[effect],
                    targets=["orders"],
                    digest="d",
                    policy_version="v",
                    decision="allow",
                ),
                durability="disk",
            )
        await recorder.close()
        await store.close()

    anyio.run(write)


def test_check_finds_a_resource_that_is_not_configured(warded: Warded) -> None:
    rules(warded, RULES.replace('"shop"', '"shpo"'))
    found = warded.json("policy", "check")
    assert found["ok"]
    assert [problem["nearest"] for problem in found["problems"] if "never fire" in problem["message"]] == ["shop"]


def test_explain_shows_facts_rules_with_their_place_and_the_decision(warded: Warded) -> None:
    rules(warded, WRITES)
    asked = ("policy", "explain", "-r", "shop", "-g", "support", "--label", "EMAIL")
    words = (*asked, "UPDATE orders SET a = 1 WHERE id = 3")
    told = warded.json(*words)
    assert told["facts"]["context"]["effects"] == ["scoped-update"]
    assert told["decision"]["outcome"] == "hold"
    first, second = told["rules"]
    assert (first["id"], first["file"]) == ("baseline.prod-write", "pack:baseline")
    assert (second["id"], second["file"], second["line"]) == ("read", "all.cedar", 2)
    text = warded.ok(*words).stdout
    for part in ("scoped-update", "all.cedar:2", "pack:baseline:", "hold", "until approvers agree"):
        assert part in text
    assert "\x1b[" not in text
    assert "\x1b[" in warded(*words, env={"FORCE_COLOR": "1"}).stdout


def test_explain_shows_the_smallest_change_that_passes(warded: Warded) -> None:
    rules(warded, RULES)
    words = ("policy", "explain", "-r", "shop", "-g", "support", "SELECT id FROM orders WHERE mail LIKE 'a%'")
    assert warded.json(*words)["rewrite"]["sql"] == "SELECT id FROM orders"
    assert "SELECT id FROM orders\n" in warded.ok(*words).stdout


def test_explain_takes_approvals_labels_a_folder_and_standard_input(warded: Warded, draft: Path) -> None:
    rules(warded, WRITES)
    asked = ("policy", "explain", "-r", "shop", "-g", "support", "--label", "EMAIL")
    approved = warded.json(*asked, "--approved", "approvers", "UPDATE orders SET a = 1 WHERE id = 3")
    assert approved["decision"]["outcome"] == "allow"
    assert approved["facts"]["context"]["labels"] == ["EMAIL"]
    drafted = warded.json(*asked, "-f", str(draft), "UPDATE orders SET a = 1 WHERE id = 3")
    assert drafted["decision"]["outcome"] == "deny"
    assert "not understood" in warded.ok(*asked, "-", input="SELEC").stdout


def test_explain_tells_the_use_of_a_column_that_no_scan_has_seen(warded: Warded) -> None:
    rules(warded, RULES)
    words = ("policy", "explain", "-r", "shop", "-g", "support", "SELECT id FROM orders WHERE mail LIKE 'a%'")
    told = warded.json(*words)
    assert "masked-predicate" in told["facts"]["context"]["effects"]
    assert told["decision"]["outcome"] == "deny"


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["-r", "shpo", "SELECT 1"], "Did you mean shop?"),
        (["-r", "shop", "--via", "robot", "SELECT 1"], "agent or person"),
        (["-r", "shop", "--label", "EMIAL", "SELECT 1"], "EMIAL"),
    ],
)
def test_explain_refuses_what_it_does_not_know_with_a_hint(warded: Warded, words: list[str], hint: str) -> None:
    result = warded("policy", "explain", *words)
    assert result.exit_code == 2
    assert hint in result.stderr


def test_test_passes_and_fails_with_what_differed(warded: Warded) -> None:
    folder = rules(warded, RULES)
    right = {"groups": ["support"], "resource": "shop", "sql": "SELECT 1", "expect": "allow"}
    cases(folder, right)
    assert "1 cases, 0 failed" in warded.ok("policy", "test").stdout
    wrong = {"name": "nobody reads", **right, "expect": "deny"}
    cases(folder, right, wrong)
    result = warded("policy", "test")
    assert result.exit_code == 1
    assert "FAILED  tests/shop.yaml, case 2: nobody reads" in result.stdout
    assert "    - deny\n    + allow (read)" in result.stdout
    told = json.loads(warded("policy", "test", "--json").stdout)
    assert [case["ok"] for case in told["cases"]] == [True, False]


def test_test_of_nothing_and_of_a_wrong_case_is_no_success(warded: Warded) -> None:
    folder = rules(warded, RULES)
    assert warded("policy", "test").exit_code == 1
    cases(folder, {"expect": "sometimes"})
    result = warded("policy", "test")
    assert result.exit_code == 1
    assert "tests/shop.yaml, case 1" in result.stderr


def test_cases_are_not_read_as_rules(warded: Warded) -> None:
    folder = rules(warded, RULES)
    before = warded.json("policy", "check")["version"]
    cases(folder, {"resource": "shop", "sql": "SELECT 1", "expect": "deny"})
    assert warded.json("policy", "check")["version"] == before


def test_replay_shows_which_recorded_calls_a_draft_would_decide_differently(warded: Warded, draft: Path) -> None:
    rules(warded, WRITES)
    record(
        warded,
        ("SELECT 1", "read", "read"),
        ("UPDATE orders SET a = 1 WHERE id = 3", "write", "scoped-update"),
        ("UPDATE orders SET a = 2 WHERE id = 4", "write", "scoped-update"),
    )
    told = warded.json("policy", "replay", str(draft))
    assert told["calls"] == 3
    (change,) = told["changes"]
    assert (change["direction"], change["who"], change["times"]) == ("loses", "ada, by agent", 2)
    assert (change["before"], change["after"]) == ("hold by approvers", "deny")
    text = warded.ok("policy", "replay", str(draft)).stdout
    assert "UPDATE orders SET a = 1 WHERE id = 3" in text
    assert "3 recorded calls: 2 loses" in text
    same = warded.ok("policy", "replay", str(warded.config.parent / "rules")).stdout
    assert same == "3 recorded calls: nothing would change\n"
    assert warded.json("policy", "replay", str(draft), "--since", "2099-01-01T00:00:00Z")["calls"] == 0


def test_replay_tells_of_damaged_records_and_uses_what_comes_before(warded: Warded, draft: Path) -> None:
    rules(warded, WRITES)
    record(warded, ("UPDATE t SET a = 1 WHERE id = 3", "write", "scoped-update"), ("SELECT 2", "read", "read"))
    (segment,) = (warded.config.parent / ".warded" / "records").rglob("*.jsonl")
    segment.write_bytes(segment.read_bytes().replace(b"SELECT 2", b"SELECT 3"))
    told = warded.json("policy", "replay", str(draft))
    assert (told["calls"], len(told["damaged"]), len(told["changes"])) == (1, 1, 1)
    assert "damaged" in warded.ok("policy", "replay", str(draft)).stderr


def test_diff_says_who_gains_and_who_loses(warded: Warded, draft: Path) -> None:
    folder = rules(warded, WRITES)
    told = warded.json("policy", "diff", str(draft), str(folder))
    assert told["grid"]["questions"] > 50
    found = {(c["direction"], c["who"], c["after"]) for c in told["grid"]["changes"]}
    assert found == {
        ("gains", "group support, by agent", "hold by approvers"),
        ("gains", "group support, by person", "hold by approvers"),
    }
    assert told["history"]["changes"] == []
    text = warded.ok("policy", "diff", str(folder), str(draft), "--no-history").stdout
    assert "loses    group support, by agent on shop: hold by approvers → deny" in text
    assert "recorded calls" not in text


@pytest.mark.parametrize("since", ["yesterday", "7", "d", "-1d"])
def test_a_time_that_cannot_be_read_is_refused(warded: Warded, draft: Path, since: str) -> None:
    result = warded("policy", "replay", str(draft), "--since", since)
    assert result.exit_code == 2


def test_a_draft_that_does_not_load_is_told_with_its_line(warded: Warded, draft: Path) -> None:
    (draft / "bad.cedar").write_text("permit (principal, action, resource);")
    for words in (["replay", str(draft)], ["diff", str(draft), str(draft)], ["test", str(draft)]):
        result = warded("policy", *words)
        assert result.exit_code == 1
        assert "bad.cedar:1" in result.stderr

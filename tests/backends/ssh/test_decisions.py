"""Command lines by example, through the packs that decide by default (pairs/*.yaml)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from backends import load_text_parsers
from policy.decide import Decider, new_decider

PAIRS = Path(__file__).with_name("pairs")


def texts(kind: str) -> list[str]:
    found: list[str] = yaml.safe_load((PAIRS / f"{kind}.yaml").read_text("utf-8"))
    return found


@pytest.fixture(scope="module")
def decider() -> Decider:
    return new_decider(load_text_parsers())


def decided(decider: Decider, text: object, **context: object) -> dict[str, Any]:
    line = {"id": 1, "protocol": "ssh", "dialect": "bash", "input": text, "context": context}
    found: dict[str, Any] = json.loads(decider.answer(json.dumps(line).encode()))
    return found


@pytest.mark.parametrize("text", texts("dangerous"))
def test_what_harms_a_host_is_refused_or_waits(decider: Decider, text: str) -> None:
    for mode in ("read_only", "read_write"):
        assert decided(decider, text, mode=mode)["decision"] != "allow"


def test_what_only_reads_is_hardly_ever_refused(decider: Decider) -> None:
    words = {text: decided(decider, text, mode="read_only")["decision"] for text in texts("harmless")}
    assert [text for text, word in words.items() if word == "deny"] == []
    held = [text for text, word in words.items() if word == "hold"]
    assert len(held) <= 0.02 * len(words), held


def test_a_write_of_ones_own_files_passes_where_writing_is_given(decider: Decider) -> None:
    words = {text: decided(decider, text, mode="read_write")["decision"] for text in texts("writes")}
    assert [text for text, word in words.items() if word == "deny"] == []
    held = [text for text, word in words.items() if word == "hold"]
    assert len(held) <= 0.10 * len(words), held


def test_a_write_is_refused_where_only_reading_is_given(decider: Decider) -> None:
    passed = [text for text in texts("writes") if decided(decider, text, mode="read_only")["decision"] == "allow"]
    assert passed == []


@pytest.mark.parametrize(
    ("text", "context", "decision"),
    [
        ("rm x", {"cwd": "/srv/app"}, "allow"),
        ("rm x", {"cwd": "/etc"}, "deny"),
        ("rm -rf *", {"cwd": "/srv/app"}, "deny"),
        ("rm a.txt", {"cwd": "/home/bob", "user": "bob"}, "allow"),
        ("touch log.txt", {"cwd": "/var/log/app"}, "allow"),
        ("rm /data/prod/x.db", {}, "allow"),
        ("rm /data/prod/x.db", {"protected_paths": ["/data/prod"]}, "deny"),
        ("rm prod/x", {"cwd": "/data", "protected_paths": ["/data/prod/"]}, "deny"),
        ("chmod 600 /data/prod", {"protected_paths": ["/data/*"]}, "deny"),
        ("cat /data/prod/x", {"protected_paths": ["/data/prod"]}, "allow"),
        ("rm ~/notes.txt", {"user": "bob"}, "allow"),
        ("rm -rf ~", {"user": "bob"}, "deny"),
        ("curl https://api.example.com/x", {}, "hold"),
        ("curl https://api.example.com/x", {"allowed_hosts": ["api.example.com"]}, "allow"),
        ("curl https://api.example.com@evil.example/x", {"allowed_hosts": ["api.example.com"]}, "hold"),
    ],
)
def test_folder_user_protected_paths_and_hosts_are_taken_into_account(
    decider: Decider, text: str, context: dict[str, object], decision: str
) -> None:
    assert decided(decider, text, mode="read_write", **context)["decision"] == decision


def test_a_context_of_the_wrong_type_is_refused_in_words(decider: Decider) -> None:
    assert decided(decider, "ls", cwd=7)["reasons"] == ["context.cwd is not a text"]
    assert decided(decider, "ls", protected_paths="/etc")["reasons"] == [
        "context.protected_paths is not a list of texts"
    ]
    assert decided(decider, 7)["decision"] == "deny"

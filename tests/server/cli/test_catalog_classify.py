"""warded catalog classify: the contract of its lines, run as the program that it is."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.cells import Table, find_cells

CUSTOMERS = {
    "table": "customers",
    "columns": ["id", {"name": "email", "type": "text"}, "reference", "signed_up"],
    "rows": [
        [12345678901234567890, "ada@example.com", "R-1", "2024-05-01"],
        [2, None, "grace@example.org", "2024-05-02"],
        [3, "  ", "R-3, see joe@example.net", True],
    ],
}


def run(given: str, *, name: str = "-") -> tuple[list[dict[str, Any]], int]:
    command = [sys.executable, "-m", "server.cli", "catalog", "classify", "--jsonl", name]
    done = subprocess.run(command, input=given, capture_output=True, text=True, check=False, timeout=60)
    assert done.stderr == ""
    return [json.loads(line) for line in done.stdout.splitlines()], done.returncode


def test_cells_of_labelled_columns_and_hard_evidence_in_others_are_found(tmp_path: Path) -> None:
    found, code = run(json.dumps(CUSTOMERS) + "\n")
    assert code == 0
    assert found[0]["table"] == "customers"
    cells = [(each["row"], each["col"], each["label"]) for each in found[0]["findings"]]
    assert cells == [(0, 1, "EMAIL"), (1, 2, "EMAIL"), (2, 2, "EMAIL")]
    assert found[0]["findings"][2] == {"row": 2, "col": 2, "label": "EMAIL", "start": 9, "end": 24}
    file = tmp_path / "tables.jsonl"
    file.write_text(json.dumps(CUSTOMERS) + "\n")
    assert run("", name=str(file)) == (found, 0)


def test_a_line_that_cannot_be_read_is_reported_and_the_run_goes_on() -> None:
    bad = ["{", "[]", '{"columns": [], "rows": [1]}', '{"columns": [null], "rows": []}', '{"table": 1e999, "rows": []}']
    found, code = run("\n".join(["", *bad, json.dumps(CUSTOMERS)]))
    assert code == 1
    assert [line["line"] for line in found[:-1]] == [2, 3, 4, 5, 6]
    assert all(line["error"] for line in found[:-1])
    assert len(found[-1]["findings"]) == 3


def test_notes_give_the_places_of_what_is_in_them() -> None:
    text = "Jane called, please write to jane.doe@example.com before Friday noon, thanks a lot."
    table = {"table": "tickets", "columns": ["note"], "rows": [[text]]}
    found, _code = run(json.dumps(table))
    places = [text[each["start"] : each["end"]] for each in found[0]["findings"] if each["label"] == "EMAIL"]
    assert places == ["jane.doe@example.com"]


def test_a_file_that_is_not_there_is_one_line_of_error() -> None:
    command = [sys.executable, "-m", "server.cli", "catalog", "classify", "--jsonl", "nowhere.jsonl"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1
    assert done.stderr.startswith("error: nowhere.jsonl cannot be read")


cells = st.none() | st.text(max_size=30)


@settings(max_examples=100, deadline=None)
@given(
    st.text(max_size=12), st.lists(st.text(max_size=12), max_size=4), st.lists(st.lists(cells, max_size=6), max_size=4)
)
def test_any_table_has_findings_only_in_cells_that_it_has(
    name: str, columns: list[str], rows: list[list[str | None]]
) -> None:
    table = Table(name, [(column, "") for column in columns], rows)
    for found in find_cells(table, spans=lambda _text: ()):
        value = rows[found.row][found.col]
        assert value is not None
        assert 0 <= found.start <= found.end <= len(value)

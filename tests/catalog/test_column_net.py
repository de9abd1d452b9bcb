"""The column net: pinned, refused when damaged, deterministic, total, explained without values, made again alike."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.classify import ColumnView, classify_table
from catalog.columns import features, net, shapes
from catalog.columns.explain import explain
from catalog.columns.pinned import SHA256
from catalog.columns.view import prepare
from catalog.model import Label

ROOT = Path(__file__).parents[2]
PEOPLE = [
    ColumnView("id", "bigint", ("1", "2", "3")),
    ColumnView("full_name", "text", ("Ada Lovelace", "Grace Hopper", "Ngozi Okafor")),
    ColumnView("mobile_no", "text", ("4155550123", "2125550199", "6465550147")),
    ColumnView("build_no", "text", ("4155550123", "2125550199", "6465550147")),
]


def test_the_shipped_model_is_the_pinned_one_and_its_card_names_it() -> None:
    data = net.MODEL.read_bytes()
    assert hashlib.sha256(data).hexdigest() == SHA256
    assert SHA256 in net.MODEL.with_suffix(".md").read_text("utf-8")
    assert len(data) <= 2 * 1024 * 1024


@pytest.mark.parametrize("damage", [b"", b"another file", None])
def test_a_model_that_is_not_the_pinned_one_is_refused(tmp_path: Path, damage: bytes | None) -> None:
    path = tmp_path / "model.bin"
    if damage is not None:
        path.write_bytes(damage)
    with pytest.raises(net.ModelRefused):
        net.load(path, sha256=SHA256)


def test_one_changed_byte_is_refused(tmp_path: Path) -> None:
    data = bytearray(net.MODEL.read_bytes())
    data[len(data) // 2] ^= 1
    path = tmp_path / "model.bin"
    path.write_bytes(bytes(data))
    with pytest.raises(net.ModelRefused):
        net.load(path, sha256=SHA256)


def test_a_model_made_for_other_features_is_refused() -> None:
    shipped = net.shipped()
    other = net.pack(net.joined(shipped.first, shipped.second, mean=shipped.mean[:-1], scale=shipped.scale[:-1]))
    with pytest.raises(net.ModelRefused):
        net.unpack(other)


def test_packing_keeps_what_the_net_says() -> None:
    encoded = features.encode("people", prepare("people", PEOPLE))
    once = net.unpack(net.pack(net.shipped()))
    apart = np.abs(net.probabilities(once, encoded) - net.probabilities(net.shipped(), encoded))
    assert float(apart.max()) < 0.02


def test_every_measure_has_a_name() -> None:
    encoded = features.encode("people", prepare("people", PEOPLE))
    assert all(len(column.dense) == len(features.DENSE_NAMES) for column in encoded)
    assert len(set(features.DENSE_NAMES)) == len(features.DENSE_NAMES)
    assert len(shapes.describe("x")) == len(shapes.NAMES) - len(shapes.CHECK_NAMES)


def test_a_table_is_told_as_a_whole() -> None:
    verdicts = classify_table("people", PEOPLE)
    assert [verdict.label.value if verdict else "" for verdict in verdicts] == ["", "PERSON", "PHONE", ""]


def test_no_columns_give_no_verdicts() -> None:
    assert classify_table("people", []) == []


anything = st.text(max_size=60)
views = st.builds(
    ColumnView,
    anything,
    st.sampled_from(["", "text", "bigint", "jsonb", "text[]", "inet", "bytea", "geometry", "date", "boolean"]),
    st.lists(anything, max_size=6),
)


@settings(max_examples=150, deadline=None)
@given(anything, st.lists(views, max_size=5))
def test_any_table_is_judged_without_an_error_and_always_alike(table: str, columns: list[ColumnView]) -> None:
    first = classify_table(table, columns)
    assert first == classify_table(table, columns)
    assert len(first) == len(columns)


@settings(max_examples=300, deadline=None)
@given(st.text(min_size=1, max_size=400).filter(str.strip), st.sampled_from(["text", "bigint", "numeric", "inet"]))
def test_measures_of_any_value_are_few_finite_numbers(value: str, declared: str) -> None:
    found = features.encode("", prepare("", [ColumnView("x", declared, (value,))]))[0].dense
    assert found.shape == (len(features.DENSE_NAMES),)
    assert bool(np.isfinite(found).all())
    assert float(np.abs(found).max()) <= 10


def test_verdicts_explanations_and_features_hold_no_value() -> None:
    canaries = ("Zyxwvut Qponmlk", "Kjihgfe Dcbazyx", "Mnbvcxz Lkjhgfd")
    columns = [ColumnView("customer_name", "text", canaries), ColumnView("id", "bigint", ("7", "8", "9"))]
    told = repr(explain("customers", columns, 0)) + repr(classify_table("customers", columns))
    assert not any(part in told for value in canaries for part in value.split())
    kinds = {field.name for field in fields(features.Features)}
    assert kinds == {"name", "values", "context", "dense"}


def test_an_explanation_says_that_the_name_made_the_phone_a_phone() -> None:
    found = explain("people", PEOPLE, 2)
    assert found.verdict is not None
    assert found.verdict.label is Label.PHONE
    assert max(found.moved, key=lambda kind: found.moved[kind]) == "name"
    assert found.rules["label"] == "PHONE"


def test_an_explanation_of_a_clean_column_says_what_keeps_it_clean() -> None:
    found = explain("people", PEOPLE, 3)
    assert found.verdict is None
    assert found.chances["CLEAN"] > 0.5


def _trained(folder: Path) -> str:
    folder.mkdir()
    command = [
        sys.executable,
        "-m",
        "catalog.columns.training",
        "--tables",
        "60",
        "--epochs",
        "1",
        "--validation",
        "20",
    ]
    subprocess.run([*command, "--out", str(folder)], cwd=ROOT, check=True, capture_output=True, timeout=240)
    return hashlib.sha256((folder / "model.bin").read_bytes()).hexdigest()


def test_training_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    first, second = _trained(tmp_path / "a"), _trained(tmp_path / "b")
    assert first == second
    assert first in (tmp_path / "a" / "pinned.py").read_text("utf-8")
    assert first in (tmp_path / "a" / "model.md").read_text("utf-8")

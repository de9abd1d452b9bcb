"""Secrets come by reference and do not get out by accident."""

from __future__ import annotations

import copy
import os
import pickle
from pathlib import Path

import pytest

from server.secrets import Secret, SecretUnavailable, resolve


def test_printing_formatting_and_pickling_hide_the_value() -> None:
    secret = Secret("hunter2")
    assert "hunter2" not in f"{secret} {secret!r} {[secret]} {secret:>40}"
    for leak in (pickle.dumps, copy.copy, copy.deepcopy, hash, vars):
        with pytest.raises(TypeError):
            leak(secret)
    assert secret.expose() == "hunter2"
    assert secret == Secret("hunter2")
    assert secret != Secret("hunter3")


def test_a_variable_is_read_when_it_is_asked_for() -> None:
    assert resolve("env:PW", {"PW": "hunter2"}).expose() == "hunter2"


def test_no_reference_is_the_empty_secret() -> None:
    assert resolve("").expose() == ""


@pytest.mark.parametrize("text", ["hunter2", "vault:hunter2", "env:", "file:"])
def test_text_that_is_no_reference_is_refused_without_being_repeated(text: str) -> None:
    with pytest.raises(SecretUnavailable) as caught:
        resolve(text, {})
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("environ", [{}, {"PW": ""}])
def test_a_variable_that_is_missing_or_empty_is_named(environ: dict[str, str]) -> None:
    with pytest.raises(SecretUnavailable, match="env:PW"):
        resolve("env:PW", environ)


@pytest.mark.parametrize("ending", ["", "\n", "\r\n"])
def test_one_line_ending_of_a_file_is_not_part_of_the_secret(tmp_path: Path, ending: str) -> None:
    assert resolve(_file(tmp_path, f"hunter2 {ending}".encode())).expose() == "hunter2 "


def test_a_file_that_every_user_can_read_is_refused(tmp_path: Path) -> None:
    reference = _file(tmp_path, b"hunter2", mode=0o644)
    with pytest.raises(SecretUnavailable) as caught:
        resolve(reference)
    assert "chmod" in caught.value.remedy


def test_a_file_that_is_empty_binary_huge_a_folder_a_pipe_or_missing_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)
    (tmp_path / "folder").mkdir(mode=0o700)
    for reference in (
        _file(tmp_path, b"", name="empty"),
        _file(tmp_path, b"\xff\xfe", name="binary"),
        _file(tmp_path, b"x" * 70_000, name="huge"),
        f"file:{tmp_path}/pipe",
        f"file:{tmp_path}/folder",
        f"file:{tmp_path}/missing",
    ):
        with pytest.raises(SecretUnavailable):
            resolve(reference)


def _file(folder: Path, data: bytes, *, name: str = "secret", mode: int = 0o600) -> str:
    path = folder / name
    path.write_bytes(data)
    path.chmod(mode)
    return f"file:{path}"

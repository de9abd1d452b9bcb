"""The worker process: what it finds, and that a late or dead one costs the text, never the wait or the value."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator

import pytest

from catalog.model import Label
from catalog.prose.lane import ProseLane


@pytest.fixture
def lane() -> Iterator[ProseLane]:
    made = ProseLane()
    yield made
    made.close()


def worker(code: str) -> tuple[str, ...]:
    return (sys.executable, "-c", code)


def test_texts_are_searched_in_another_process(lane: ProseLane) -> None:
    texts = ["write to joe@example.com", "nothing here", "line\nwith \u2028 breaks and ＋49 170 1234567"]
    first, second, third = lane.find(texts, seconds=10)
    assert first is not None
    assert third is not None
    assert [span.label for span in first] == [Label.EMAIL]
    assert second == ()
    assert [span.label for span in third] == [Label.PHONE]
    assert lane.redact(texts[:1], seconds=10) == ["write to [EMAIL]"]
    assert lane.deaths == 0


@pytest.mark.parametrize(
    "code",
    [
        "import sys; sys.exit(1)",
        "import sys; sys.stdin.readline(); print('no json', flush=True); sys.stdin.read()",
        "import sys; sys.stdin.readline(); print('[]', flush=True); sys.stdin.read()",
        "import sys; sys.stdin.readline(); print('[[[0,1,\"NONE\",1]]]', flush=True); sys.stdin.read()",
    ],
)
def test_a_worker_that_fails_costs_the_text(code: str) -> None:
    lane = ProseLane(worker(code))
    assert lane.redact(["joe@example.com"], seconds=10) == ["[TEXT]"]
    assert lane.deaths == 1


def test_a_worker_that_hangs_is_killed_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("catalog.prose.lane.START", 0.0)
    lane, before = ProseLane(worker("import time; time.sleep(600)")), time.monotonic()
    assert lane.redact(["joe@example.com"], seconds=0.3) == ["[TEXT]"]
    assert time.monotonic() - before < 5
    assert lane._process is None


def test_a_killed_worker_is_followed_by_another(lane: ProseLane) -> None:
    lane.find(["a"], seconds=10)
    assert lane._process is not None
    lane._process.kill()
    lane._process.wait(10)
    assert lane.redact(["joe@example.com"], seconds=10) == ["[EMAIL]"]


def test_more_text_than_a_pipe_holds_passes(lane: ProseLane) -> None:
    [spans] = lane.find(["word " * 40_000 + "joe@example.com"], seconds=60)
    assert spans is not None
    assert [span.label for span in spans] == [Label.EMAIL]

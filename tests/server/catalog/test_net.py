"""The net under the labels: it widens and never narrows, and what it could not look at does not pass."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from backends.base import Column
from catalog.labels import Labels
from catalog.masking import plan_masks
from catalog.model import Finding, Label, Locator
from catalog.sweep import Hit
from server.catalog.findings import Findings
from server.catalog.net import BREAKER_FAILURES, BREAKER_SECONDS, LONGEST, Net, Plan, Watch, plan_watch
from server.metrics import Metrics
from server.store.engine import Store
from tests.catalog.places import column

pytestmark = pytest.mark.anyio

EMAIL = "jane@example.org"
KNOWN = Labels.build(
    [(column("s.t.note"), None), (column("s.t.reviewed"), None), (column("s.t.email"), Label.EMAIL)],
    cleared=[("s", "t", "reviewed")],
)
NOTE = Column("note", "text", column("s.t.note"))
OTHER = Column("x", "text")


class Noted(Findings):
    """Keeps what was noted, in a list."""

    def __init__(self) -> None:
        self.noted: list[tuple[str, Label, bool]] = []

    def note(self, resource: str, origin: Locator, label: Label, *, detector: str, certain: bool) -> None:
        self.noted.append((str(origin), label, certain))


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def plan(*columns: Column, revealed: frozenset[Label] = frozenset()) -> Plan:
    origins = [(each.origin, each.type) for each in columns]
    masks = plan_masks(KNOWN, origins, relations=[], opaque=False, revealed=revealed, columns_touched=())
    return plan_watch(KNOWN, columns, masks, revealed=revealed)


def net(**options: object) -> Net:
    return Net(Noted(), Metrics(version="test"), **options)  # type: ignore[arg-type]


def watch(made: Plan, by: Net | None = None, shape: str = "SELECT 1") -> Watch:
    found = (by or net()).watch(made, "shop", shape=shape)
    assert found is not None
    return found


def rows(*cells: str | None) -> list[list[str | None]]:
    return [[cell] for cell in cells]


def test_a_hit_hides_its_cell_and_is_noted_as_a_hint() -> None:
    by, given = net(), rows("a", f"ask {EMAIL}", "b", None)
    looking = watch(plan(NOTE), by)
    assert looking.rows(given) == 1
    assert given == rows("a", "[EMAIL]", "b", None)
    assert looking.masks == [None]
    assert looking.partly[0].label is Label.EMAIL
    assert by.findings.noted == [("s.t.note", Label.EMAIL, False)]  # type: ignore[attr-defined]


def test_two_hits_hide_the_column_from_there_on_in_this_and_later_rows() -> None:
    by = net()
    looking = watch(plan(NOTE), by)
    first = rows(EMAIL, "a", f"to {EMAIL}", "b")
    looking.rows(first)
    assert first[1] == ["a"]
    assert first[2:] == rows("[EMAIL]", "[EMAIL]")
    assert EMAIL not in str(first)
    assert looking.masks[0] is not None
    assert by.findings.noted[-1] == ("s.t.note", Label.EMAIL, True)  # type: ignore[attr-defined]


def test_hits_are_counted_over_the_batches_of_one_answer() -> None:
    looking = watch(plan(NOTE))
    looking.rows(rows(f"1 {EMAIL}"))
    later = rows("a", f"2 {EMAIL}", "b")
    looking.rows(later)
    assert later == rows("a", "[EMAIL]", "[EMAIL]")


def test_a_revealed_label_passes_and_others_do_not() -> None:
    looking = watch(plan(NOTE, revealed=frozenset({Label.EMAIL})))
    given = rows(EMAIL, "4242 4242 4242 4242")
    looking.rows(given)
    assert given[0] == [EMAIL]
    assert given[1] != ["4242 4242 4242 4242"]


@pytest.mark.parametrize(
    ("shown", "revealed"),
    [
        (Column("reviewed", "text", column("s.t.reviewed")), frozenset[Label]()),
        (Column("email", "text", column("s.t.email")), frozenset({Label.EMAIL})),
        (Column("email", "text", column("s.t.email")), frozenset[Label]()),
        (NOTE, frozenset(Label)),
    ],
)
def test_nothing_looks_at_what_is_hidden_revealed_or_cleared_by_a_reviewer(
    shown: Column, revealed: frozenset[Label]
) -> None:
    assert net().watch(plan(shown, revealed=revealed), "shop", shape="") is None


def test_numbers_and_dates_of_scanned_columns_are_not_swept() -> None:
    made = plan(Column("note", "bigint", column("s.t.note")), Column("note", "date", column("s.t.note")))
    assert made.watched == made.unjudged == ()


def test_a_cell_too_long_to_look_at_is_hidden() -> None:
    given = rows("a" * (LONGEST + 1), "b")
    assert watch(plan(NOTE)).rows(given) == 1
    assert given == rows("[UNSCANNED]", "b")


class Classifier:
    """Stands in for the column net."""

    def __init__(self, label: Label | None) -> None:
        self.label, self.asked = label, 0

    def __call__(
        self, locator: Locator, type_name: str, values: Sequence[str], *, siblings: Sequence[str] = ()
    ) -> Finding | None:
        self.asked += 1
        return Finding(locator, self.label, "test", 1.0) if self.label else None


@pytest.fixture
def classifier(monkeypatch: pytest.MonkeyPatch) -> Classifier:
    made = Classifier(Label.PERSON)
    monkeypatch.setattr("catalog.classify.classify", made)
    return made


def test_a_computed_column_is_judged_from_eight_values_on(classifier: Classifier) -> None:
    looking = watch(plan(OTHER))
    few = rows(*"abcdefg")
    assert looking.rows(few) == 0
    more = rows("h", "i")
    assert looking.rows(more) == 2
    assert more == rows("[PERSON]", "[PERSON]")
    assert classifier.asked == 1


def test_a_verdict_is_remembered_for_answers_of_the_same_shape_only(classifier: Classifier) -> None:
    by = net()
    watch(plan(OTHER), by).rows(rows(*"abcdefgh"))
    again = by.watch(plan(OTHER), "shop", shape="SELECT 1")
    assert again is not None
    assert again.masks[0] is not None
    assert watch(plan(OTHER), by, "SELECT 2").masks == [None]
    other_place = by.watch(plan(OTHER), "warehouse", shape="SELECT 1")
    assert other_place is not None
    assert other_place.masks == [None]


def test_a_remembered_clear_verdict_is_made_anew_after_a_hundred_answers(classifier: Classifier) -> None:
    by, classifier.label = net(), None
    for _ in range(101):
        watch(plan(OTHER), by).rows(rows(*"abcdefgh"))
    assert classifier.asked == 1
    watch(plan(OTHER), by).rows(rows(*"abcdefgh"))
    assert classifier.asked == 2


def test_hard_evidence_in_a_computed_column_is_remembered_for_its_shape(classifier: Classifier) -> None:
    by, classifier.label = net(), None
    watch(plan(OTHER), by).rows(rows(EMAIL, f"b {EMAIL}"))
    assert watch(plan(OTHER), by).masks[0] is not None


def broken(_cells: Sequence[str]) -> list[Hit]:
    raise RuntimeError(EMAIL)


def test_when_the_sweep_fails_its_cells_are_hidden_and_the_error_tells_no_value(
    capsys: pytest.CaptureFixture[str],
) -> None:
    given = rows("a", None)
    looking = watch(plan(NOTE), net(sweep=broken))
    assert looking.rows(given) == 1
    assert given == rows("[UNSCANNED]", None)
    said = capsys.readouterr()
    assert "RuntimeError" in said.out + said.err
    assert EMAIL not in said.out + said.err


def test_when_the_classifier_fails_its_column_is_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr("catalog.classify.classify", failing)
    given = rows(*"abcdefgh")
    watch(plan(OTHER)).rows(given)
    assert given == rows(*["[UNSCANNED]"] * 8)


async def test_after_several_failures_nothing_is_tried_for_a_while_and_readiness_says_so() -> None:
    clock = Clock()
    by = net(sweep=broken, clock=clock)
    for _ in range(BREAKER_FAILURES):
        watch(plan(NOTE), by).rows(rows("a"))
    assert by.resting
    assert await by.check()
    by.sweep = lambda _cells: []
    given = rows("a")
    watch(plan(NOTE), by).rows(given)
    assert given == rows("[UNSCANNED]")
    clock.now = BREAKER_SECONDS + 1
    given = rows("a")
    watch(plan(NOTE), by).rows(given)
    assert given == rows("a")
    assert await by.check() == ""


def test_only_a_resource_that_fails_open_passes_unseen_and_it_is_counted() -> None:
    by = net(sweep=broken, fail_open=frozenset({"shop"}))
    given = rows("a")
    assert watch(plan(NOTE), by).rows(given) == 0
    assert given == rows("a")
    assert b'warded_detection_failures_total{outcome="passed"} 1.0' in by.metrics.exposition()


async def test_findings_that_the_store_refuses_wait_for_the_next_round(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    findings = Findings(store, clock=lambda: 1000.0)
    findings.note("shop", column("s.t.note"), Label.EMAIL, detector="sweep", certain=True)
    with monkeypatch.context() as patch:
        patch.setattr("server.catalog.findings.mark_pending", _refuse)
        with pytest.raises(OSError, match="full"):
            await findings.flush()
    assert findings.waiting
    assert [change.after for change in await findings.flush()] == ["EMAIL"]
    assert not findings.waiting


async def _refuse(*_: object, **__: object) -> None:
    raise OSError("full")

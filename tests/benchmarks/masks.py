"""How many cells each kind of mask hides in a second, on one core: `python -m tests.benchmarks.masks`."""

from __future__ import annotations

import time
from collections.abc import Sequence

from catalog.cellmask import CellMask, Manner, cell_mask
from catalog.masking import mask_rows
from catalog.maskkey import Keyed, MaskKey
from catalog.maskkinds import Kind
from catalog.model import Label

CELLS = 10_000
ROUNDS = 7
COLUMNS: tuple[tuple[Label, Kind, str, str], ...] = (
    (Label.PERSON, "redact", "text", "person number {}"),
    (Label.EMAIL, "partial", "text", "person{}@mail.example.com"),
    (Label.PHONE, "partial", "text", "+49 170 {:07d}"),
    (Label.CREDIT_CARD, "partial", "text", "424242420{:07d}"),
    (Label.IBAN, "partial", "text", "DE8937040044053{:07d}"),
    (Label.DOB, "generalise", "date", "19{:02.0f}-06-05"),
    (Label.IP, "generalise", "inet", "10.7.1.{:.0f}"),
    (Label.EMAIL, "pseudonym", "text", "person{}@mail.example.com"),
    (Label.PERSON, "pseudonym", "text", "person number {}"),
    (Label.MRN, "pseudonym", "bigint", "41555{:07d}"),
    (Label.MRN, "fpe", "text", "41555{:07d}"),
    (Label.EMAIL, "synthetic", "text", "person{}@mail.example.com"),
)


def rate(mask: CellMask, values: Sequence[str], *, rounds: int) -> float:
    """Cells a second of CPU time, the best of `rounds`."""
    best = float("inf")
    for _ in range(rounds):
        rows: list[list[str | None]] = [[value] for value in values]
        started = time.process_time()
        mask_rows(rows, (mask,))
        best = min(best, time.process_time() - started)
    return len(values) / best


def main() -> None:
    print(f"{'label':12} {'kind':11} {'type':7} {'cold cells/s':>14} {'warm cells/s':>14}")
    for label, kind, type_name, pattern in COLUMNS:
        spread = 100 if ".0f" in pattern else CELLS
        values = [pattern.format(index % spread) for index in range(CELLS)]
        mask = cell_mask(label, type_name, Manner({label: kind}, keyed=Keyed(MaskKey("bench", bytes(32)))))
        cold, warm = rate(mask, values, rounds=1), rate(mask, values, rounds=ROUNDS)
        print(f"{label:12} {kind:11} {type_name:7} {cold:14,.0f} {warm:14,.0f}")


if __name__ == "__main__":
    main()

"""The compiled twin of cells_py; there is none where no compiler was."""

from collections.abc import Sequence

def gather(data: bytes, wanted: Sequence[int], *, columns: int) -> tuple[bytes, Sequence[int]]: ...

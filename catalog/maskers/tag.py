"""Full redaction: the label's name in brackets where the type can hold it, NULL where it cannot."""

from __future__ import annotations

import json

from catalog.columntypes import ColumnType, Family
from catalog.model import Label


def tag(label: Label) -> str:
    return "[MASKED]" if label is Label.COMPUTED else f"[{label}]"


def redaction(label: Label, column_type: ColumnType) -> str | None:
    """The constant that hides a cell whole: no longer than the type allows, None = SQL NULL."""
    text = tag(label)
    match column_type.family:
        case Family.TEXT:
            return text[: column_type.width] if column_type.width else text
        case Family.JSON:
            return json.dumps(text)
        case Family.TEXT_ARRAY:
            return '{"' + text + '"}'
        case _:
            return None

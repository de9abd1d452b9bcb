"""Syntax nodes that mean no more than their parts. Functions are judged by name; any other node is unknown."""

from __future__ import annotations

_PLAIN_TEXT = """
Add Alias All And Any AtTimeZone Between BitString BitwiseAnd BitwiseLeftShift BitwiseNot BitwiseOr BitwiseRightShift
BitwiseXor Boolean ByteString Case Cast CharacterSet Collate Concat Convert Cube DataType DataTypeParam Distinct
Distribute Div EQ Escape Exists Fetch ForClause GT GTE GroupingSets HexString Hint Identifier If ILike In IndexTableHint
IntDiv Interval IntervalSpan Introducer Is JSONArrayContains JSONColumnDef JSONExtract JSONExtractScalar
JSONKeyValue JSONPath JSONPathFilter JSONPathKey JSONPathRecursive JSONPathRoot JSONPathScript JSONPathSelector
JSONPathSlice JSONPathSubscript JSONPathUnion JSONPathWildcard JSONSchema JSONTable LT LTE Lateral Like Limit
LimitOptions Literal MatchAgainst Mod Mul NEQ National Neg Not Null NullSafeEQ NullSafeNEQ Offset OpenJSON
OpenJSONColumnDef Or Order Ordered Parameter Paren Partition PartitionRange Pivot Placeholder PropertyEQ QueryOption
RegexpLike Return Rollup RowNumber SessionParameter Sub TableAlias TableSample Tuple TryCast UnicodeString Values Var
Version When Whens Where Window WindowSpec WithTableHint WithinGroup XMLKeyValueOption Xor Having From Group Returning
IgnoreNulls RespectNulls NullifIf Slice Bracket
"""
PLAIN = frozenset(_PLAIN_TEXT.split())

LEAVES = frozenset(
    """
    Identifier Literal Null Boolean Var DataType National HexString BitString ByteString UnicodeString Placeholder
    Parameter SessionParameter JSONPath IndexTableHint LimitOptions QueryOption CharacterSet DataTypeParam ForClause
    """.split()  # noqa: SIM905 - a list of names reads better as a text
)
"""Nodes below which no expression stands that could do anything."""

LOCK_HINTS = frozenset("TABLOCK TABLOCKX XLOCK UPDLOCK HOLDLOCK SERIALIZABLE PAGLOCK".split())  # noqa: SIM905

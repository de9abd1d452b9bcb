"""The column net: what a column holds by its name, table, neighbours, type and values. Ours, small, numpy alone.

`features` makes numbers of a column, `net` chances of numbers, `explain` says what moved a verdict; `training` makes
the model file again (`make train`). `model.md` is the model's card.
"""

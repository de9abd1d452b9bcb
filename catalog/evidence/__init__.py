"""Hard evidence: values that prove by themselves what they are, wherever they stand.

`patterns` lists them, `checks` confirms each by check digit, prefix or the word before it, `engine` finds where to
look. Shapes that only a column's name could explain are not here.
"""

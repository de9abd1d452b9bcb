"""What the dialects read by sqlglot share: tokens, the walk over a tree, predicates, facts. Not a backend.

A dialect's own lexer reads the text as its server does and writes it down plainly for sqlglot, so that the two cannot
disagree on where a string, a comment or a name ends. Loads sqlglot: import it when a statement is to be judged.
"""

"""COMPOSITION: who asks, in which order, what is kept, what is shown.

`app.compose` is the program on one page, `pipeline` holds the nine stages in
their order. Everything else is one stage's workshop: `identity`, `approvals`,
`recording`, `tools`, `listeners`, `store`, `api`, `console`, `cli`.
"""

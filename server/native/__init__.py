"""Native doors: who is let in, what may run, and how it is recorded. The protocols themselves are in backends/.

`reception` authenticates, `visit` is one client's stay, `watch` ends stays, `credentials` are passwords for programs.
"""

"""Ceilings counted: how much of a measure passed under a rule, for one person by one agent, in a session or a day.

counters.py keeps the counts in the store, ledger.py takes from them in portions so that a call costs no trip to
the store, spending.py is what one call may still take, stage.py turns a ceiling that is reached into a hold or a
denial. reading.py says what is used.
"""

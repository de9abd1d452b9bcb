"""JUDGEMENT: may this identity do this operation to this thing?

Pure: no network, no async, no web library. `model` holds what a rule may see
and what it may answer, `document` loads a policy folder, `engine` decides,
`permit` makes the only key that opens an upstream.
"""

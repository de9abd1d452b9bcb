"""THINGS: what exists, how sensitive it is, how a value is hidden.

The lowest floor. It knows nothing of identities, decisions, protocols or
sockets: `model` names things, `inventory` finds them, `detectors` and
`classify` say what a column holds, `labels` remembers it, `maskers` and
`masking` hide values.
"""

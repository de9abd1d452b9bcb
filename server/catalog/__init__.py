"""The live catalog: what every place of every resource holds, why we think so, who reads it, what reviewers said.

`scan` looks at targets, `saving` keeps what was found, `loading` makes labels of it, `net` looks at values that pass,
`readings` counts who reads what, `flows` labels what labelled data is written into, `review` keeps people's decisions,
`listing` and `export` show all of it.
"""

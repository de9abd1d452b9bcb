"""The agents' door: verbs become MCP tools, answers become tool results.

`render` turns an Answer into the one result envelope, `gateway` holds the
tools that Warded itself answers, `service` serves both on the SDK's low-level
Server. There is no tool here that approves or administers anything.
"""

"""From the MCP configurations of other programs to resources of Warded, with secrets moved into references."""

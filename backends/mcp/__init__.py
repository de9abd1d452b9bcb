"""Other MCP servers behind Warded: their tools are classified, judged, masked and recorded like any other operation."""

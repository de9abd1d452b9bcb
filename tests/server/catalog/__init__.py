"""The live catalog."""

"""Doors: what listens, and what it checks before anything else may look at a request."""

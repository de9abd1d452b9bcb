"""Fuzzing against real servers: what the guard allows is run, and must leave the server as it was."""

"""The same site as the identity tests use."""

from tests.server.identity.conftest import clock, site

__all__ = ["clock", "site"]

"""What /readyz asks: may this process take work? "" when all is well, else a sentence with nothing sensitive in it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from sqlalchemy import text

from server.listeners.probes import Check
from server.policies import PolicySource
from server.store.engine import Store, StoreUnavailable


def readiness(*, store: Store, records: Path, min_free_bytes: int) -> Mapping[str, Check]:
    """One check for each thing that every call needs: the store, and room for its record."""

    async def ask_store() -> str:
        try:
            async with store.session(read_only=True) as session:
                await session.execute(text("SELECT 1"))
        except StoreUnavailable as error:
            return str(error)
        return ""

    async def ask_disk() -> str:
        try:
            state = os.statvfs(records)
        except OSError as error:
            return f"The folder of the records cannot be read: {error.strerror}."
        if state.f_bavail * state.f_frsize < min_free_bytes:
            return "There is too little room for records."
        return ""

    return {"store": ask_store, "recording": ask_disk}


def warnings(policies: PolicySource) -> Mapping[str, Check]:
    """What somebody should look at while work goes on: a refused policy leaves the old one in force."""

    async def ask_policies() -> str:
        return policies.problem

    return {"policies": ask_policies}

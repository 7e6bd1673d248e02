"""Waiting with a limit that counts only the time in which this process runs: when the whole run is
stopped for a quarter of an hour and goes on, nobody has hung."""

import asyncio
import time

_STEP = 0.25


class Expired(Exception):
    """It did not come about within the limit."""


async def within(limit, awaitable):
    """Its result; Expired after `limit` seconds, and it is cancelled then."""
    task = asyncio.ensure_future(awaitable)
    try:
        if not await ends(limit, [task]):
            raise Expired()
        return task.result()
    finally:
        task.cancel()


async def ends(limit, tasks):
    """Whether all of these tasks end within the limit."""
    spent = 0.0
    while spent < limit:
        began = time.monotonic()
        _, pending = await asyncio.wait(tasks, timeout=_STEP)
        if not pending:
            return True
        # A step that took much longer is one in which we did not run.
        spent += min(time.monotonic() - began, 2 * _STEP)
    return False

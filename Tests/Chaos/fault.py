"""Does to the nodes or to a hop what the plan of a fault says."""

import asyncio
import os
import signal

import plan as plans

# By then a node of ours has noticed that nobody answers, with the deadlines that the stage sets.
_NOTICED = 6


class Fault:
    """Armed on a hop, which calls back when the plan's byte has come; `fired` says whether it was done."""

    def __init__(self, plan, actors, session):
        self.plan, self.actors, self.session = plan, actors, session
        self.fired = False
        # What it does after its moment; to be awaited before the nodes are used again.
        self.later = []

    def arm(self, hop):
        kind, variant = self.plan.kind, self.plan.variant
        hop.arm(self.plan.offset, {
            "rst-stream": lambda it, at: it.reset_stream(at, *variant),
            "tcp-rst": lambda it, at: it.reset_connection(at),
            "fin": lambda it, at: it.finish(at),
            "half-close": lambda it, at: it.finish(at, *variant),
            "goaway": lambda it, at: it.go_away(at, *variant),
            "vanish": self._vanish,
            "truncate": lambda it, at: it.cut_stream(at, variant[0] == "between messages"),
            "corrupt": lambda it, at: it.flip(at, *variant),
            "kill-node": lambda it, at: it.hold(at, self._kill_node()),
            "kill-operator": lambda it, at: it.hold(at, self._kill_operator()),
            "stop-and-kill": lambda it, at: it.hold(at, self._stop()),
        }[kind])
        self._hop = hop

    @property
    def has_come(self):
        return self.fired or self._hop.fired

    @property
    def breaks_both_sides(self):
        """Whether nobody at its hop may rightly go on waiting."""
        goes_on = self.plan.kind in (*plans.PROCESS_KINDS, "goaway", "truncate", "corrupt")
        return self.has_come and not goes_on

    def _vanish(self, connection, moment):
        """Nodes of ours find out by themselves. A pusher or puller that is no node of ours, and may trust
        in TCP for hours, is told after the time in which one of ours would know."""
        if self.plan.hop in (0, self.plan.last_hop):
            self.later.append(asyncio.create_task(self._tell(connection)))
        return connection.vanish(moment)

    async def _tell(self, connection):
        await asyncio.sleep(_NOTICED)
        connection.reset_side("client")

    @property
    def _victim(self):
        return self.actors[self.plan.victim]

    async def _kill_node(self):
        self._victim.signal(signal.SIGKILL)
        self.fired = True

    async def _kill_operator(self):
        """It may not have started yet: then the data waits for it. Or it has ended: then it is missed."""
        for _ in range(100):
            pid = self._victim.operator(self.session)
            if pid is not None:
                os.kill(pid, signal.SIGKILL)
                self.fired = True
                return
            await asyncio.sleep(0.01)

    async def _stop(self):
        self._victim.signal(signal.SIGSTOP)
        self.fired = True
        self.later.append(asyncio.create_task(self._kill_later()))

    async def _kill_later(self):
        await asyncio.sleep(self.plan.variant[0])
        self._victim.signal(signal.SIGKILL)

"""The nodes that faults play on: each fault has its own, and those that it leaves alive are used again."""

import asyncio
import itertools
import os
import pathlib
import signal
import subprocess
import sys

import grpc

import plan
import wire
from nodes import OurNode
from processes import clean_environment, free_tcp_port

# Deadlines by which nodes find out that a peer is gone, in place of minutes.
DEADLINES = [
    *("--keepalive", "2s", "--keepalive-timeout", "3s", "--foreign-keepalive", "4s"),
    *("--input-timeout", "8s", "--drain", "2s"),
]
_ARGUMENTS = {
    "cat": ["--", "cat"],
    "cat-2": ["--loops", "2", "--", "cat"],
    "echo": ["--builtin", "echo"],
    "echo-2": ["--loops", "2", "--builtin", "echo"],
    "sum": ["--", "sha256sum"],
    "generate": ["--builtin", "generate", "--parameter", "pattern=counter"],
}
# A fault's mark in the environment of its operators.
MARK = "chaos_fault"


class Actor:
    """A running node with an open channel for control calls."""

    def __init__(self, kind, address, pid, log):
        self.kind, self.address, self.pid, self.log = kind, address, pid, pathlib.Path(log)
        self.is_ours = kind != plan.FOREIGN
        self.is_alive = True
        self.channel = grpc.aio.insecure_channel(address)
        self.calls = wire.Calls(self.channel)

    def signal(self, number):
        if number == signal.SIGKILL:
            self.is_alive = False
        try:
            os.kill(self.pid, number)
        except ProcessLookupError:
            self.is_alive = False

    def operator(self, mark):
        """The pid of the operator that has this mark; None where it does not run."""
        wanted = f"{MARK}={mark}".encode()
        for task in pathlib.Path(f"/proc/{self.pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                try:
                    if wanted in pathlib.Path(f"/proc/{child}/environ").read_bytes().split(b"\0"):
                        return int(child)
                except OSError:
                    continue  # gone meanwhile
        return None

    def tail(self, size=3000):
        return self.log.read_bytes()[-size:].decode(errors="replace")


class Stage:
    """Leases nodes by their kind, for one fault at a time."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.started = 0
        self._numbers = itertools.count()
        self._idle = {}
        self._processes = {}
        self._foreign = None
        self._foreign_turn = asyncio.Lock()

    async def lease(self, kind):
        idle = self._idle.setdefault(kind, [])
        if idle:
            return idle.pop()
        self.started += 1
        return await (self._start_theirs() if kind == plan.FOREIGN else self._start_ours(kind))

    async def give_back(self, actor, is_well):
        """A node that is not well, whatever that is, is not used again."""
        if is_well and actor.is_alive:
            self._idle[actor.kind].append(actor)
        else:
            await self._end(actor)

    async def close(self):
        for actors in self._idle.values():
            for actor in actors:
                await self._end(actor)
        if self._foreign is not None:
            self._foreign.stdin.close()
            self._foreign.wait()

    async def _end(self, actor):
        await actor.channel.close()
        actor.signal(signal.SIGKILL)
        process = self._processes.pop(actor.pid, None)
        if process is not None:
            await asyncio.to_thread(process.wait)

    async def _start_ours(self, kind):
        name = f"{kind}-{next(self._numbers)}"
        node = await asyncio.to_thread(
            OurNode, self.folder, name, *DEADLINES, *_ARGUMENTS[kind]
        )
        pid = node.process.popen.pid
        self._processes[pid] = node.process
        return Actor(kind, node.address, pid, node.process.log)

    async def _start_theirs(self):
        async with self._foreign_turn:
            if self._foreign is None:
                program = pathlib.Path(__file__).with_name("foreign.py")
                self._foreign = subprocess.Popen(
                    [sys.executable, program], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                    env=clean_environment(),
                )
            log = self.folder / f"theirs-{next(self._numbers)}.log"
            address = f"127.0.0.1:{free_tcp_port()}"
            self._foreign.stdin.write(f"{address} {log}\n".encode())
            self._foreign.stdin.flush()
            pid = int(await asyncio.to_thread(self._foreign.stdout.readline))
        actor = Actor(plan.FOREIGN, address, pid, log)
        await asyncio.wait_for(actor.channel.channel_ready(), 60)
        return actor

"""Child processes of a comparison: what they say, what they cost, and their end.

Every one of them gets its own session, so that Ctrl-C reaches this process alone, which then ends
them by their ids; and the kernel kills it with this process, however that dies.
"""

import atexit
import json
import os
import pathlib
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
NATIVE = ROOT / "Benchmarks/.build"
TICKS = os.sysconf("SC_CLK_TCK")
# What a start or one measurement may take beyond its own time, in seconds.
LIMIT = 60

_running = set()
_folder = None


class Broken(Exception):
    """A measurement that went wrong, in words: it never becomes a number."""


def folder():
    """A folder of this run, gone with it."""
    global _folder
    if _folder is None:
        _folder = tempfile.TemporaryDirectory(prefix="headrace-compare-")
    return pathlib.Path(_folder.name)


def clean_environment():
    """Without proxies and without settings of ours, so that only flags count."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.lower().endswith("_proxy") and not name.startswith("HEADRACE")
    }


class Child:
    """A process that says one JSON line at a time on standard output."""

    def __init__(self, *command, **options):
        self.command = [str(word) for word in command]
        self._pending = b""
        self.log = folder() / f"{pathlib.Path(self.command[0]).name}-{time.monotonic_ns()}.log"
        with open(self.log, "wb") as log:
            self.popen = subprocess.Popen(
                # A function of ours between fork and exec would be in the way of gRPC's threads.
                ["setpriv", "--pdeathsig", "KILL", *self.command],
                stdin=options.get("stdin", subprocess.DEVNULL),
                stdout=options.get("stdout", subprocess.PIPE),
                stderr=log,
                env=options.get("environment") or clean_environment(),
                start_new_session=True,
            )
        _running.add(self)

    @property
    def pid(self):
        return self.popen.pid

    def says(self, limit=LIMIT):
        """Its next line; Broken where it ends, or says nothing in time."""
        deadline = time.monotonic() + limit
        stdout = self.popen.stdout.fileno()
        while b"\n" not in self._pending:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([stdout], [], [], left)[0]:
                raise Broken(f"{self.command} said nothing for {limit} s")
            piece = os.read(stdout, 65536)
            if not piece:
                self.popen.wait(10)
                raise Broken(f"{self.command} ended with {self.popen.returncode}: {self.tail()}")
            self._pending += piece
        line, _, self._pending = self._pending.partition(b"\n")
        return json.loads(line)

    def ends_well(self, limit=LIMIT):
        try:
            code = self.popen.wait(limit)
        except subprocess.TimeoutExpired:
            self.stop()
            raise Broken(f"{self.command} did not end within {limit} s") from None
        _running.discard(self)
        if code != 0:
            raise Broken(f"{self.command} ended with {code}: {self.tail()}")

    def tail(self):
        return self.log.read_bytes()[-600:].decode(errors="replace").strip()

    def cpu(self):
        """CPU seconds so far, those of the children that it has waited for included."""
        try:
            # Its CPU clock, by the number that clock_getcpuclockid(3) makes: no ticks of 10 ms, which
            # is what there is of its children.
            own = time.clock_gettime(~self.pid << 3 | 2)
            fields = pathlib.Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            raise Broken(f"{self.command} is gone: {self.tail()}") from None
        return own + sum(int(fields[place]) for place in (13, 14)) / TICKS

    def memory(self):
        """Resident bytes: its own, and all."""
        status = pathlib.Path(f"/proc/{self.pid}/status").read_text().splitlines()
        values = dict(line.split(":", 1) for line in status)
        return tuple(int(values[name].split()[0]) * 1024 for name in ("RssAnon", "VmRSS"))

    def stop(self):
        if self.popen.poll() is None:
            self.popen.terminate()
            try:
                self.popen.wait(5)
            except subprocess.TimeoutExpired:
                self.popen.kill()
                self.popen.wait()
        for pipe in (self.popen.stdin, self.popen.stdout):
            if pipe is not None:
                pipe.close()
        _running.discard(self)


def answer_of(*command, limit=LIMIT):
    """What a program that says one line and ends has to say."""
    child = Child(*command)
    try:
        answer = child.says(limit)
        child.ends_well(limit)
        return answer
    finally:
        child.stop()


def until(condition, what, limit=LIMIT, pause=0.002):
    deadline = time.monotonic() + limit
    while not (result := condition()):
        if time.monotonic() > deadline:
            raise Broken(f"waited {limit} s for {what}")
        time.sleep(pause)
    return result


def free_tcp_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def stop_all():
    for child in list(_running):
        child.stop()


atexit.register(stop_all)
signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))

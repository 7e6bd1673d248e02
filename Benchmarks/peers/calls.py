"""System calls of both sides for each MB, counted by the kernel: a tracepoint, which stops nobody.

A program that is stopped at each of its calls, as under strace, finds more data at the next one, and
makes fewer of them.
"""

import pathlib
import re
import shutil
import subprocess

import grpc_cpp
import raw
from measure import Contestant, OURS, sent_through
from nodes import Stream
from processes import Broken, Child, folder

EVENT = "raw_syscalls:sys_enter"
MB = 1e6
METRIC = "calls a MB"


def can_be_counted():
    return shutil.which("perf") is not None and subprocess.run(
        ["perf", "stat", "--event", EVENT, "true"], capture_output=True).returncode == 0


class Count:
    """The calls of processes that run already, while the `with` lasts."""

    def __init__(self, children):
        self.children = children

    def __enter__(self):
        # perf counts as long as its own command lives: cat, until its input ends. What cat echoes
        # says that the counters run.
        self.file = folder() / f"calls-{self.children[0].pid}"
        pids = ",".join(str(child.pid) for child in self.children)
        self.perf = Child(*_perf(self.file), "--pid", pids, "cat", stdin=subprocess.PIPE)
        self.perf.popen.stdin.write(b"1\n")
        self.perf.popen.stdin.flush()
        self.perf.says()
        return self

    def __exit__(self, *_):
        self.perf.popen.stdin.close()
        self.perf.ends_well()
        self.perf.stop()
        self.calls = _read(self.file)


def ours():
    """generate in one node, discard in the next."""
    stream = Stream([])

    def measure(seconds):
        with Count([stream.source.child, stream.sink.child]) as count:
            sample = stream.measure(seconds)
        return _sample(count.calls, sample)

    return Contestant(OURS, measure, stream.close)


def grpc(server, size):
    return Contestant(
        f"gRPC C++, {raw.name_of(size)}",
        _through(server.child, lambda seconds: [
            grpc_cpp.PROGRAM, "push", server.tcp_port, size, seconds, "plain"]),
        server.child.stop)


def tcp(size):
    receiver = Child(raw.PROGRAM, "receive", size)
    tcp_port = receiver.says()["listening"]
    return Contestant(
        f"raw TCP in C, {raw.name_of(size)}",
        _through(receiver, lambda seconds: [raw.PROGRAM, "send", tcp_port, size, seconds]),
        receiver.stop)


def _through(server, command):
    """A sender that is a process of its own, and the server that it sends to. The sender's start, some
    hundred calls, counts."""
    def measure(seconds):
        sender = folder() / f"calls-sender-{server.pid}"
        with Count([server]) as count:
            sample = sent_through([server], [*_perf(sender), *command(seconds)], seconds, [server])
        return _sample(count.calls + _read(sender), sample)

    return measure


def _perf(file):
    return ["perf", "stat", "--event", EVENT, "--field-separator", ",", "--output", file]


def _read(file):
    counted = re.search(rf"^(\d+),,{EVENT}", pathlib.Path(file).read_text(), re.MULTILINE)
    if not counted:
        raise Broken(f"perf counted no system calls: {pathlib.Path(file).read_text().strip()}")
    return int(counted[1])


def _sample(calls, sample):
    return {METRIC: calls / (sample["bytes"] / MB)}

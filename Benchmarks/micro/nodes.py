"""Whole nodes: how often one allocates for each message, record, MiB and task.

A work is done with n and with 2n of its units, and the difference of the counts over n is what one
unit costs: what a connection, a session or a task costs once is in neither. Where a read ends
depends on the moment, and so a count moves a little.
"""

import itertools
import json
import mmap
import os
import pathlib
import struct
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / "Benchmarks/.build"
RECORD = 100
LIMIT = 60

_names = itertools.count(1)


class Broken(Exception):
    """A work that did not do what it should: in words."""


def headrace(*words, **options):
    path = os.environ.get("HEADRACE") or ROOT / ".build/release/headrace"
    return [str(word) for word in (path, *words)]


def run(*words, **more):
    done = subprocess.run(
        words, capture_output=True, text=True, timeout=LIMIT, env=environment(**more))
    if done.returncode != 0:
        raise Broken(f"{' '.join(words)} ended with {done.returncode}: {done.stderr.strip()}")
    return done.stdout


def environment(**more):
    """Without proxies and without settings of ours."""
    kept = {name: value for name, value in os.environ.items()
            if not name.lower().endswith("_proxy") and not name.startswith("HEADRACE")}
    return kept | more


def until(condition, what):
    deadline = time.monotonic() + LIMIT
    while not (result := condition()):
        if time.monotonic() > deadline:
            raise Broken(f"waited {LIMIT} s for {what}")
        time.sleep(0.005)
    return result


class Node:
    """`headrace serve`, its allocations counted if that is asked for."""

    def __init__(self, folder, *arguments, counts=False):
        name = f"node-{next(_names)}"
        address, counters, log = (folder / f"{name}.{kind}" for kind in ("url", "counters", "log"))
        more = {"LD_PRELOAD": str(BUILD / "interposer.so"), "ALLOCATIONS_FILE": str(counters)}
        with open(log, "wb") as output:
            self.popen = subprocess.Popen(
                headrace("serve", "--listen", "127.0.0.1:0", "--address-file", address,
                         "--log-level", "warning", *arguments),
                stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                env=environment(**(more if counts else {})))
        try:
            until(lambda: address.exists() or self.popen.poll() is not None, "a node's address")
            if self.popen.poll() is not None:
                raise Broken(f"a node ended: {log.read_text().strip()}")
            self.url = address.read_text().strip().rstrip("/")
            if counts:
                with open(counters, "rb") as file:
                    self.counters = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
        except BaseException:
            self.stop()
            raise

    def allocations(self):
        """When the count stands still, for tasks end a moment after their peers know."""
        last, still = -1, 0
        while still < 4:
            now = struct.unpack_from("=Q", self.counters)[0]
            still, last = (still + 1 if now == last else 0), now
            time.sleep(0.01)
        return last

    def init(self, session, *words):
        run(*headrace("init", f"{self.url}/{session}", *words))
        return f"{self.url}/{session}/0"

    def finished(self, session, task, bytes):
        def state():
            answer = json.loads(
                run(*headrace("query", f"{self.url}/{session}", "--task", task, "--json")))
            if answer["state"] == "TS_FAILED":
                raise Broken(answer["error"])
            return answer if answer["state"] == "TS_FINISHED" else None

        port = until(state, "a task's end")["inputs"][0]
        if port["bytes"] != bytes:
            raise Broken(f"{port['bytes']} bytes of {bytes} arrived")

    def stop(self):
        if self.popen.poll() is None:
            self.popen.kill()
        self.popen.wait()


def pushes(folder, size):
    """deframing, envelope, session machine: messages from the packer to discard."""
    node = Node(folder, "--builtin", "discard", counts=True)
    node.init("s", "--input", "")

    def work(count):
        task = f"t{next(_names)}"
        said = json.loads(run(str(BUILD / "packer"), node.url.rpartition(":")[2], "s", task,
                              str(size), f"n={count}"))
        node.finished("s", task, said["bytes"])
        if said["messages"] != count:
            raise Broken(f"{said['messages']} messages, not {count}")

    return node, [node], work


def streams(folder, place, *between):
    """generate, the operator between if there is one, discard; the count is of one of them."""
    commands = [["--builtin", "generate"], *between, ["--builtin", "discard"]]
    nodes = [Node(folder, *words, counts=number == place) for number, words in enumerate(commands)]

    def work(mebibytes):
        session, to = f"s{next(_names)}", None
        for node in reversed(nodes):
            words = [] if node is nodes[0] else ["--input", ""]
            words += [] if node is nodes[-1] else ["--output", f"=>{to}"]
            words += ["--parameter", f"bytes={mebibytes << 20}"] if node is nodes[0] else []
            to = node.init(session, *words)
        run(*headrace("query", f"{nodes[0].url}/{session}", "--task", "t", "--ensure"))
        nodes[-1].finished(session, "t", mebibytes << 20)

    return nodes[place], nodes, work


def records(folder, *arguments):
    """One message at a time through an open task: in, through the operator, out."""
    node = Node(folder, *arguments, counts=True)
    port = node.init("s", "--input", "", "--output", "")

    def work(count):
        task = f"t{next(_names)}"
        pull, push = (subprocess.Popen(headrace(verb, port, "--task", task), env=environment(),
                                       stdin=subprocess.PIPE, stdout=subprocess.PIPE)
                      for verb in ("pull", "push"))
        try:
            for number in range(count):
                record = f"{number:{RECORD}}".encode()
                push.stdin.write(record)
                push.stdin.flush()
                if pull.stdout.read(RECORD) != record:
                    raise Broken(f"record {number} did not come back")
            push.stdin.close()
            if push.wait(LIMIT) != 0 or pull.stdout.read() or pull.wait(LIMIT) != 0:
                raise Broken("the push or the pull did not end well")
        finally:
            for each in (push, pull):
                each.kill()
                each.wait()
                each.stdout.close()

    return node, [node], work


def tasks(folder):
    """A connection, a push of a record, and its task with discard."""
    node = Node(folder, "--builtin", "discard", counts=True)
    port = node.init("s", "--input", "")
    record = folder / "record"
    record.write_bytes(b"x" * RECORD)

    def work(count):
        for _ in range(count):
            task = f"t{next(_names)}"
            run(*headrace("push", port, str(record), "--task", task))

    return node, [node], work


# What is counted: key, unit of how many, n, and how it is made.
WORKS = {
    "push-100B": ("1,000 messages", 1000, 400_000, lambda folder: pushes(folder, 100)),
    "push-64K": ("MiB", 16, 8_000, lambda folder: pushes(folder, 1 << 16)),
    "generate": ("MiB", 1, 512, lambda folder: streams(folder, 0)),
    "discard": ("MiB", 1, 512, lambda folder: streams(folder, 1)),
    "echo": ("MiB", 1, 512, lambda folder: streams(folder, 1, ["--builtin", "echo"])),
    "cat": ("MiB", 1, 512, lambda folder: streams(folder, 1, ["--", "cat"])),
    "record-echo": ("record", 1, 2000, lambda folder: records(folder, "--builtin", "echo")),
    "record-cat": ("record", 1, 2000, lambda folder: records(folder, "--", "cat")),
    "task": ("task", 1, 20, tasks),
}


def samples(key):
    """Allocations a unit, again and again; close it to end the nodes."""
    _, unit, amount, make = WORKS[key]
    with tempfile.TemporaryDirectory(prefix="headrace-allocations-") as folder:
        counted, nodes, work = make(pathlib.Path(folder))
        try:
            # The first one fills what is kept for later ones.
            work(amount)
            while True:
                marks = [counted.allocations()]
                for times in (1, 2):
                    work(times * amount)
                    marks.append(counted.allocations())
                once, twice = marks[1] - marks[0], marks[2] - marks[1]
                yield round((twice - once) * unit / amount, 2)
        finally:
            for node in nodes:
                node.stop()

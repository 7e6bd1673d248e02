"""Memory and fairness, of ours alone: a consumer that stops, idle tasks, many streams at once."""

import os
import statistics
import time

import nodes
from measure import Contestant, OURS
from nodes import OurNode
from processes import Broken, Child

PUSHED = 1 << 30
STREAMS, STREAM_RATE = 200, 5_000_000
IDLE_TASKS = 1000


def stopped_consumer():
    """generate, two echo nodes, and a pull that nobody reads for a while, and then to the end."""
    def measure(_):
        source = OurNode("--builtin", "generate")
        between = [OurNode("--builtin", "echo") for _ in range(2)]
        pull = None
        try:
            to = None
            for node in reversed(between):
                to = node.init("s", to=to)
            source.init("s", inputs=0, to=to, parameters={"bytes": PUSHED})
            before = [node.child.memory()[0] for node in between]
            source.query("s", "t", ensure=True)
            pull = Child(nodes.headrace(), "pull", f"mnp://{between[-1].address}/s/0", "--task", "t")
            # It stands still when the source has produced nothing more for a while.
            produced, still = -1, 0
            while still < 5:
                time.sleep(0.1)
                now = source.query("s", "t").outputs[0].data
                still, produced = (still + 1 if now == produced else 0), now
            if produced >= PUSHED:
                raise Broken("the producer never stopped")
            growth = [node.child.memory()[0] - old for node, old in zip(between, before)]
            total, out = 0, pull.popen.stdout.fileno()
            while piece := os.read(out, 1 << 20):
                total += len(piece)
            pull.ends_well()
            if total != PUSHED:
                raise Broken(f"{total} bytes of {PUSHED} came out")
            return {"grown MB": max(growth) / 1e6, "stalled at MB": produced / 1e6}
        finally:
            for each in [source, *between, *([pull] if pull else [])]:
                each.stop()

    return Contestant(OURS, measure)


def idle_tasks():
    """Tasks of echo that wait for their first byte, and what they hold."""
    def measure(_):
        node = OurNode("--builtin", "echo")
        try:
            node.init("s")
            before = node.child.memory()[0]
            for number in range(IDLE_TASKS):
                node.query("s", f"t{number}", ensure=True)
            return {"KB a task": (node.child.memory()[0] - before) / 1e3 / IDLE_TASKS}
        finally:
            node.stop()

    return Contestant(OURS, measure)


def many_streams():
    """Streams of a throttled rate, all on one connection, for some seconds: the slowest of them."""
    def measure(seconds):
        source, throttle = OurNode("--builtin", "generate"), OurNode("--builtin", "throttle")
        sink = OurNode("--builtin", "discard")
        every = [source, throttle, sink]
        try:
            names = [f"s{number}" for number in range(STREAMS)]
            before = [node.child.memory()[0] for node in every]
            for name in names:
                to = sink.init(name, outputs=0)
                to = throttle.init(name, to=to, parameters={"rate": STREAM_RATE})
                source.init(name, inputs=0, to=to)
            for name in names:
                source.query(name, "t", ensure=True)
            # A throttle lets a first burst through, which is over after a second.
            time.sleep(1)
            first = [(time.monotonic(), sink.query(name, "t").inputs[0].data) for name in names]
            time.sleep(max(2, seconds))
            rates = []
            for name, (then, bytes) in zip(names, first):
                now = sink.query(name, "t").inputs[0].data
                rates.append((now - bytes) / (time.monotonic() - then))
            grown = max(node.child.memory()[0] - old for node, old in zip(every, before))
            for name in names:
                source.quit_session(name)
        finally:
            for node in every:
                node.child.popen.kill()
                node.stop()
        return {"slowest of mean": min(rates) / statistics.mean(rates),
                "MB/s each": statistics.mean(rates) / 1e6, "grown MB": grown / 1e6}

    return Contestant(OURS, measure)

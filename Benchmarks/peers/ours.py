"""Headrace at each work: one function a work, so that how ours is measured is said in one place."""

import time

from google.protobuf import empty_pb2

from grpc_cpp import about
from measure import Contestant, OURS, UNSUMMED, latency, sent_through
from nodes import TASK_FINISHED, Chain, OurNode, Stream, _names
from processes import Broken, NATIVE, until

FIRST_BYTES = 300
RECORDS = 1500


def push():
    """From one node to the next, generate to discard. Its messages have the size that it gives them."""
    return _with_and_without(lambda *flags: Stream([], *flags))


def echo(count):
    return _with_and_without(
        lambda *flags: Stream([OurNode("--builtin", "echo", *flags) for _ in range(count)], *flags))


def _with_and_without(make):
    """As it is, and as it does what those do who do not sum what they move."""
    streams = {OURS: make(), UNSUMMED: make("--no-checksums")}
    return [Contestant(name, stream.measure, stream.close) for name, stream in streams.items()]


def cat():
    """generate, a node that runs cat, discard."""
    stream = Stream([OurNode("--", "cat")])
    return Contestant(OURS, stream.measure, stream.close)


def packed(size):
    """Messages of that size from the packer, a sender in C, to a node with discard."""
    node = OurNode("--builtin", "discard")
    session = "packed"
    node.init(session, outputs=0)

    def measure(seconds):
        task = f"t{next(_names)}"
        command = [NATIVE / "packer", node.address.rpartition(":")[2], session, task, size, seconds]
        sample = sent_through([node.child], command, seconds)
        ended = until(lambda: _finished(node.query(session, task)), "the task's end")
        # The message with the ids and the one that says done are counted by the node as well.
        messages, bytes = ended.inputs[0].msg_count - 2, ended.inputs[0].data
        if messages * size != bytes or bytes != sample["bytes"]:
            raise Broken(f"the node counted {messages} messages, {bytes} bytes")
        return sample

    return Contestant(OURS, measure, node.stop)


def _finished(state):
    return state if state.state == TASK_FINISHED else None


def about_latency():
    node = OurNode("--builtin", "echo")
    return Contestant(OURS, lambda _: about(node.address), node.stop)


def first_byte(count):
    chain = Chain([OurNode("--builtin", "echo") for _ in range(count)])
    return Contestant(OURS, lambda _: latency(chain.measure("first", FIRST_BYTES)), chain.close)


def first_byte_cold(count):
    """Nodes that were just started, and nothing connected yet: one task."""
    def measure(_):
        chain = Chain([OurNode("--builtin", "echo") for _ in range(count)])
        try:
            return latency(chain.measure("cold", 1))
        finally:
            chain.close()

    return Contestant(f"{OURS}, cold", measure)


def records(count):
    chain = Chain([OurNode("--", "cat") for _ in range(count)])
    return Contestant(OURS, lambda _: latency(chain.measure("record", RECORDS)), chain.close)


def idle():
    """From the start of a process to its answer to About, and what it holds then."""
    def measure(_):
        start = time.monotonic()
        node = OurNode("--builtin", "echo")
        try:
            node.calls.About(empty_pb2.Empty(), timeout=10, wait_for_ready=True)
            took = time.monotonic() - start
            own, resident = node.child.memory()
        finally:
            node.stop()
        return {"start ms": took * 1e3, "own MB": own / 1e6, "resident MB": resident / 1e6}

    return Contestant(OURS, measure)

"""Nodes that speak MNP, ours and the reference's, and what flows through them.

The engine is this process, by grpcio: it opens sessions, starts the source's task, and asks the sink
how it is doing. No data passes through it, and what it costs is in no figure.
"""

import itertools
import os
import sys
import time

import grpc

from measure import throughput
from processes import Broken, Child, LIMIT, NATIVE, ROOT, answer_of, folder, free_tcp_port, until

# The protocol's messages, which the interoperability tests have from a table.
sys.path.append(str(ROOT / "Tests/Interop"))
import wire  # noqa: E402

TASK_FINISHED, TASK_FAILED, SESSION_READY = 2, 3, 3
BYTES = "application/octet-stream"

_names = itertools.count(1)


def headrace():
    path = os.environ.get("HEADRACE") or ROOT / ".build/release/headrace"
    if not os.access(path, os.X_OK):
        raise SystemExit(f"compare: {path} is missing: swift build -c release --product headrace")
    return str(path)


class Node:
    """One operator behind an address, and the calls to it."""

    child: Child
    address: str

    def connect(self):
        self.channel = grpc.insecure_channel(self.address)
        self.calls = wire.Calls(self.channel)

    def init(self, session, inputs=1, outputs=1, to=None, parameters=None):
        """Opens a session; its only output goes to the input port at the URL `to`."""
        request = wire.InitRequest(session_id=session)
        request.inputs.extend(wire.InputPort(content_type=BYTES) for _ in range(inputs))
        request.outputs.extend(
            wire.OutputPort(content_type=BYTES, destination_url=to or "") for _ in range(outputs))
        if parameters:
            configuration = wire.Configuration(
                parameters=[wire.Parameter(name=k, value=str(v)) for k, v in parameters.items()])
            request.configuration.type_url = wire.CONFIGURATION_TYPE
            request.configuration.value = configuration.SerializeToString()
        answers = list(self.calls.Init(request, timeout=LIMIT))
        if answers[-1].state != SESSION_READY:
            raise Broken(f"a session of {self.address} did not start: {answers[-1].error}")
        return f"mnp://{self.address}/{session}/0"

    def query(self, session, task, ensure=False):
        request = wire.QueryTaskRequest(session_id=session, task_id=task, ensure=ensure)
        return self.calls.QueryTask(request, timeout=LIMIT)

    def quit_session(self, session):
        self.calls.QuitSession(wire.QuitSessionRequest(session_id=session), timeout=LIMIT)

    def stop(self):
        self.channel.close()
        self.child.stop()


class OurNode(Node):
    """`headrace serve` with what follows, such as --builtin echo."""

    def __init__(self, *arguments):
        address_file = folder() / f"node-{next(_names)}.address"
        self.child = Child(headrace(), "serve", "--listen", "127.0.0.1:0", "--address-file",
                           address_file, "--log-level", "warning", *arguments)
        until(lambda: address_file.exists() or self._gone(), "a node", pause=0.0005)
        self.address = address_file.read_text().strip().removeprefix("mnp://")
        self.connect()

    def _gone(self):
        if self.child.popen.poll() is not None:
            code = self.child.popen.returncode
            raise Broken(f"{self.child.command} ended with {code}: {self.child.tail()}")


class ReferenceNode(Node):
    """The Python reference with a handler that copies, as the interoperability tests run it."""

    def __init__(self):
        self.address = f"127.0.0.1:{free_tcp_port()}"
        self.child = Child(sys.executable, ROOT / "Tests/Interop/reference_node.py", self.address)
        self.connect()
        try:
            grpc.channel_ready_future(self.channel).result(LIMIT)
        except grpc.FutureTimeoutError:
            raise Broken(f"the reference node does not answer: {self.child.tail()}") from None


class Stream:
    """Our generate, the nodes between, and our discard: so many bytes from end to end.

    The amount follows the rate of the time before, so that a measurement takes about the seconds that
    it should.
    """

    FIRST = 16 << 20

    def __init__(self, between, *flags):
        self.source = OurNode("--builtin", "generate", *flags)
        self.between = between
        self.sink = OurNode("--builtin", "discard", *flags)
        self.rate = None

    def measure(self, seconds):
        amount = max(self.FIRST, int(self.rate * seconds)) if self.rate else self.FIRST
        session = f"stream-{next(_names)}"
        to = self.sink.init(session, outputs=0)
        for node in reversed(self.between):
            to = node.init(session, to=to)
        self.source.init(session, inputs=0, to=to, parameters={"bytes": amount})
        nodes = [self.source, *self.between, self.sink]
        before, start = sum(node.child.cpu() for node in nodes), time.monotonic()
        self.source.query(session, "t", ensure=True)
        # Questions cost the sink CPU, so most of the time passes without them.
        time.sleep(0.7 * amount / self.rate if self.rate else 0)
        state = until(lambda: self._end(session), f"{amount} bytes", pause=0.004)
        took = time.monotonic() - start
        cpu = sum(node.child.cpu() for node in nodes) - before
        if state.inputs[0].data != amount or not state.inputs[0].done:
            raise Broken(f"{state.inputs[0].data} bytes of {amount} arrived")
        for node in nodes:
            node.quit_session(session)
        self.rate = amount / took
        return throughput(amount, took, cpu)

    def _end(self, session):
        for node in (self.source, self.sink):
            state = node.query(session, "t")
            if state.state == TASK_FAILED:
                raise Broken(state.error)
        return state if state.state == TASK_FINISHED else None

    def close(self):
        for node in [self.source, *self.between, self.sink]:
            node.stop()


class Chain:
    """Nodes wired one to the next, open at both ends, for latencies seen by the C++ client."""

    def __init__(self, nodes):
        self.nodes = nodes

    def measure(self, mode, count):
        session = f"chain-{next(_names)}"
        to = None
        for node in reversed(self.nodes):
            to = node.init(session, to=to)
        first, last = self.nodes[0], self.nodes[-1]
        answer = answer_of(NATIVE / "probe", mode, first.address, session, last.address, session,
                           count)
        for node in self.nodes:
            node.quit_session(session)
        return answer

    def close(self):
        for node in self.nodes:
            node.stop()

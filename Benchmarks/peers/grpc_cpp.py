"""gRPC C++: the protocol's own service, a client and a server of ours by its synchronous interface."""

from measure import Contestant, latency, sent_through
from processes import Child, NATIVE, answer_of

PROGRAM = NATIVE / "grpc_peer"
CALLS = 2000


class Server:
    """One for all of gRPC's contestants: they take turns."""

    def __init__(self):
        self.child = Child(PROGRAM, "serve")
        self.tcp_port = self.child.says()["listening"]

    def push(self, size, hint=False):
        def measure(seconds):
            command = [PROGRAM, "push", self.tcp_port, size, seconds, "hint" if hint else "plain"]
            return sent_through([self.child], command, seconds, counted=[self.child])

        name = "gRPC C++, buffer hint" if hint else "gRPC C++"
        return Contestant(name, measure, self.child.stop)

    def about(self):
        address = f"127.0.0.1:{self.tcp_port}"
        return Contestant("gRPC C++", lambda _: about(address), self.child.stop)


def about(address):
    """About on an open connection, by the same C++ client whoever serves."""
    return latency(answer_of(NATIVE / "probe", "about", address, CALLS))

"""NIO alone: TCP over our own transport with nothing on it, by processes of `headrace bench-peer`.

These are the same ones that `headrace bench` measures as the limit.
"""

from measure import Contestant, sent_through, throughput
from nodes import _names, headrace
from processes import Child, answer_of, folder, until
from raw import GRID, name_of
from targets import PIPES

NAME = "NIO alone"


def tcp():
    """Each cell of the grid is a contestant, as those of raw TCP in C are."""
    contestants = []
    for read_size in GRID:
        receiver, tcp_port = _receiver(read_size)
        for write_size in GRID:
            def measure(seconds, receiver=receiver, tcp_port=tcp_port, write_size=write_size):
                # Nine cells share the time of about three contestants. The receiver's count goes to
                # the sender, which compares.
                command = [headrace(), "bench-peer", "--send", tcp_port, "--write", write_size,
                           "--seconds", seconds / 3]
                return sent_through([receiver], command, seconds)
            name = f"{NAME}, writes {name_of(write_size)}, reads {name_of(read_size)}"
            contestants.append(Contestant(name, measure, receiver.stop))
    return contestants


def _receiver(read_size):
    address = folder() / f"nio-{next(_names)}.address"
    child = Child(headrace(), "bench-peer", "--read", read_size, "--address-file", address)
    until(address.exists, "a receiver of NIO's")
    return child, int(address.read_text().strip().rpartition(":")[2])


def pump():
    """What generate, cat and discard would be in one node: the pipes of an operator, and no wire."""
    def measure(seconds):
        sent = answer_of(headrace(), "bench-peer", "--pump", "cat", "--seconds", seconds)
        return throughput(sent["bytes"], sent["seconds"], sent["cpu"])

    return Contestant(PIPES, measure)

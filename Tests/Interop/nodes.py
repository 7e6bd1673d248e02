"""Nodes to talk to: ours and the reference's, both on loopback."""

import pathlib
import sys

import grpc

from processes import Process, clean_environment, free_tcp_port, headrace


class Node:
    """A running node; `address` is host:port."""

    address: str
    process: Process
    is_ours: bool

    @property
    def url(self):
        return f"mnp://{self.address}"

    def stop(self):
        self.process.stop()


class OurNode(Node):
    """`headrace serve` on a free port. `arguments` are what follows, such as --builtin echo."""

    is_ours = True

    def __init__(self, folder, name, *arguments, environment=None):
        address_file = pathlib.Path(folder) / f"{name}.address"
        self.process = Process(
            [headrace(), "serve", "--listen", "127.0.0.1:0", "--address-file", address_file]
            + ["--name", name, *arguments],
            pathlib.Path(folder) / f"{name}.log",
            environment or clean_environment(),
        )
        self.process.started(address_file.exists, f"the address file of {name}")
        self.address = address_file.read_text().strip().removeprefix("mnp://")


class TheirNode(Node):
    """The reference server with a handler that copies."""

    is_ours = False

    def __init__(self, folder, name):
        self.address = f"127.0.0.1:{free_tcp_port()}"
        program = pathlib.Path(__file__).with_name("reference_node.py")
        self.process = Process(
            [sys.executable, program, self.address],
            pathlib.Path(folder) / f"{name}.log",
            clean_environment(),
        )
        self.process.started(self._listens, f"the reference node {name}")

    def _listens(self):
        with grpc.insecure_channel(self.address) as channel:
            try:
                grpc.channel_ready_future(channel).result(1)
                return True
            except grpc.FutureTimeoutError:
                return False


def our_echo(folder, name):
    """Our node without a process."""
    return OurNode(folder, name, "--builtin", "echo")


def our_cat(folder, name):
    """Our node with a process."""
    return OurNode(folder, name, "--", "cat")

"""Through an HTTP proxy with CONNECT: tinyproxy, as Debian has it."""

import os
import re
import socket
import unittest.mock

from cases import ChainCases, InteropTest, fresh, payload
from clients import CommandFailed, Commands, ReferenceClient
from nodes import OurNode, TheirNode, our_cat
from processes import Process, clean_environment, free_tcp_port


class Proxy:
    """A tinyproxy that lets CONNECT through to the given TCP ports alone."""

    def __init__(self, folder, *allowed):
        self.tcp_port = free_tcp_port()
        self.url = f"http://127.0.0.1:{self.tcp_port}"
        name = fresh("tinyproxy")
        self.log = folder / f"{name}.connections"
        configuration = folder / f"{name}.conf"
        lines = [
            f"Port {self.tcp_port}",
            "Listen 127.0.0.1",
            "Allow 127.0.0.1",
            "Timeout 600",
            "LogLevel Connect",
            f'LogFile "{self.log}"',
            f'PidFile "{folder / name}.pid"',
        ] + [f"ConnectPort {tcp_port}" for tcp_port in allowed]
        configuration.write_text("\n".join(lines) + "\n")
        self.process = Process(
            ["tinyproxy", "-d", "-c", configuration], folder / f"{name}.log", clean_environment()
        )
        self.process.started(self.listens, "tinyproxy")

    def listens(self):
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.tcp_port)) == 0

    def targets(self):
        """The host:port of each CONNECT so far."""
        return re.findall(r"CONNECT (\S+) HTTP", self.log.read_text())

    def stop(self):
        self.process.stop()


def tcp_port(node):
    return int(node.address.rpartition(":")[2])


class ThroughAProxy(InteropTest):
    @classmethod
    def start(cls):
        cls.ours = cls.start_node(our_cat)
        cls.theirs = cls.start_node(TheirNode)
        cls.proxy = Proxy(cls.folder, tcp_port(cls.ours), tcp_port(cls.theirs))
        cls.addClassCleanup(cls.proxy.stop)

    def setUp(self):
        super().setUp()
        self.before = self.proxy.targets()

    def check(self, node, peer):
        session = fresh("session")
        peer.init(session)
        self.round_trip(peer, session, "task", payload(1_000_000))
        self.expect_finished(peer, session, "task")
        targets = self.proxy.targets()[len(self.before) :]
        self.assertIn(node.address, targets)

    def grpc_client(self, node):
        """grpcio reads these when the channel is made."""
        environment = clean_environment(http_proxy=self.proxy.url)
        with unittest.mock.patch.dict(os.environ, environment, clear=True):
            peer = self.client(ReferenceClient, node.address)
            peer.about()
        return peer

    def test_the_reference_reaches_itself(self):
        self.check(self.theirs, self.grpc_client(self.theirs))

    def test_the_reference_reaches_ours(self):
        self.check(self.ours, self.grpc_client(self.ours))

    def test_our_commands_by_flag(self):
        for node in (self.ours, self.theirs):
            self.check(node, self.client(Commands, node.address, "--proxy", self.proxy.url))

    def test_our_commands_by_environment(self):
        environment = clean_environment(HEADRACE_PROXY=self.proxy.url)
        for node in (self.ours, self.theirs):
            self.check(node, self.client(Commands, node.address, environment=environment))

    def test_the_usual_variables_leave_loopback_alone(self):
        """Or a pipeline on one machine would go through the site's proxy."""
        environment = clean_environment(http_proxy=self.proxy.url, all_proxy=self.proxy.url)
        self.client(Commands, self.ours.address, environment=environment).about()
        self.assertEqual(self.proxy.targets(), self.before)

    def test_the_usual_variables(self):
        """A name that is not loopback's own goes through the proxy, which finds it on loopback."""
        environment = clean_environment(http_proxy=self.proxy.url)
        port = self.ours.address.rsplit(":", 1)[1]
        host = socket.gethostname()
        try:
            address = socket.gethostbyname(host)
        except OSError:
            address = None
        if address is None or not address.startswith("127."):
            host = "ip4-loopback.invalid"
        peer = Commands(f"{host}:{port}", environment=environment)
        try:
            peer.about()
        except CommandFailed as failed:
            # The proxy was asked, and did not know the name.
            self.assertIn(str(self.proxy.tcp_port), failed.error)
        else:
            self.assertIn(f"{host}:{port}", self.proxy.targets())

    def test_no_proxy_goes_around_it(self):
        environment = clean_environment(http_proxy=self.proxy.url, no_proxy="127.0.0.1")
        self.client(Commands, self.ours.address, environment=environment).about()
        self.assertEqual(self.proxy.targets(), self.before)

    def test_a_proxy_that_refuses(self):
        with_another_port = self.start_node(our_cat)
        peer = Commands(with_another_port.address, "--proxy", self.proxy.url)
        with self.assertRaises(CommandFailed) as caught:
            peer.about()
        self.assertEqual(caught.exception.code, 69)
        self.assertIn(str(self.proxy.tcp_port), caught.exception.error)

    def test_a_proxy_that_is_not_there(self):
        gone = free_tcp_port()
        peer = Commands(self.ours.address, "--proxy", f"http://127.0.0.1:{gone}")
        with self.assertRaises(CommandFailed) as caught:
            peer.about()
        self.assertEqual(caught.exception.code, 69)
        self.assertIn(str(gone), caught.exception.error)


class ForwardedThroughAProxy(ChainCases, InteropTest):
    """Our nodes forward through the proxy, whoever the next node is."""

    make_client = ReferenceClient

    @classmethod
    def start(cls):
        last = cls.start_node(our_cat)
        theirs = cls.start_node(TheirNode)
        cls.proxy = Proxy(cls.folder, tcp_port(last), tcp_port(theirs))
        cls.addClassCleanup(cls.proxy.stop)
        first = cls.start_node(OurNode, "--proxy", cls.proxy.url, "--", "cat")
        cls.chain = [first, theirs, last]

    def test_100_kB(self):
        super().test_100_kB()
        self.assertIn(self.chain[1].address, self.proxy.targets())

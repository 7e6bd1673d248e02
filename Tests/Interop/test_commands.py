"""Our commands as the client, of the reference's node and of our own."""

from cases import CallCases, InteropTest, fresh, payload
from clients import CommandFailed, Commands
from nodes import TheirNode, our_cat
from processes import free_tcp_port
from reference_node import BROKEN


class CommandsToTheirs(CallCases, InteropTest):
    make_client = Commands
    make_node = TheirNode

    def test_call(self):
        check_call(self)

    def test_files(self):
        check_files(self)

    def test_an_init_that_fails(self):
        peer = self.peer
        request = self.folder / "broken.init"
        # InitRequest {configuration = 2 {type_url = 1}}
        inner = bytes([0x0A, len(BROKEN)]) + BROKEN.encode()
        request.write_bytes(bytes([0x12, len(inner)]) + inner)
        with self.assertRaises(CommandFailed) as caught:
            peer.run("init", f"{peer.url}/{fresh('session')}", "--init", f"@{request}")
        self.assertIn("this configuration is broken", caught.exception.error)

    def test_a_session_that_is_not_there(self):
        for words in (["query", "--task", "t"], ["quit-session"], ["pull", "--task", "t"]):
            name, *flags = words
            url = f"{self.peer.url}/nobody" + ("/0" if name == "pull" else "")
            with self.assertRaises(CommandFailed) as caught:
                self.peer.run(name, url, *flags)
            self.assertIn("Unknown session", caught.exception.error)


class CommandsToOurs(CallCases, InteropTest):
    make_client = Commands
    make_node = staticmethod(our_cat)

    def test_call(self):
        check_call(self)

    def test_files(self):
        check_files(self)


class Unreachable(InteropTest):
    def test_a_node_that_is_not_there(self):
        peer = Commands(f"127.0.0.1:{free_tcp_port()}")
        with self.assertRaises(CommandFailed) as caught:
            peer.run("about", peer.url)
        self.assertEqual(caught.exception.code, 69)
        self.assertIn(peer.url.removeprefix("mnp://"), caught.exception.error)


def check_call(test):
    """`headrace call`: a session and a task of its own."""
    data = payload(300_000)
    source, sink = test.folder / "call.in", test.folder / "call.out"
    source.write_bytes(data)
    test.peer.run("call", test.peer.url, "--input", source, "--output", sink)
    test.expect_same(sink.read_bytes(), data)


def check_files(test):
    """Push from a file, pull into one."""
    session, data = test.session(), payload(50_000)
    source, sink = test.folder / "files.in", test.folder / "files.out"
    source.write_bytes(data)
    url = f"{test.peer.url}/{session}/0"
    test.peer.run("push", url, "--task", "files", source)
    test.peer.run("pull", url, "--task", "files", "--output", sink)
    test.expect_same(sink.read_bytes(), data)

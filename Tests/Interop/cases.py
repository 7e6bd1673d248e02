"""What every pair of client and node must do: the cases, and what tests have in common."""

import concurrent.futures
import functools
import hashlib
import itertools
import pathlib
import random
import sys
import tempfile
import unittest

import grpc

from processes import Watchdog, until

LARGE = 64 << 20

_numbers = itertools.count()


def fresh(word):
    """An id that no other test has."""
    return f"{word}-{next(_numbers)}"


@functools.lru_cache(maxsize=4)
def payload(size):
    """Bytes that are the same in every run, and the same nowhere within."""
    return random.Random(size).randbytes(size)


def digest(data):
    return hashlib.sha256(data).hexdigest()


class InteropTest(unittest.TestCase):
    """Starts nodes in a temporary folder, for a class or a test, and shows their logs when a test
    fails. No test runs without a bound."""

    nodes = ()

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="interop-")
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        cls.nodes = []
        watchdog = Watchdog()
        cls.addClassCleanup(watchdog.cancel)
        try:
            cls.start()
        finally:
            watchdog.cancel()

    @classmethod
    def start(cls):
        """Starts the nodes of the whole class."""

    @classmethod
    def start_node(cls, make, *arguments):
        node = make(cls.folder, fresh("node"), *arguments)
        cls.addClassCleanup(node.stop)
        cls.nodes.append(node)
        return node

    def setUp(self):
        watchdog = Watchdog()
        self.addCleanup(watchdog.cancel)
        self._logs = {node: node.process.log.stat().st_size for node in self.nodes}

    def client(self, make, *arguments, **options):
        client = make(*arguments, **options)
        self.addCleanup(client.close)
        return client

    def run(self, result=None):
        known = len(result.failures) + len(result.errors) if result is not None else 0
        super().run(result)
        if result is not None and len(result.failures) + len(result.errors) > known:
            for node in self.nodes:
                sys.stderr.write(f"\n--- the log of {node.address} ends with:\n")
                sys.stderr.write(node.process.tail())

    def in_background(self, function, *arguments):
        """The function's result as a future; the function bounds its own waits."""
        pool = concurrent.futures.ThreadPoolExecutor(max_workers=1)
        self.addCleanup(pool.shutdown)
        return pool.submit(function, *arguments)

    def expect_same(self, received, sent):
        self.assertEqual((len(received), digest(received)), (len(sent), digest(sent)))

    def expect_status(self, code, call, *arguments, **options):
        """The details of the status that the call must fail with."""
        with self.assertRaises(grpc.RpcError) as caught:
            call(*arguments, **options)
        self.assertEqual(caught.exception.code(), code, caught.exception.details())
        return caught.exception.details()

    def expect_finished(self, client, session, task, size=None):
        """Waits until the task is finished; on a node of ours the bytes are counted exactly."""

        def ended():
            status = client.query(session, task)
            return status if status.state in ("FINISHED", "FAILED") else None

        status = until(ended, f"the end of {session}/{task}")
        self.assertEqual((status.state, status.error), ("FINISHED", ""))
        if size is not None:
            for port in status.inputs + status.outputs:
                self.assertEqual((port.bytes, port.error, port.done), (size, "", True))
                self.assertGreaterEqual(port.messages, 1 if size else 0)
        return status

    def round_trip(self, client, session, task, data):
        """Pushes and pulls at the same time."""
        pulled = self.in_background(client.pull, session, task, 0)
        client.push(session, task, 0, data)
        self.expect_same(pulled.result(), data)


class CallCases:
    """Every one of the seven calls, for one kind of client and one node that copies. Subclasses are
    InteropTests, and say which: `make_client(address)` and `make_node(folder, name)`."""

    @classmethod
    def start(cls):
        cls.node = cls.start_node(cls.make_node)

    def setUp(self):
        super().setUp()
        self.peer = self.client(self.make_client, self.node.address)

    def session(self, **options):
        session = fresh("session")
        self.peer.init(session, **options)
        return session

    def check_data(self, size):
        session, task = self.session(), fresh("task")
        self.round_trip(self.peer, session, task, payload(size))
        self.expect_finished(self.peer, session, task, size if self.node.is_ours else None)

    def test_about(self):
        self.assertNotEqual(self.peer.about(), "")

    def test_0_bytes(self):
        self.check_data(0)

    def test_1_byte(self):
        self.check_data(1)

    def test_100_kB(self):
        self.check_data(100_000)

    def test_64_MiB(self):
        self.check_data(LARGE)

    def test_push_to_the_end_and_only_then_pull(self):
        session, data = self.session(), payload(60_000)
        self.peer.push(session, "small", 0, data)
        self.expect_same(self.peer.pull(session, "small", 0), data)
        self.expect_finished(self.peer, session, "small")

    def test_pull_before_the_push(self):
        session, data = self.session(), payload(5000)
        pulled = self.in_background(self.peer.pull, session, "early", 0)
        until(lambda: self.peer.query(session, "early").state == "EXISTS", "the task of a pull")
        self.peer.push(session, "early", 0, data)
        self.expect_same(pulled.result(), data)

    def test_states_of_a_session(self):
        session = fresh("session")
        outcome = self.peer.init(session)
        if outcome is None:
            return  # the command says by its exit code alone what the last state was
        states, error = outcome
        self.assertEqual((states[0], states[-1], error), ("INITIALIZING", "READY", ""))
        self.assertEqual([each for each in states if each in ("READY", "FAILED")], ["READY"])

    def test_query(self):
        session = self.session()
        self.assertEqual(self.peer.query(session, "nobody").state, "UNKNOWN")
        # It was not made by asking for it.
        self.assertEqual(self.peer.query(session, "nobody").state, "UNKNOWN")
        self.assertEqual(self.peer.query(session, "ensured", ensure=True).state, "EXISTS")
        self.round_trip(self.peer, session, "ensured", b"data")
        status = self.expect_finished(self.peer, session, "ensured")
        self.assertEqual((len(status.inputs), len(status.outputs)), (1, 1))
        self.assertEqual(status.inputs[0].bytes, 4)

    def test_tasks_and_sessions_side_by_side(self):
        trips = [(self.session(), "one"), (self.session(), "one")]
        if self.node.is_ours:
            # The reference has ten threads, and takes at least three of them for a task.
            trips += [(session, str(task)) for session, _ in trips for task in range(4)]
        futures = [
            self.in_background(self.round_trip, self.peer, session, task, payload(10_000 + number))
            for number, (session, task) in enumerate(trips)
        ]
        for future in futures:
            future.result()

    def test_a_session_that_quit_can_be_made_again(self):
        session = self.session()
        self.round_trip(self.peer, session, "task", b"first")
        self.peer.quit_session(session)
        self.peer.init(session)
        self.assertEqual(self.peer.query(session, "task").state, "UNKNOWN")
        self.round_trip(self.peer, session, "task", b"second")

    def test_quit(self):
        node = self.make_node(self.folder, fresh("quitting"))
        self.addCleanup(node.stop)
        peer = self.client(self.make_client, node.address)
        peer.quit()
        if node.is_ours:
            self.assertEqual(node.process.wait(), 0, node.process.tail())
        else:
            # The reference ends its sessions and goes on.
            self.assertNotEqual(peer.about(), "")


class ChainCases:
    """Three nodes in a row, wired by destination_url, one task id on all. Subclasses are
    InteropTests with `kinds`, three of the functions that make a node, and `make_client`."""

    @classmethod
    def start(cls):
        cls.chain = [cls.start_node(make) for make in cls.kinds]

    def setUp(self):
        super().setUp()
        self.clients = [self.client(self.make_client, node.address) for node in self.chain]

    def wire(self):
        """Sinks first, so that nobody forwards to a session that is not there yet."""
        session, destination = fresh("session"), ""
        for node, client in reversed(list(zip(self.chain, self.clients))):
            client.init(session, destinations=[destination])
            destination = f"{node.url}/{session}/0"
        return session

    def check_chain(self, size):
        session, task, data = self.wire(), fresh("task"), payload(size)
        pulled = self.in_background(self.clients[-1].pull, session, task, 0)
        self.clients[0].push(session, task, 0, data)
        self.expect_same(pulled.result(), data)
        for node, client in zip(self.chain, self.clients):
            self.expect_finished(client, session, task, size if node.is_ours else None)

    def test_0_bytes(self):
        self.check_chain(0)

    def test_1_byte(self):
        self.check_chain(1)

    def test_100_kB(self):
        self.check_chain(100_000)

    def test_64_MiB(self):
        self.check_chain(LARGE)

    def test_push_to_the_end_and_only_then_pull(self):
        session, data = self.wire(), payload(60_000)
        self.clients[0].push(session, "small", 0, data)
        self.expect_same(self.clients[-1].pull(session, "small", 0), data)

"""SIGTERM under load: what a node has accepted ends well, and nothing is lost."""

import concurrent.futures
import itertools
import signal
import threading

import wire
from cases import InteropTest, digest, fresh, payload
from clients import RawClient, collect
from nodes import OurNode
from processes import WAIT_LIMIT, until

CONNECTIONS, TASKS_EACH = 5, 8
SIZE = 60_000
# The session of the load.
LOAD = "load"


class Drain(InteropTest):
    """Tasks in flight over several connections while the node is told to end, and a load of new ones."""

    def connect(self, node):
        """A client with a connection of its own."""
        return self.client(RawClient, node.address, ("grpc.use_local_subchannel_pool", 1))

    def start_task(self, head, tail, session, task, go_on):
        """A push that has moved half of its data and waits for `go_on`, and a pull that has seen bytes.
        Returns a future of what was pulled."""

        def requests():
            data = payload(SIZE)
            yield wire.PushRequest(session_id=session, task_id=task, data=data[: SIZE // 2])
            go_on.wait(WAIT_LIMIT)
            yield wire.PushRequest(data=data[SIZE // 2 :])
            yield wire.PushRequest(done=True)

        pull = tail.start_pull(session, task, 0)
        push = head.start_push(session, task, 0, requests())
        first = next(pull)

        def rest():
            data = first.data + collect(pull)
            push.result(WAIT_LIMIT)
            return data

        return rest

    def check(self, nodes, stopped):
        self.wire(nodes, LOAD)
        session = fresh("session")
        self.wire(nodes, session)
        head, tail = nodes[0], nodes[-1]
        clients = [
            (self.connect(head), self.connect(tail)) for _ in range(CONNECTIONS)
        ]
        pool = concurrent.futures.ThreadPoolExecutor(CONNECTIONS * TASKS_EACH + CONNECTIONS)
        self.addCleanup(pool.shutdown)
        go_on = threading.Event()
        self.addCleanup(go_on.set)
        started = [
            pool.submit(self.start_task, *each, session, fresh("task"), go_on)
            for each in clients
            for _ in range(TASKS_EACH)
        ]
        rests = [future.result(WAIT_LIMIT) for future in started]

        # Whole tasks, one after the other on each connection, until the nodes take no more.
        whole, refused = itertools.count(), []
        signalled = threading.Event()

        def load(first, last):
            while True:
                task = fresh("load")
                pull = last.start_pull(LOAD, task, 0)
                requests = first.push_requests(LOAD, task, 0, payload(SIZE))
                push = first.calls.Push.future(
                    requests, timeout=WAIT_LIMIT, metadata=[("headrace", "1; features=await")]
                )
                refusal = push.exception(WAIT_LIMIT)
                if refusal is None:
                    # Accepted, by all nodes: then it has ended well, whatever came meanwhile.
                    self.assertEqual(digest(collect(pull)), digest(payload(SIZE)))
                    next(whole)
                    continue
                pull.cancel()
                # Also where the call met the GOAWAY on its way: it is made once more then.
                self.assertIn("is shutting down", refusal.details())
                self.assertTrue(signalled.is_set(), refusal.details())
                refused.append(task)
                return

        loads = [pool.submit(load, *each) for each in clients]
        until(lambda: next(whole) > 2 * CONNECTIONS, "the load to run")
        signalled.set()
        for node in stopped:
            node.process.popen.send_signal(signal.SIGTERM)
        for future in loads:
            future.result(WAIT_LIMIT)
        self.assertEqual(len(refused), CONNECTIONS)
        # As an engine does: a task that one node has and another one refused would wait for its push.
        for node in nodes:
            self.connect(node).quit_session(LOAD)
        for node in stopped:
            self.assertIsNone(node.process.popen.poll(), "it did not wait for its tasks")

        go_on.set()
        ended = [pool.submit(rest) for rest in rests]
        done = [digest(future.result(WAIT_LIMIT)) for future in ended]
        self.assertEqual(done, [digest(payload(SIZE))] * CONNECTIONS * TASKS_EACH)
        for node in stopped:
            self.assertEqual(node.process.wait(), 0, node.process.tail())

    def wire(self, nodes, session):
        destination = ""
        for node in reversed(nodes):
            self.connect(node).init(session, destinations=[destination])
            destination = f"{node.url}/{session}/0"

    def test_a_node_alone(self):
        for arguments in (["--builtin", "echo"], ["--loops", "2", "--", "cat"]):
            with self.subTest(arguments):
                node = self.start_node(OurNode, "--drain", "90s", *arguments)
                self.check([node], [node])

    def test_each_node_of_a_chain(self):
        """The one that is told to end is the first, the one between or the last; or all are."""
        for which in ([0], [1], [2], [0, 1, 2]):
            with self.subTest(which):
                chain = [
                    self.start_node(OurNode, "--drain", "90s", "--builtin", "echo")
                    for _ in range(3)
                ]
                self.check(chain, [chain[index] for index in which])

"""What goes wrong is told, and never looks like an end."""

import sys
import threading

import grpc

import wire
from cases import InteropTest, fresh, payload
from clients import RawClient, ReferenceClient, collect
from nodes import OurNode, TheirNode, our_cat, our_echo
from processes import WAIT_LIMIT, Process, clean_environment, until


class Refusals(InteropTest):
    """Requests that cannot be: a status, and nothing else is touched."""

    @classmethod
    def start(cls):
        cls.node = cls.start_node(our_cat)

    def setUp(self):
        super().setUp()
        self.peer = self.client(RawClient, self.node.address)
        self.session = fresh("session")
        self.peer.init(self.session)

    def test_a_second_init_of_the_same_session(self):
        pulled = self.in_background(self.peer.pull, self.session, "task", 0)
        details = self.expect_status(
            grpc.StatusCode.ALREADY_EXISTS, self.peer.init, self.session
        )
        self.assertIn(self.session, details)
        # The first one goes on as if nothing had been asked.
        self.peer.push(self.session, "task", 0, b"still here")
        self.assertEqual(pulled.result(), b"still here")

    def test_ports_out_of_range(self):
        for port in (1, 7, -1, 2**31 - 1, -(2**31)):
            for call, *rest in ((self.peer.push, b"data"), (self.peer.pull,)):
                with self.subTest(port=port, call=call.__name__):
                    details = self.expect_status(
                        grpc.StatusCode.INVALID_ARGUMENT, call, self.session, "task", port, *rest
                    )
                    self.assertIn(str(port), details)
        self.round_trip(self.peer, self.session, "task", b"the port that is there")

    def test_a_session_that_is_not_there(self):
        for call, *rest in (
            (self.peer.push, "task", 0, b"data"),
            (self.peer.pull, "task", 0),
            (self.peer.query, "task"),
            (self.peer.quit_session,),
        ):
            with self.subTest(call=call.__name__):
                details = self.expect_status(grpc.StatusCode.NOT_FOUND, call, "nobody", *rest)
                self.assertIn("nobody", details)

    def test_ids_that_cannot_be(self):
        for bad in ("", "a/b", "nul\0", "x" * 10_000, "line\n"):
            with self.subTest(id=bad[:10]):
                self.expect_status(grpc.StatusCode.INVALID_ARGUMENT, self.peer.init, bad)
                self.expect_status(
                    grpc.StatusCode.INVALID_ARGUMENT, self.peer.push, self.session, bad, 0, b"x"
                )
        self.round_trip(self.peer, self.session, "task", b"well")

    def test_a_second_writer_and_a_second_reader(self):
        pull = self.peer.start_pull(self.session, "task", 0)
        go_on = threading.Event()
        self.addCleanup(go_on.set)

        def requests():
            yield wire.PushRequest(session_id=self.session, task_id="task", data=b"first")
            go_on.wait(WAIT_LIMIT)
            yield wire.PushRequest(done=True)

        pushed = self.peer.start_push(self.session, "task", 0, requests())
        self.assertEqual(next(pull).data, b"first")
        for call, *rest in ((self.peer.push, b"second"), (self.peer.pull,)):
            with self.assertRaises(grpc.RpcError) as caught:
                call(self.session, "task", 0, *rest)
            self.assertIn(
                caught.exception.code(),
                (grpc.StatusCode.ALREADY_EXISTS, grpc.StatusCode.FAILED_PRECONDITION),
            )
        go_on.set()
        pushed.result(WAIT_LIMIT)
        self.assertEqual(collect(pull), b"")
        self.expect_finished(self.peer, self.session, "task", 5)

    def test_late_calls_of_an_ended_task(self):
        self.round_trip(self.peer, self.session, "task", b"data")
        self.expect_finished(self.peer, self.session, "task")
        for call, *rest in ((self.peer.push, b"again"), (self.peer.pull,)):
            self.expect_status(
                grpc.StatusCode.FAILED_PRECONDITION, call, self.session, "task", 0, *rest
            )
        self.expect_finished(self.peer, self.session, "task", 4)


class BrokenInits(InteropTest):
    """An init that fails while it runs: the RPC is OK, SS_FAILED comes last and once."""

    @classmethod
    def start(cls):
        cls.node = cls.start_node(our_cat)

    def check(self, *named, **options):
        peer = self.client(RawClient, self.node.address)
        session = fresh("session")
        states, error = peer.init(session, **options)
        self.assertEqual((states[0], states[-1]), ("INITIALIZING", "FAILED"))
        self.assertEqual(states.count("FAILED"), 1)
        self.assertNotIn("READY", states)
        for word in named:
            self.assertIn(word, error)
        # The session is not there, so its id is free.
        states, _ = peer.init(session)
        self.assertEqual(states[-1], "READY")

    def test_an_unknown_type(self):
        self.check("interop.Unknown", configuration=("type.googleapis.com/interop.Unknown", b""))

    def test_a_configuration_that_is_none(self):
        self.check(configuration=(wire.CONFIGURATION_TYPE, b"\xff\xff\xff"))

    def test_more_ports_than_a_command_has(self):
        self.check("--operator", inputs=2)
        self.check("--operator", outputs=2)

    def test_a_destination_that_is_none(self):
        # The request itself cannot be: a status, and no session that failed.
        peer = self.client(RawClient, self.start_node(OurNode, "--", "cat").address)
        details = self.expect_status(
            grpc.StatusCode.INVALID_ARGUMENT, peer.init, fresh("session"),
            destinations=["http://elsewhere/"],
        )
        self.assertIn("http://elsewhere/", details)

    def test_a_parameter_that_no_node_takes(self):
        value = wire.Configuration(parameters=[wire.Parameter(name="LD_PRELOAD", value="/x.so")])
        self.check(
            "LD_PRELOAD", configuration=(wire.CONFIGURATION_TYPE, value.SerializeToString())
        )

    def test_a_command_that_does_not_exist(self):
        node = self.start_node(OurNode, "--", "/nonexistent/program")
        peer = self.client(RawClient, node.address)
        session = fresh("session")
        # It may be found out at the init or with the first task, and is told with its name.
        states, error = peer.init(session)
        if states[-1] == "READY":
            with self.assertRaises(grpc.RpcError) as caught:
                peer.push(session, "task", 0, b"data")
                peer.pull(session, "task", 0)
            error = caught.exception.details()
        self.assertIn("/nonexistent/program", error)


class FailingOperators(InteropTest):
    """An operator that fails after good output: the pull fails too, with code and last words."""

    def check(self, script, *named):
        node = self.start_node(OurNode, "--", "sh", "-c", script)
        peer = self.client(ReferenceClient, node.address)
        session = fresh("session")
        peer.init(session)
        pull = peer.start_pull(session, "task", 0)
        pushed = self.in_background(peer.push, session, "task", 0, b"input")
        with self.assertRaises(grpc.RpcError) as caught:
            collect(pull)
        for word in (session, "task", *named):
            self.assertIn(word, caught.exception.details())
        try:
            pushed.result()
        except grpc.RpcError:
            pass  # it depends on which came first
        status = until(lambda: self.ended(peer, session), "the task's end")
        self.assertEqual(status.state, "FAILED")
        for word in named:
            self.assertIn(word, status.error)

    @staticmethod
    def ended(peer, session):
        status = peer.query(session, "task")
        return status if status.state != "EXISTS" else None

    def test_an_exit_code(self):
        self.check("cat; echo 'it broke' >&2; exit 3", "3", "it broke")

    def test_an_exit_code_after_its_output_was_closed(self):
        self.check("cat; exec >&-; exit 4", "4")

    def test_a_signal(self):
        self.check("cat; kill -KILL $$", "9")


class BrokenPushes(InteropTest):
    """A push that breaks off before `done` is never an end for whoever reads."""

    @classmethod
    def start(cls):
        cls.echo = cls.start_node(our_echo)
        cls.cat = cls.start_node(our_cat)
        cls.theirs = cls.start_node(TheirNode)

    def expect_broken_pull(self, pull):
        with self.assertRaises(grpc.RpcError) as caught:
            collect(pull)
        self.assertNotEqual(caught.exception.code(), grpc.StatusCode.DEADLINE_EXCEEDED)

    def expect_failed(self, peer, session):
        def failed():
            status = peer.query(session, "task")
            self.assertNotEqual(status.state, "FINISHED")
            return status if status.state == "FAILED" else None

        status = until(failed, "the failure of the task")
        self.assertNotEqual(status.error, "")

    def endless_push(self, peer, session, ends=False):
        """A push of 100 kB that then waits, or half-closes, without `done`."""
        go_on = threading.Event()
        self.addCleanup(go_on.set)

        def requests():
            yield wire.PushRequest(session_id=session, task_id="task")
            yield wire.PushRequest(data=payload(100_000))
            if not ends:
                go_on.wait(WAIT_LIMIT)

        return peer.start_push(session, "task", 0, requests())

    def read_some(self, pull):
        """Until the first bytes have come out: now something has moved."""
        while not next(pull).data:
            pass

    def test_cancelled_by_the_client(self):
        for node in (self.echo, self.cat):
            peer = self.client(RawClient, node.address)
            session = fresh("session")
            peer.init(session)
            pull = peer.start_pull(session, "task", 0)
            push = self.endless_push(peer, session)
            self.read_some(pull)
            push.cancel()
            self.expect_broken_pull(pull)
            self.expect_failed(peer, session)

    def test_half_closed_without_done(self):
        for node in (self.echo, self.cat):
            peer = self.client(RawClient, node.address)
            session = fresh("session")
            peer.init(session)
            pull = peer.start_pull(session, "task", 0)
            push = self.endless_push(peer, session, ends=True)
            self.expect_broken_pull(pull)
            self.assertIsInstance(push.exception(WAIT_LIMIT), grpc.RpcError)
            self.expect_failed(peer, session)

    def test_a_client_that_is_killed(self):
        for node in (self.echo, self.cat):
            peer = self.client(RawClient, node.address)
            session = fresh("session")
            peer.init(session)
            pull = peer.start_pull(session, "task", 0)
            program = (
                "import sys, threading, clients, wire\n"
                "peer = clients.RawClient(sys.argv[1])\n"
                "def requests():\n"
                "    yield wire.PushRequest(\n"
                "        session_id=sys.argv[2], task_id='task', data=b'x' * 9000)\n"
                "    threading.Event().wait(60)\n"
                "peer.calls.Push(requests())\n"
            )
            log = self.folder / f"{session}.log"
            child = Process(
                [sys.executable, "-c", program, node.address, session], log, clean_environment()
            )
            self.addCleanup(child.stop)
            self.read_some(pull)
            child.kill()
            self.expect_broken_pull(pull)
            self.expect_failed(peer, session)

    def test_at_the_head_of_a_chain_of_ours(self):
        head = self.client(RawClient, self.echo.address)
        tail = self.client(RawClient, self.cat.address)
        session = fresh("session")
        tail.init(session)
        head.init(session, destinations=[f"{self.cat.url}/{session}/0"])
        pull = tail.start_pull(session, "task", 0)
        push = self.endless_push(head, session)
        self.read_some(pull)
        push.cancel()
        self.expect_broken_pull(pull)
        self.expect_failed(head, session)
        self.expect_failed(tail, session)

    def test_before_a_node_of_the_reference(self):
        """The reference knows no failure from above: it waits, at best."""
        head = self.client(RawClient, self.echo.address)
        tail = self.client(RawClient, self.theirs.address)
        session = fresh("session")
        tail.init(session)
        head.init(session, destinations=[f"{self.theirs.url}/{session}/0"])
        pull = tail.start_pull(session, "task", 0, timeout=5)
        push = self.endless_push(head, session)
        self.read_some(pull)
        push.cancel()
        self.expect_failed(head, session)
        # Its pull may end all the same: grpcio can show a cancelled push as one that half-closed (the
        # empty message of the cancellation overtakes the news of it), and the reference then says that
        # no end came, and ends its pull well. What counts is that we never said done.
        try:
            collect(pull)
        except grpc.RpcError:
            return
        self.assertIn("No EOF on port 0", self.theirs.process.tail(65536))

    def test_a_pull_that_goes_away_fails_the_push(self):
        for node in (self.echo, self.cat):
            peer = self.client(RawClient, node.address)
            session = fresh("session")
            peer.init(session)
            pull = peer.start_pull(session, "task", 0)

            def requests():
                yield wire.PushRequest(session_id=session, task_id="task")
                while True:
                    yield wire.PushRequest(data=payload(100_000))

            push = peer.start_push(session, "task", 0, requests())
            self.read_some(pull)
            pull.cancel()
            self.assertIsInstance(push.exception(WAIT_LIMIT), grpc.RpcError)
            self.expect_failed(peer, session)

    def test_a_destination_that_is_not_there(self):
        peer = self.client(RawClient, self.echo.address)
        session = fresh("session")
        peer.init(session, destinations=["mnp://127.0.0.1:1/nobody/0"])
        push = peer.start_push(
            session, "task", 0, peer.push_requests(session, "task", 0, payload(1 << 20))
        )
        push.exception(WAIT_LIMIT)
        self.expect_failed(peer, session)
        self.assertIn("127.0.0.1:1", peer.query(session, "task").error)

    def test_a_session_of_the_reference_that_is_not_there(self):
        peer = self.client(RawClient, self.echo.address)
        session = fresh("session")
        peer.init(session, destinations=[f"{self.theirs.url}/nobody/0"])
        push = peer.start_push(
            session, "task", 0, peer.push_requests(session, "task", 0, payload(1 << 20))
        )
        push.exception(WAIT_LIMIT)
        self.expect_failed(peer, session)

    def test_quitting_a_session_cancels_what_runs(self):
        peer = self.client(RawClient, self.cat.address)
        session = fresh("session")
        peer.init(session)
        pull = peer.start_pull(session, "task", 0)
        push = self.endless_push(peer, session)
        self.read_some(pull)
        peer.quit_session(session)
        self.expect_broken_pull(pull)
        self.assertIsInstance(push.exception(WAIT_LIMIT), grpc.RpcError)
        self.expect_status(grpc.StatusCode.NOT_FOUND, peer.query, session, "task")

    def test_a_node_that_is_killed(self):
        node = our_cat(self.folder, fresh("doomed"))
        self.addCleanup(node.stop)
        peer = self.client(RawClient, node.address)
        session = fresh("session")
        peer.init(session)
        pull = peer.start_pull(session, "task", 0)
        push = self.endless_push(peer, session)
        self.read_some(pull)
        node.process.kill()
        self.expect_broken_pull(pull)
        self.assertIsInstance(push.exception(WAIT_LIMIT), grpc.RpcError)

"""Foreign clients and our node: the reference's stubs, and plain grpcio with its own messages."""

import grpc

import wire
from cases import LARGE, CallCases, InteropTest, digest, fresh, payload
from clients import RawClient, ReferenceClient
from nodes import OurNode, our_cat, our_echo
from processes import WAIT_LIMIT, until


class ReferenceToEcho(CallCases, InteropTest):
    make_client = ReferenceClient
    make_node = staticmethod(our_echo)


class ReferenceToCat(CallCases, InteropTest):
    make_client = ReferenceClient
    make_node = staticmethod(our_cat)


class GrpcToEcho(CallCases, InteropTest):
    make_client = RawClient
    make_node = staticmethod(our_echo)


class GrpcToCat(CallCases, InteropTest):
    make_client = RawClient
    make_node = staticmethod(our_cat)


class Shapes(InteropTest):
    """The many ways in which peers cut the same data into messages."""

    @classmethod
    def start(cls):
        cls.node = cls.start_node(our_cat)

    def check(self, requests, data):
        peer = self.client(RawClient, self.node.address, ("grpc.max_send_message_length", -1))
        session, task = fresh("session"), fresh("task")
        peer.init(session)
        pulled = self.in_background(peer.pull, session, task, 0)
        first, *rest = requests
        first.session_id, first.task_id, first.port = session, task, 0
        peer.calls.Push(iter([first, *rest]), timeout=WAIT_LIMIT)
        self.expect_same(pulled.result(), data)
        self.expect_finished(peer, session, task, len(data))

    def test_all_in_one_message(self):
        self.check([wire.PushRequest(data=b"all", done=True)], b"all")

    def test_one_message_of_64_MiB(self):
        self.check([wire.PushRequest(data=payload(LARGE), done=True)], payload(LARGE))

    def test_a_size_of_0_and_a_size_below_0_are_unknown(self):
        for size in (0, -1):
            message = wire.PushRequest(data=b"some", data_size=size)
            self.check([message, wire.PushRequest(done=True)], b"some")

    def test_ids_that_are_said_again_do_not_count(self):
        first = wire.PushRequest(data=b"some")
        again = wire.PushRequest(session_id="other", task_id="other", port=9, data=b" more")
        self.check([first, again, wire.PushRequest(done=True)], b"some more")

    def test_empty_messages_between(self):
        empty = [wire.PushRequest() for _ in range(100)]
        self.check(
            [wire.PushRequest(), *empty, wire.PushRequest(data=b"x"), *empty]
            + [wire.PushRequest(done=True)],
            b"x",
        )

    def test_ten_thousand_small_messages(self):
        messages = [wire.PushRequest(data=b"%d\n" % number) for number in range(10_000)]
        data = b"".join(message.data for message in messages)
        self.check([*messages, wire.PushRequest(done=True)], data)


class OurShapes(InteropTest):
    """What our node sends, beyond the bytes."""

    @classmethod
    def start(cls):
        cls.node = cls.start_node(our_echo)

    def test_a_pull_has_messages_of_a_mebibyte_at_most_and_ends_with_an_empty_one(self):
        peer = self.client(RawClient, self.node.address)
        session = fresh("session")
        peer.init(session)
        pull = peer.start_pull(session, "task", 0)
        pushed = self.in_background(peer.push, session, "task", 0, payload(10 << 20))
        responses = list(pull)
        pushed.result()
        self.assertLessEqual(max(len(each.data) for each in responses), 1 << 20)
        self.assertEqual([each.done for each in responses[:-1]], [False] * (len(responses) - 1))
        self.assertEqual((responses[-1].done, responses[-1].data), (True, b""))
        self.assertEqual(
            digest(b"".join(each.data for each in responses)), digest(payload(10 << 20))
        )

    def test_what_arrives_is_sent_on_before_the_end(self):
        peer = self.client(RawClient, self.node.address)
        session = fresh("session")
        peer.init(session)
        pull = peer.start_pull(session, "task", 0)
        received = []

        def requests():
            yield wire.PushRequest(session_id=session, task_id="task", data=b"one line\n")
            # The second message is sent only when the first one has come out.
            received.append(next(pull).data)
            yield wire.PushRequest(data=b"and another\n", done=True)

        peer.calls.Push(requests(), timeout=WAIT_LIMIT)
        self.assertEqual(received, [b"one line\n"])
        self.assertEqual(b"".join(each.data for each in pull), b"and another\n")


class Parameters(InteropTest):
    """A running node is reconfigured: each session has parameters of its own."""

    @classmethod
    def start(cls):
        script = 'printf "%s, " "$greeting"; cat'
        cls.node = cls.start_node(OurNode, "--", "sh", "-c", script)

    def test_each_session_has_its_own(self):
        peer = self.client(RawClient, self.node.address)
        for greeting in ("hello", "grüß dich"):
            session = fresh("session")
            configuration = wire.Configuration(
                parameters=[wire.Parameter(name="greeting", value=greeting)]
            )
            value = configuration.SerializeToString()
            states, error = peer.init(session, configuration=(wire.CONFIGURATION_TYPE, value))
            self.assertEqual((states[-1], error), ("READY", ""))
            peer.push(session, "task", 0, b"world")
            self.assertEqual(
                peer.pull(session, "task", 0).decode(), f"{greeting}, world"
            )


class Sources(InteropTest):
    """A task without inputs starts when it is ensured, or on a pull."""

    @classmethod
    def start(cls):
        cls.node = cls.start_node(
            OurNode, "--builtin", "generate", "--parameter", "bytes=3M", "--parameter",
            "pattern=counter",
        )

    def setUp(self):
        super().setUp()
        self.peer = self.client(ReferenceClient, self.node.address)
        self.session = fresh("session")
        self.peer.init(self.session, inputs=0)

    def check(self, task):
        data = self.peer.pull(self.session, task, 0)
        expected = b"".join(number.to_bytes(8, "little") for number in range(3 << 17))
        self.expect_same(data, expected)
        status = self.expect_finished(self.peer, self.session, task)
        self.assertEqual((status.inputs, status.outputs[0].bytes), ([], 3 << 20))

    def test_a_pull_starts_it(self):
        self.check("pulled")

    def test_an_ensuring_query_starts_it(self):
        self.assertEqual(self.peer.query(self.session, "ensured", ensure=True).state, "EXISTS")
        self.check("ensured")


class ManyPorts(InteropTest):
    """Ports keep their numbers."""

    @classmethod
    def start(cls):
        cls.node = cls.start_node(our_echo)

    def test_three_ports_at_once(self):
        peer = self.client(ReferenceClient, self.node.address)
        session = fresh("session")
        peer.init(session, inputs=3, outputs=3)
        data = [payload(100_000 + port) for port in range(3)]
        pulls = [self.in_background(peer.pull, session, "task", port) for port in range(3)]
        pushes = [
            self.in_background(peer.push, session, "task", port, data[port]) for port in range(3)
        ]
        for future in pushes:
            future.result()
        for port in range(3):
            self.expect_same(pulls[port].result(), data[port])
        status = self.expect_finished(peer, session, "task")
        self.assertEqual([port.bytes for port in status.inputs], [len(each) for each in data])
        self.assertEqual([port.bytes for port in status.outputs], [len(each) for each in data])


class Health(InteropTest):
    """Things that any gRPC client may do."""

    @classmethod
    def start(cls):
        cls.node = cls.start_node(our_echo)

    def test_a_call_that_is_not_there(self):
        with grpc.insecure_channel(self.node.address) as channel:
            call = channel.unary_unary("/MnpService/Nothing")
            self.expect_status(grpc.StatusCode.UNIMPLEMENTED, call, b"", timeout=WAIT_LIMIT)

    def test_a_message_that_is_none(self):
        with grpc.insecure_channel(self.node.address) as channel:
            for name in ("QueryTask", "QuitSession"):
                call = channel.unary_unary(f"/MnpService/{name}")
                self.expect_status(
                    grpc.StatusCode.INVALID_ARGUMENT, call, b"\xff\xff", timeout=WAIT_LIMIT
                )

    def test_a_compressed_call_is_refused_or_understood_but_never_misread(self):
        options = {"compression": grpc.Compression.Gzip, "timeout": WAIT_LIMIT}
        peer = self.client(ReferenceClient, self.node.address)
        session = fresh("session")
        peer.init(session)
        requests = peer.push_requests(session, "task", 0, b"a" * 10_000)
        self.expect_status(
            grpc.StatusCode.UNIMPLEMENTED, peer.calls.Push, requests, **options
        )

    def test_a_deadline_that_passes(self):
        peer = self.client(ReferenceClient, self.node.address)
        session = fresh("session")
        peer.init(session)
        self.expect_status(
            grpc.StatusCode.DEADLINE_EXCEEDED, peer.pull, session, "task", 0, timeout=0.5
        )
        # That pull is gone before its first byte: it may be repeated.
        pulled = self.in_background(peer.pull, session, "task", 0)
        peer.push(session, "task", 0, b"after all")
        self.assertEqual(pulled.result(), b"after all")

    def test_many_calls_on_one_connection(self):
        peer = self.client(ReferenceClient, self.node.address)
        session = fresh("session")
        peer.init(session)
        for number in range(200):
            self.assertEqual(peer.query(session, f"task-{number}").state, "UNKNOWN")

    def test_a_client_that_goes_away_leaves_the_node_well(self):
        peer = ReferenceClient(self.node.address)
        session = fresh("session")
        peer.init(session)
        pull = peer.start_pull(session, "task", 0)
        until(lambda: peer.query(session, "task").state == "EXISTS", "the task")
        peer.close()
        del pull
        other = self.client(ReferenceClient, self.node.address)
        self.round_trip(other, session, "another", b"data")

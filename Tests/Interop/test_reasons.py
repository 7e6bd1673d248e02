"""What our node sends where it breaks a push off: the reason, to one of ours; to others a reset."""

import concurrent.futures
import queue
import threading

import grpc

import wire
from cases import InteropTest, fresh
from clients import RawClient
from nodes import OurNode
from processes import WAIT_LIMIT


class Receiver:
    """A node that only takes pushes, and keeps every message. With `features` it says that it is one of
    ours. `ended` gets (messages, whether the push was reset) for each push."""

    def __init__(self, features):
        self.features = features
        self.ended = queue.Queue()
        self.server = grpc.server(concurrent.futures.ThreadPoolExecutor(4))
        push = grpc.stream_unary_rpc_method_handler(
            self._push,
            request_deserializer=wire.PushRequest.FromString,
            response_serializer=wire.PushResponse.SerializeToString,
        )
        self.server.add_generic_rpc_handlers(
            [grpc.method_handlers_generic_handler("MnpService", {"Push": push})]
        )
        self.address = f"127.0.0.1:{self.server.add_insecure_port('127.0.0.1:0')}"
        self.server.start()

    def _push(self, requests, context):
        gone = threading.Event()
        context.add_callback(gone.set)
        if self.features:
            context.send_initial_metadata([("headrace", f"1; features={self.features}")])
        messages = []
        try:
            for request in requests:
                messages.append(request)
                if request.HasField("failure"):
                    context.abort(grpc.StatusCode.ABORTED, "heard")
        except grpc.RpcError:
            pass
        except Exception:
            # What abort() raises, once it is done.
            self.ended.put((messages, False))
            raise
        # Only a reset ends a call that has not been answered.
        self.ended.put((messages, gone.wait(WAIT_LIMIT)))
        return wire.PushResponse()


class Reasons(InteropTest):
    """An operator writes 5 bytes, and exits with 3 as soon as it is told that they have arrived."""

    def break_off(self, features):
        receiver = Receiver(features)
        self.addCleanup(receiver.server.stop, None)
        node = self.start_node(
            OurNode, "--", "sh", "-c", "printf 12345; read line; echo 'it broke' >&2; exit 3"
        )
        peer = self.client(RawClient, node.address)
        session = fresh("session")
        peer.init(session, destinations=[f"mnp://{receiver.address}/receiving/0"])
        push = peer.start_push(
            session, "task", 0,
            [wire.PushRequest(session_id=session, task_id="task", data=b"go\n", done=True)],
        )
        push.exception(WAIT_LIMIT)
        messages, was_reset = receiver.ended.get(timeout=WAIT_LIMIT)
        self.assertEqual((messages[0].session_id, messages[0].task_id), ("receiving", "task"))
        # Whatever is said of the end, it is not that all is there.
        self.assertFalse(any(message.done for message in messages))
        self.assertLessEqual(len(b"".join(message.data for message in messages)), 5)
        return session, messages, was_reset

    def test_to_a_node_of_ours_it_is_the_last_message(self):
        session, messages, _ = self.break_off("await")
        self.assertEqual(
            [message.HasField("failure") for message in messages],
            [False] * (len(messages) - 1) + [True],
        )
        failure = messages[-1].failure
        self.assertEqual((failure.session, failure.task, failure.exit_code), (session, "task", 3))
        self.assertEqual(list(failure.stderr_tail), ["it broke"])
        self.assertIn("exited with code 3", failure.message)

    def test_to_others_the_push_is_reset(self):
        for features in ("", "something-else"):
            with self.subTest(features=features):
                _, messages, was_reset = self.break_off(features)
                self.assertFalse(any(message.HasField("failure") for message in messages))
                self.assertTrue(was_reset)

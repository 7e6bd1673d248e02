"""Three clients with one interface: the reference's stubs, plain grpcio, and our commands."""

import dataclasses
import json
import subprocess

import grpc
import mnp
from google.protobuf import empty_pb2
from mnp._stubs.mantik.mnp import mnp_pb2, mnp_pb2_grpc

import wire
from processes import WAIT_LIMIT, clean_environment, headrace

SESSION_STATES = ["INITIALIZING", "DOWNLOADING", "STARTING_UP", "READY", "FAILED"]
TASK_STATES = ["UNKNOWN", "EXISTS", "FINISHED", "FAILED"]

BYTES = "application/octet-stream"


class BrokenPull(AssertionError):
    """A pull that ended with OK and without exactly one `done` in its last message."""


@dataclasses.dataclass
class Port:
    messages: int
    bytes: int
    error: str
    done: bool


@dataclasses.dataclass
class Task:
    state: str
    error: str
    inputs: list
    outputs: list


class GrpcClient:
    """What both clients on grpcio have in common."""

    def __init__(self, address, *options):
        self.channel = grpc.insecure_channel(address, options=list(options))
        self.calls = self.make_calls(self.channel)

    def close(self):
        self.channel.close()

    def about(self):
        return self.calls.About(empty_pb2.Empty(), timeout=WAIT_LIMIT).name

    def init(self, session, inputs=1, outputs=1, destinations=None, configuration=None):
        """All states in the order of their arrival, and the error of the last one."""
        urls = destinations or [""] * outputs
        request = self.init_request(session, [BYTES] * inputs, [(BYTES, url) for url in urls])
        if configuration is not None:
            type_url, value = configuration
            request.configuration.type_url = type_url
            request.configuration.value = value
        answers = list(self.calls.Init(request, timeout=WAIT_LIMIT))
        return [SESSION_STATES[answer.state] for answer in answers], answers[-1].error

    def push(self, session, task, port, data):
        requests = self.push_requests(session, task, port, data)
        self.calls.Push(requests, timeout=WAIT_LIMIT)

    def start_push(self, session, task, port, requests):
        """A push whose requests come from an iterator, as a future that can be cancelled."""
        return self.calls.Push.future(iter(requests), timeout=WAIT_LIMIT)

    def start_pull(self, session, task, port, timeout=WAIT_LIMIT):
        """The responses as they come."""
        request = self.messages.PullRequest(session_id=session, task_id=task, port=port)
        return self.calls.Pull(request, timeout=timeout)

    def pull(self, session, task, port, timeout=WAIT_LIMIT):
        return collect(self.start_pull(session, task, port, timeout))

    def query(self, session, task, ensure=False):
        request = self.messages.QueryTaskRequest(session_id=session, task_id=task, ensure=ensure)
        answer = self.calls.QueryTask(request, timeout=WAIT_LIMIT)

        def ports(statuses):
            return [Port(each.msg_count, each.data, each.error, each.done) for each in statuses]

        return Task(
            TASK_STATES[answer.state], answer.error, ports(answer.inputs), ports(answer.outputs)
        )

    def quit_session(self, session):
        request = self.messages.QuitSessionRequest(session_id=session)
        self.calls.QuitSession(request, timeout=WAIT_LIMIT)

    def quit(self):
        self.calls.Quit(self.messages.QuitRequest(), timeout=WAIT_LIMIT)


class ReferenceClient(GrpcClient):
    """The reference's stubs; its pushes have the shape of its forwarder's: ids, data, done."""

    messages = mnp_pb2
    make_calls = staticmethod(mnp_pb2_grpc.MnpServiceStub)

    def init_request(self, session, inputs, outputs):
        ports = mnp.PortConfiguration(
            [mnp.InputPortConfiguration(content_type) for content_type in inputs],
            [mnp.OutputPortConfiguration(content_type, url) for content_type, url in outputs],
        )
        return mnp_pb2.InitRequest(
            session_id=session, inputs=ports.inputs_as_proto(), outputs=ports.outputs_as_proto()
        )

    def push_requests(self, session, task, port, data, piece=8192):
        yield mnp_pb2.PushRequest(session_id=session, task_id=task, port=port)
        for start in range(0, len(data), piece):
            yield mnp_pb2.PushRequest(data=data[start : start + piece])
        yield mnp_pb2.PushRequest(done=True)


class RawClient(GrpcClient):
    """Messages of our own; ids, size and data in the first one, `done` with the last data."""

    messages = wire
    make_calls = wire.Calls

    def init_request(self, session, inputs, outputs):
        return wire.InitRequest(
            session_id=session,
            inputs=[wire.InputPort(content_type=each) for each in inputs],
            outputs=[
                wire.OutputPort(content_type=each, destination_url=url) for each, url in outputs
            ],
        )

    def push_requests(self, session, task, port, data, piece=1 << 20):
        starts = range(0, len(data), piece) or [0]
        for start in starts:
            request = wire.PushRequest(
                data=data[start : start + piece], done=start == starts[-1]
            )
            if start == 0:
                request.session_id, request.task_id, request.port = session, task, port
                request.data_size = len(data)
            yield request


def collect(responses):
    """The bytes of a pull; BrokenPull unless it ends with exactly one `done`."""
    data = bytearray()
    done = 0
    for response in responses:
        if done:
            raise BrokenPull("a message after done")
        data += response.data
        done += response.done
    if not done:
        raise BrokenPull(f"the pull ended with OK and without done after {len(data)} bytes")
    return bytes(data)


class CommandFailed(Exception):
    def __init__(self, words, code, error):
        super().__init__(f"headrace {' '.join(words)} ended with {code}:\n{error}")
        self.code = code
        self.error = error


class Commands:
    """`headrace push` and its siblings; `flags` go with each of them."""

    def __init__(self, address, *flags, environment=None):
        self.url = f"mnp://{address}"
        self.flags = list(flags)
        self.environment = environment or clean_environment()

    def close(self):
        pass

    def run(self, *words, data=b""):
        """Standard output of a command; CommandFailed unless it ends with 0."""
        words = [str(word) for word in words] + self.flags
        result = subprocess.run(
            [str(headrace()), *words],
            input=data,
            capture_output=True,
            timeout=WAIT_LIMIT,
            env=self.environment,
        )
        if result.returncode != 0:
            raise CommandFailed(words, result.returncode, result.stderr.decode(errors="replace"))
        return result.stdout

    def about(self):
        return json.loads(self.run("about", self.url, "--json"))["name"]

    def init(self, session, inputs=1, outputs=1, destinations=None):
        words = ["--input", BYTES] * inputs
        for url in destinations or [""] * outputs:
            words += ["--output", f"{BYTES}=>{url}" if url else BYTES]
        self.run("init", f"{self.url}/{session}", *words)

    def push(self, session, task, port, data):
        self.run("push", f"{self.url}/{session}/{port}", "--task", task, data=data)

    def pull(self, session, task, port):
        return self.run("pull", f"{self.url}/{session}/{port}", "--task", task)

    def query(self, session, task, ensure=False):
        words = ["--ensure"] if ensure else []
        answer = json.loads(
            self.run("query", f"{self.url}/{session}", "--task", task, "--json", *words)
        )

        def ports(statuses):
            return [
                Port(each["messages"], each["bytes"], each.get("error", ""), each["done"])
                for each in statuses
            ]

        return Task(
            answer["state"].upper().removeprefix("TS_"),
            answer.get("error", ""),
            ports(answer["inputs"]),
            ports(answer["outputs"]),
        )

    def quit_session(self, session):
        self.run("quit-session", f"{self.url}/{session}")

    def quit(self):
        self.run("quit", self.url)

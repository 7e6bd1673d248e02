"""The messages of MNP from a table of their fields, for a client that owes nothing to any stubs.

The classes live in a descriptor pool of their own, since the reference registers the same names.
"""

from google.protobuf import any_pb2, descriptor_pb2, descriptor_pool, empty_pb2, message_factory

_FIELDS = {
    "AboutResponse": ["name = 1 string", "extra = 2 Any"],
    "InputPort": ["content_type = 1 string"],
    "OutputPort": ["content_type = 1 string", "destination_url = 2 string"],
    "InitRequest": [
        "session_id = 1 string",
        "configuration = 2 Any",
        "inputs = 3 repeated InputPort",
        "outputs = 4 repeated OutputPort",
    ],
    "InitResponse": ["state = 1 int32", "error = 2 string"],
    "QuitRequest": [],
    "QuitResponse": [],
    "QuitSessionRequest": ["session_id = 1 string"],
    "QuitSessionResponse": [],
    "PushRequest": [
        "session_id = 1 string",
        "task_id = 2 string",
        "port = 3 int32",
        "data_size = 4 int64",
        "done = 5 bool",
        "data = 6 bytes",
        # Between nodes of ours, in place of `done`: why the push breaks off.
        "failure = 1000 Failure",
    ],
    "PushResponse": [],
    "PullRequest": ["session_id = 1 string", "task_id = 2 string", "port = 3 int32"],
    "PullResponse": ["size = 1 int64", "done = 2 bool", "data = 3 bytes"],
    "QueryTaskRequest": ["session_id = 1 string", "task_id = 2 string", "ensure = 3 bool"],
    "PortStatus": [
        "msg_count = 1 int32",
        "data = 2 int64",
        "error = 3 string",
        "done = 4 bool",
    ],
    "QueryTaskResponse": [
        "state = 1 int32",
        "error = 2 string",
        "inputs = 3 repeated PortStatus",
        "outputs = 4 repeated PortStatus",
    ],
    # headrace.v1, in the same file here: on the wire a message has no name.
    "Failure": [
        "kind = 1 int32",
        "message = 2 string",
        "node = 3 string",
        "session = 4 string",
        "task = 5 string",
        "port = 6 string",
        "offset = 7 int64",
        "exit_code = 8 int32",
        "signal = 9 int32",
        "stderr_tail = 10 repeated string",
    ],
    "Parameter": ["name = 1 string", "value = 2 string"],
    "Configuration": [
        "parameters = 1 repeated Parameter",
        "input_names = 2 repeated string",
        "output_names = 3 repeated string",
    ],
}

CONFIGURATION_TYPE = "type.googleapis.com/headrace.v1.Configuration"


def _add_field(message, text):
    name, _, number, *label, kind = text.split()
    field = message.field.add(name=name, number=int(number))
    repeated = label == ["repeated"]
    field.label = field.LABEL_REPEATED if repeated else field.LABEL_OPTIONAL
    if kind in _FIELDS or kind == "Any":
        field.type = field.TYPE_MESSAGE
        field.type_name = ".google.protobuf.Any" if kind == "Any" else f".{kind}"
    else:
        field.type = getattr(field, f"TYPE_{kind.upper()}")


def _classes():
    file = descriptor_pb2.FileDescriptorProto(name="wire.proto", syntax="proto3")
    file.dependency.append("google/protobuf/any.proto")
    for name, fields in _FIELDS.items():
        message = file.message_type.add(name=name)
        for field in fields:
            _add_field(message, field)
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(any_pb2.DESCRIPTOR.serialized_pb)
    pool.AddSerializedFile(file.SerializeToString())
    factory = message_factory.MessageFactory(pool)
    classes = {
        name: factory.GetPrototype(pool.FindMessageTypeByName(name)) for name in _FIELDS
    }
    classes["Any"] = factory.GetPrototype(pool.FindMessageTypeByName("google.protobuf.Any"))
    return classes


globals().update(_classes())


class Calls:
    """The seven calls as grpcio's generic multi-callables on a channel."""

    def __init__(self, channel):
        def add(name, kind, request, response):
            callable = getattr(channel, kind)(
                f"/MnpService/{name}",
                request_serializer=request.SerializeToString,
                response_deserializer=response.FromString,
            )
            setattr(self, name, callable)

        messages = globals()
        add("About", "unary_unary", empty_pb2.Empty, messages["AboutResponse"])
        for name, kind in [
            ("Init", "unary_stream"),
            ("Quit", "unary_unary"),
            ("QuitSession", "unary_unary"),
            ("Push", "stream_unary"),
            ("Pull", "unary_stream"),
            ("QueryTask", "unary_unary"),
        ]:
            add(name, kind, messages[f"{name}Request"], messages[f"{name}Response"])

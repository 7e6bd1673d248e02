"""The Python reference node, mnp 0.4.0, at the same works and between the same ends as ours."""

from grpc_cpp import about
from measure import Contestant, latency
from nodes import Chain, ReferenceNode, Stream

FIRST_BYTES = 60


def echo(count):
    stream = Stream([ReferenceNode() for _ in range(count)])
    # It moves about a tenth of a gigabyte a second, or half of that in a chain.
    stream.FIRST = 4 << 20
    return Contestant("Python node (mnp 0.4.0)", stream.measure, stream.close)


def about_latency():
    node = ReferenceNode()
    return Contestant("Python node (mnp 0.4.0)", lambda _: about(node.address), node.stop)


def first_byte(count):
    chain = Chain([ReferenceNode() for _ in range(count)])
    return Contestant("Python nodes (mnp 0.4.0)",
                      lambda _: latency(chain.measure("first", FIRST_BYTES)), chain.close)

"""The reference alone: if this fails, the tests are wrong and not our node."""

from cases import CallCases, ChainCases, InteropTest
from clients import RawClient, ReferenceClient
from nodes import TheirNode


class ReferenceToTheirs(CallCases, InteropTest):
    make_client = ReferenceClient
    make_node = TheirNode


class GrpcToTheirs(CallCases, InteropTest):
    make_client = RawClient
    make_node = TheirNode


class TheirsAlone(ChainCases, InteropTest):
    make_client = ReferenceClient
    kinds = [TheirNode, TheirNode, TheirNode]

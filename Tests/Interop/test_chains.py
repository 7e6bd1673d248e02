"""Three nodes in a row, ours and theirs, driven by the reference's client and by our commands."""

from cases import ChainCases, InteropTest
from clients import Commands, ReferenceClient
from nodes import TheirNode, our_cat, our_echo


class OursAlone(ChainCases, InteropTest):
    make_client = ReferenceClient
    kinds = [our_cat, our_echo, our_cat]


class OursTheirsOurs(ChainCases, InteropTest):
    make_client = ReferenceClient
    kinds = [our_cat, TheirNode, our_cat]


class TheirsOursTheirs(ChainCases, InteropTest):
    make_client = ReferenceClient
    kinds = [TheirNode, our_cat, TheirNode]


class EchoTheirsEcho(ChainCases, InteropTest):
    make_client = ReferenceClient
    kinds = [our_echo, TheirNode, our_echo]


class TheirsEchoTheirs(ChainCases, InteropTest):
    make_client = ReferenceClient
    kinds = [TheirNode, our_echo, TheirNode]


class OursTheirsOursByCommands(ChainCases, InteropTest):
    make_client = Commands
    kinds = [our_cat, TheirNode, our_cat]


class TheirsOursTheirsByCommands(ChainCases, InteropTest):
    make_client = Commands
    kinds = [TheirNode, our_cat, TheirNode]

"""What one fault is: everything about it follows from its seed, so that the seed replays it."""

import array
import dataclasses
import functools
import hashlib
import math
import random

# Of a process in the chain.
PROCESS_KINDS = ("kill-node", "kill-operator", "stop-and-kill")
# Of the network between two of them.
HOP_KINDS = ("rst-stream", "tcp-rst", "fin", "half-close", "goaway", "vanish", "truncate", "corrupt")
KINDS = PROCESS_KINDS + HOP_KINDS

FOREIGN = "theirs"
# Nodes that pass on what they get: a process or a builtin, on one event loop or on two.
COPIES = ("cat", "cat-2", "echo", "echo-2")
WITH_PROCESS = ("cat", "cat-2", "sum")

LARGEST = 4 << 20
# What `sha256sum` prints.
SUM_LENGTH = 68


@dataclasses.dataclass(frozen=True)
class Plan:
    """A chain and its fault. Hop i leads to node i, from the pusher or from node i - 1; the last
    hop leads from the last node to the puller."""

    seed: int
    kind: str
    nodes: tuple
    size: int
    # Of a message of the pusher.
    piece: int
    # The pusher asks to be answered at the end of the task, as nodes of ours ask each other.
    awaits: bool
    # The fault comes when so many bytes of DATA have passed this hop.
    hop: int
    offset: int
    # Which node a process fault hits.
    victim: int
    # Which of the ways in which a kind can happen.
    variant: tuple

    @property
    def is_mixed(self):
        return FOREIGN in self.nodes

    @property
    def is_generated(self):
        return self.nodes[0] == "generate"

    @property
    def last_hop(self):
        return len(self.nodes)

    def data(self):
        return counters()[: self.size] if self.is_generated else noise(self.seed, self.size)

    def pulled(self, data):
        """What comes out where the last node got this."""
        if self.nodes[-1] == "sum":
            return f"{hashlib.sha256(data).hexdigest()}  -\n".encode()
        return data

    def describe(self):
        where = (
            f"node {self.victim}, at byte {self.offset} of hop {self.hop}"
            if self.kind in PROCESS_KINDS
            else f"hop {self.hop} at byte {self.offset}"
        )
        how = " ".join(str(each) for each in self.variant)
        return f"{self.kind} {how} on {where}; {self.size} bytes through {' > '.join(self.nodes)}"


def make(seed, only=()):
    """The fault of this seed, among the kinds of `only` where there are some."""
    dice = random.Random(seed)
    kind = dice.choice(sorted(only) if only else KINDS)
    nodes = _nodes(dice)
    if kind == "kill-operator" and not any(node in WITH_PROCESS for node in nodes):
        nodes[dice.randrange(len(nodes))] = "cat"
    size = _size(dice)
    piece = max(dice.choice([100, 4096, 65536, 1 << 20]), size // 64)
    awaits = dice.random() < 0.5
    first = 1 if nodes[0] == "generate" else 0
    victim, hop = -1, dice.randint(first, len(nodes))
    if kind in PROCESS_KINDS:
        victims = [
            index
            for index, node in enumerate(nodes)
            if kind != "kill-operator" or node in WITH_PROCESS
        ]
        victim = dice.choice(victims)
        # An operator's input, as it may have ended when its output comes.
        behind = 0 if kind == "kill-operator" else dice.randint(0, 1)
        hop = max(first, victim + behind)
    elif kind == "corrupt":
        hop = _between_ours(dice, nodes)
    # A little beyond the data: `done`, and the status behind it, can be lost as well.
    volume = SUM_LENGTH if hop == len(nodes) and nodes[-1] == "sum" else size
    offset = dice.randint(1, volume + 10)
    return Plan(
        seed, kind, tuple(nodes), size, piece, awaits, hop, offset, victim, _variant(dice, kind)
    )


def _nodes(dice):
    nodes = [dice.choice(COPIES) for _ in range(dice.randint(2, 5))]
    if dice.random() < 0.2:
        nodes[0] = "generate"
    if dice.random() < 0.2:
        nodes[-1] = "sum"
    if dice.random() < 0.35:
        ours = dice.randrange(len(nodes))
        for index in range(len(nodes)):
            if index != ours and dice.random() < 0.5:
                nodes[index] = FOREIGN
    return nodes


def _between_ours(dice, nodes):
    """A hop between two nodes of ours, which alone can know: where there is none, one is made."""
    hops = [hop for hop in range(1, len(nodes)) if FOREIGN not in nodes[hop - 1 : hop + 1]]
    if hops:
        return dice.choice(hops)
    ours = next(index for index, node in enumerate(nodes) if node != FOREIGN)
    beside = ours - 1 if ours > 0 else 1
    nodes[beside] = "cat"
    return max(ours, beside)


def _size(dice):
    draw = dice.random()
    if draw < 0.1:
        return dice.randint(1, 1000)
    if draw < 0.9:
        return int(math.exp(dice.uniform(math.log(1000), math.log(512 << 10))))
    return dice.randint(1 << 20, LARGEST)


def _variant(dice, kind):
    side = dice.choice(["client", "server"])
    # A client has no streams to name: servers open none.
    last = dice.choice([0, 2**31 - 1]) if side == "client" else 0
    code = dice.choice([0, 2, 7, 8, 11])  # none, internal, refused, cancel, enhance your calm
    return {
        "kill-node": (),
        "kill-operator": (),
        # Short, and long enough for the neighbours to find it silent.
        "stop-and-kill": (dice.choice([0.3, 8.0]),),
        "rst-stream": (code,),
        "tcp-rst": (),
        "fin": (),
        "half-close": (side,),
        # The last stream that counts, and whether the connection ends behind it.
        "goaway": (side, code, last, dice.choice(["stays", "ends"])),
        "vanish": (),
        "corrupt": (dice.randrange(8),),
        "truncate": (dice.choice(["in a message", "between messages"]),),
    }[kind]


@functools.cache
def _block():
    return random.Random(1).randbytes(LARGEST + (1 << 16))


def noise(seed, size):
    start = random.Random(seed).randrange(1 << 16)
    return _block()[start : start + size]


@functools.cache
def counters():
    """What the builtin `generate` makes with pattern=counter."""
    return array.array("Q", range(LARGEST // 8 + 1)).tobytes()

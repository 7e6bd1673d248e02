"""What came of a fault, from what each party said and what was seen on the wire. Pure: it is tested by
itself."""

import dataclasses

COMPLETE = "complete"
ERROR = "error"
FOREIGN_LOSS = "foreign loss"
FOREIGN_WAIT = "foreign wait"
SHORT = "SHORT"
HANG = "HANG"
OUTCOMES = (COMPLETE, ERROR, FOREIGN_LOSS, FOREIGN_WAIT, SHORT, HANG)
BUGS = (SHORT, HANG)


@dataclasses.dataclass
class Party:
    """The pusher, a node or the puller, as it was found. `state` is `well`, `failed`, `open` (it has not
    ended), `none` (a node without such a task) or `dead`; of a foreign node it says nothing.
    `got` is what it counted as received, or None where that is not known, and `believes` says that it
    took that for all there is. `gave` is what it counted as sent on."""

    name: str
    state: str
    error: str = ""
    is_ours: bool = True
    got: int | None = None
    believes: bool = False
    gave: int | None = None


@dataclasses.dataclass
class Scene:
    """All parties from the pusher to the puller, and for each hop between two of them what its sender
    said: (payload, done), or None where nothing was seen. `expected` is what each hop has to carry."""

    parties: list
    said: list
    expected: list
    awaits: bool = False
    # What was pulled is not a beginning of what was to be pulled.
    is_other: bool = False
    # The hop whose connection the fault hit so that both ends must hear of it.
    broken: int | None = None


def judge(scene):
    """(outcome, reason)."""
    short = _short(scene)
    if short is not None:
        return short
    hang = _hang(scene)
    if hang is not None:
        return hang
    failed = [party for party in scene.parties if party.is_ours and party.state != "well"]
    if not failed:
        return COMPLETE, ""
    return ERROR, "; ".join(f"{party.name}: {party.error or party.state}" for party in failed)


def _short(scene):
    """The first party that took a part for the whole, from the head to the tail."""
    parties, lost, told = scene.parties, None, None
    if scene.is_other:
        return SHORT, "what was pulled is not what was sent"
    for hop, expected in enumerate(scene.expected):
        sender, receiver = parties[hop], parties[hop + 1]
        if lost is not None:
            # What is left of it has to come through; the sum of it is as long as any.
            expected = told if expected == scene.expected[hop - 1] else None
        said = scene.said[hop]
        told = said[0] if said is not None else None
        if said is not None and said[1] and expected is not None and said[0] != expected:
            if sender.is_ours:
                return SHORT, f"{sender.name} said done after {said[0]} of {expected} bytes"
            lost = FOREIGN_LOSS, f"{sender.name} said done after {said[0]} of {expected} bytes"
        if not receiver.is_ours:
            continue
        if receiver.believes and (said is None or not said[1] or said[0] != receiver.got):
            return SHORT, f"{receiver.name} took {receiver.got} bytes for all, and was told {said}"
        if receiver.state != "well" or hop == len(scene.expected) - 1:
            continue
        if not receiver.believes:
            return SHORT, f"{receiver.name} finished without an end of its input"
        # The last node may finish before somebody pulls; what becomes of the pull, the puller tells.
        onward, is_last = scene.expected[hop + 1], hop + 2 == len(scene.expected)
        if lost is None and not is_last and receiver.gave != onward:
            return SHORT, f"{receiver.name} finished after giving {receiver.gave} of {onward} bytes"
    for left, right in zip(parties, parties[1:-1]):
        awaits = left is not parties[0] or scene.awaits
        tied = left.is_ours and right.is_ours and awaits and left.state == "well"
        if tied and right.state in ("failed", "open", "none"):
            return SHORT, f"{left.name} ended well, and {right.name} is {right.state}"
    return lost


def _hang(scene):
    """Whoever has not ended must be waiting for a foreign node that lives, and for nobody else."""
    parties, waits = scene.parties, None
    index = 0
    while index < len(parties):
        first = index
        while index < len(parties) and parties[index].is_ours and parties[index].state == "open":
            index += 1
        if index == first:
            index += 1
            continue
        names = ", ".join(party.name for party in parties[first:index])
        around = [
            parties[place] for place in (first - 1, index) if 0 <= place < len(parties)
        ]
        if all(party.is_ours for party in around):
            return HANG, f"no end of {names}"
        for party in around:
            if party.state == "dead" or (party.is_ours and party.state == "failed"):
                return HANG, f"no end of {names}, though {party.name} is {party.state}"
        if scene.broken is not None and first <= scene.broken + 1 and scene.broken <= index - 1:
            return HANG, f"no end of {names}, though hop {scene.broken} is broken"
        waits = FOREIGN_WAIT, f"{names}: waiting for a foreign node that lives"
    return waits

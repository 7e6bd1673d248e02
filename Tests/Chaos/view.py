"""What everybody says at the end of a fault, put into the words of the verdict."""

import grpc

import verdict

_STATES = {1: "open", 2: "well", 3: "failed"}


def of(plan, data, actors, statuses, hops, push, pull, pulled, broken):
    """The verdict's scene. `push` and `pull` are the tasks of the two calls, `statuses` the last answers
    of our nodes by their place, `pulled` the bytes of the pull."""
    last = len(plan.nodes)
    expected = [plan.size] * last + [len(plan.pulled(data))]
    said = [_said(hop) for hop in hops]
    pusher = verdict.Party("the pusher", *_ended(push))
    nodes = [_node(index, plan, actors[index], statuses.get(index)) for index in range(last)]
    state, error = _ended(pull)
    puller = verdict.Party(
        "the puller", state, error, got=len(pulled), believes=state == "well"
    )
    # Changed bytes are streamed on before the end tells of them: then there must be no end.
    is_other = _is_other(plan, data, nodes[-1], pulled)
    if plan.kind == "corrupt" and state != "well":
        is_other = False
    if plan.is_generated:
        # Nobody pushes, and nothing is awaited: an end of no bytes.
        expected[0], said[0] = 0, (0, True)
        nodes[0].got, nodes[0].believes = 0, True
    return verdict.Scene(
        [pusher, *nodes, puller], said, expected,
        awaits=plan.awaits and not plan.is_generated,
        is_other=is_other,
        broken=broken,
    )


def _ended(call):
    """(state, error)."""
    if not call.done():
        return "open", ""
    if call.cancelled():
        return "failed", "cancelled"
    error = call.exception()
    if error is None:
        return "well", ""
    text = error.details() if isinstance(error, grpc.aio.AioRpcError) else str(error)
    return "failed", text or repr(error)


def _node(index, plan, actor, status):
    party = verdict.Party(f"node {index} ({plan.nodes[index]})", "", is_ours=actor.is_ours)
    if not actor.is_alive:
        party.state = "dead"
    elif actor.is_ours:
        party.state = _STATES.get(status.state, "none") if status is not None else "none"
    if status is not None:
        party.error = status.error
        for port in status.inputs:
            party.got, party.believes = port.data, port.done
        for port in status.outputs:
            party.gave = port.data
    return party


def _said(hop):
    """Of the streams on a hop the one that came to its end, where there is one."""
    for said in hop.said:
        if said.done:
            return said.bytes, True
    return (hop.said[-1].bytes, False) if hop.said else None


def _is_other(plan, data, tail, pulled):
    """Whether what was pulled is no beginning of what had to come. The sum of a part is that of the part
    which its node has got: whether it should have got more, the verdict asks there."""
    if plan.nodes[-1] != "sum":
        return not data.startswith(pulled)
    if not tail.believes or tail.got > plan.size:
        return False
    return not plan.pulled(data[: tail.got]).startswith(pulled)

"""One fault from its start to its verdict: opens the chain, moves the data, and asks everybody how it
went."""

import asyncio
import signal

import grpc

import verdict
import view
import wire
from fault import Fault
from hop import Hop
from patience import ends, within
from stage import MARK

# Seconds. A chain with a foreign node may wait for it for ever: there we look sooner whether that is so.
LIMIT, FOREIGN_LIMIT, CALL_LIMIT = 60, 12, 60
TASK = "task"

_OPTIONS = [("grpc.max_receive_message_length", -1)]


class Scene:
    def __init__(self, plan, stage):
        self.plan, self.stage = plan, stage
        self.session = f"chaos-{plan.seed}"
        self.data = plan.data()
        self.actors, self.hops, self.channels = [], [], []
        self.pulled = bytearray()
        self.has_done = False
        self.statuses = {}

    async def play(self):
        """(outcome, reason, whether the fault came about)."""
        outcome = verdict.HANG
        try:
            await within(LIMIT * 2, self._open())
            outcome, reason = await self._run()
            if outcome == verdict.HANG:
                reason += "\n" + self._logs()
            elif not await self._quit():
                outcome, reason = verdict.HANG, "QuitSession did not return\n" + self._logs()
            elif outcome == verdict.SHORT:
                reason += "\n" + self._logs()
            return outcome, reason, self.fault.has_come
        finally:
            await self._close(outcome)

    # MARK: the chain

    async def _open(self):
        plan = self.plan
        self.actors = await asyncio.gather(*(self.stage.lease(kind) for kind in plan.nodes))
        for index in range(len(plan.nodes) + 1):
            from_client = index < plan.last_hop
            hop = Hop(self.actors[index if from_client else -1].address, from_client)
            await hop.open()
            self.hops.append(hop)
        self.fault = Fault(plan, self.actors, self.session)
        self.fault.arm(self.hops[plan.hop])
        # Sinks first, so that nobody forwards to a session that is not there yet.
        for index in reversed(range(len(plan.nodes))):
            await self._init(index)

    async def _init(self, index):
        parameters = [wire.Parameter(name=MARK, value=self.session)]
        request = wire.InitRequest(session_id=self.session)
        if self.plan.nodes[index] == "generate":
            parameters = [wire.Parameter(name="bytes", value=str(self.plan.size))]
        else:
            request.inputs.add()
        output = request.outputs.add()
        if index + 1 < len(self.plan.nodes):
            output.destination_url = f"mnp://{self.hops[index + 1].address}/{self.session}/0"
        actor = self.actors[index]
        if actor.is_ours and not self.plan.nodes[index].startswith("echo"):
            request.configuration.type_url = wire.CONFIGURATION_TYPE
            request.configuration.value = wire.Configuration(
                parameters=parameters
            ).SerializeToString()
        answers = [answer async for answer in actor.calls.Init(request)]
        if answers[-1].state != 3:
            raise AssertionError(f"{actor.kind} did not open: {answers[-1].error}")

    # MARK: the run

    def _channel(self, hop):
        channel = grpc.aio.insecure_channel(hop.address, options=_OPTIONS)
        self.channels.append(channel)
        return wire.Calls(channel)

    async def _run(self):
        plan = self.plan
        self.pull = asyncio.create_task(self._pull())
        self.push = asyncio.create_task(self._ensure() if plan.is_generated else self._push())
        watches = [
            asyncio.create_task(self._watch(index))
            for index, actor in enumerate(self.actors)
            if actor.is_ours
        ]
        calls = [self.push, self.pull]
        everybody = calls + watches
        has_ended = await ends(FOREIGN_LIMIT if plan.is_mixed else LIMIT, everybody)
        outcome, reason = self._judge()
        if not has_ended and outcome not in (verdict.FOREIGN_WAIT, verdict.FOREIGN_LOSS):
            # One deadline after the other may take longer than that; or it ended while we judged.
            has_ended = await ends(LIMIT, everybody)
            outcome, reason = self._judge()
        if not has_ended and outcome not in verdict.BUGS:
            # With the foreign nodes gone there is nobody left to wait for.
            for actor in self.actors:
                if not actor.is_ours:
                    actor.signal(signal.SIGKILL)
            if not await ends(LIMIT, everybody):
                outcome, reason = verdict.HANG, f"no end without foreign nodes; before: {reason}"
        for task in calls + watches:
            task.cancel()
        await asyncio.gather(*calls, *watches, *self.fault.later, return_exceptions=True)
        return outcome, reason

    async def _ensure(self):
        request = wire.QueryTaskRequest(session_id=self.session, task_id=TASK, ensure=True)
        await self.actors[0].calls.QueryTask(request)

    async def _push(self):
        async def requests():
            yield wire.PushRequest(session_id=self.session, task_id=TASK)
            for start in range(0, len(self.data), self.plan.piece):
                yield wire.PushRequest(data=self.data[start : start + self.plan.piece])
            yield wire.PushRequest(done=True)

        metadata = [("headrace", "1; features=await")] if self.plan.awaits else []
        await self._channel(self.hops[0]).Push(requests(), metadata=metadata)

    async def _pull(self):
        request = wire.PullRequest(session_id=self.session, task_id=TASK)
        async for response in self._channel(self.hops[-1]).Pull(request):
            if self.has_done:
                raise ValueError("a message after done")
            self.pulled += response.data
            self.has_done = response.done
        if not self.has_done:
            raise ValueError("the pull ended with OK and without done")

    async def _watch(self, index):
        """Asks a node of ours until its task has ended; a task that is not there when everybody else
        has ended will not come."""
        actor = self.actors[index]
        request = wire.QueryTaskRequest(session_id=self.session, task_id=TASK)
        pause = 0.02
        while actor.is_alive:
            calls_ended = self.push.done() and self.pull.done()
            try:
                status = await actor.calls.QueryTask(request)
            except grpc.RpcError:
                if not actor.is_alive:
                    return
                await asyncio.sleep(pause)
                continue
            self.statuses[index] = status
            if status.state in (2, 3) or (status.state == 0 and calls_ended):
                return
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, 0.5)

    def _judge(self):
        broken = self.plan.hop if self.fault.breaks_both_sides else None
        return verdict.judge(view.of(
            self.plan, self.data, self.actors, self.statuses, self.hops, self.push, self.pull,
            bytes(self.pulled), broken,
        ))

    def _logs(self):
        lines = [str(self.plan.describe())]
        for index, actor in enumerate(self.actors):
            lines.append(f"--- node {index}, {actor.kind}: {self.statuses.get(index)}")
            lines.append(actor.tail())
        return "\n".join(lines)

    # MARK: the end

    async def _quit(self):
        """Whether the nodes of ours that live end the session."""
        request = wire.QuitSessionRequest(session_id=self.session)
        quits = [
            asyncio.create_task(self._quit_one(actor, request))
            for actor in self.actors
            if actor.is_ours and actor.is_alive
        ]
        return not quits or await ends(CALL_LIMIT, quits)

    @staticmethod
    async def _quit_one(actor, request):
        await actor.calls.QuitSession(request)

    async def _close(self, outcome):
        for channel in self.channels:
            await channel.close()
        for hop in self.hops:
            await hop.close()
        for actor in self.actors:
            is_well = outcome != verdict.HANG and (actor.is_ours or outcome == verdict.COMPLETE)
            await self.stage.give_back(actor, is_well)

"""Works, who does them, and the rounds: all contestants of all works take turns."""

import dataclasses
import statistics
import sys
import typing

from processes import Broken, LIMIT, answer_of

GB = 1e9
OURS = "Headrace"
UNSUMMED = f"{OURS}, no checksums"


@dataclasses.dataclass
class Contestant:
    """`measure(seconds)` gives one sample, metric by name; `close()` ends what it keeps running."""

    name: str
    measure: typing.Callable
    close: typing.Callable = lambda: None


@dataclasses.dataclass
class Work:
    """What is compared. `metrics` are those that are shown, the one that decides first."""

    key: str
    title: str
    metrics: list
    contestants: list
    # Whether the first time is another one: of works that start all that they need, it is not.
    warms_up: bool = True
    # The rounds that it takes part in, at most: fewer for works that take minutes.
    rounds: int | None = None

    def takes_part(self, number, rounds):
        """Whether it does in this round of so many; those that it does are spread evenly."""
        if number == 0:
            return self.warms_up
        own = min(self.rounds or rounds, rounds)
        return (number - 1) * own // rounds != number * own // rounds


@dataclasses.dataclass
class Figure:
    median: float
    low: float
    high: float


@dataclasses.dataclass
class Result:
    """A contestant's figures, or the words of what broke."""

    samples: list = dataclasses.field(default_factory=list)
    error: str = ""

    def figure(self, metric):
        values = [sample[metric] for sample in self.samples if metric in sample]
        if self.error or not values:
            return None
        return Figure(statistics.median(values), min(values), max(values))


def throughput(bytes, seconds, cpu, messages=0):
    """The metrics of bytes that were moved; CPU seconds are those of all sides together."""
    sample = {"GB/s": bytes / GB / seconds, "CPU s/GB": cpu / (bytes / GB), "bytes": bytes}
    if messages:
        sample["M messages/s"] = messages / seconds / 1e6
    return sample


def latency(answer):
    """The percentiles that a native program says, in µs."""
    return {"p50 µs": answer["p50"], "p99 µs": answer["p99"], "max µs": answer["max"]}


def sent_through(servers, command, seconds, counted=None):
    """A sender that says bytes, seconds and its CPU, and the CPU of those behind it.

    Each count of bytes that a server in `counted` says must be the sender's.
    """
    before = sum(server.cpu() for server in servers)
    sent = answer_of(*command, limit=seconds + LIMIT)
    for server in counted or []:
        received = server.says()
        if (received["bytes"], received["messages"]) != (sent["bytes"], sent["messages"]):
            raise Broken(f"{server.command} received {received}, of {sent}")
    # A server's CPU is read after its answer, so that its last work is in it.
    cpu = sent["cpu"] + sum(server.cpu() for server in servers) - before
    return throughput(sent["bytes"], sent["seconds"], cpu, sent["messages"])


def run(works, rounds, seconds):
    """Results by work and contestant. A round before the first one warms up, and does not count."""
    results = {work.key: {each.name: Result() for each in work.contestants} for work in works}
    for number in range(rounds + 1):
        say(f"round {number} of {rounds}" if number else "warming up")
        for work in works:
            if not work.takes_part(number, rounds):
                continue
            # Turns move on, so that nobody always comes after the same one.
            turn = number % len(work.contestants)
            for each in work.contestants[turn:] + work.contestants[:turn]:
                result = results[work.key][each.name]
                if result.error:
                    continue
                try:
                    sample = each.measure(seconds)
                except Exception as error:
                    # Whatever went wrong: words in the table, and the others go on.
                    result.error = f"{type(error).__name__}: {error}" if not isinstance(
                        error, Broken) else str(error)
                    say(f"{work.key}, {each.name}: broke: {result.error}")
                    continue
                if number > 0:
                    result.samples.append(sample)
    return results


def say(text):
    print(f"compare: {text}", file=sys.stderr, flush=True)

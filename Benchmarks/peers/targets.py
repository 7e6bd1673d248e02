"""What ours has to reach, and whether it did in this run."""

from measure import OURS, UNSUMMED
from svg import short

HAND_OFF_SIZE = 1 << 30
NO_SUMS = "; ours without checksums"
# As nio.py calls it.
PIPES = f"{OURS}, the pipes alone"


class Results:
    """Medians of one run by work, contestant and metric; None where there is none.

    Of a name that ends in `*` it is the best of all that begin so: the cells of a grid.
    """

    def __init__(self, results):
        self.results = results

    def of(self, work, name, metric):
        medians = [figure.median for key, result in self.results.get(work, {}).items()
                   if key == name or (name.endswith("*") and key.startswith(name[:-1]))
                   if (figure := result.figure(metric))]
        if not medians:
            return None
        return max(medians) if metric in MORE_IS_BETTER else min(medians)

    def ours(self, work, metric):
        return self.of(work, OURS, metric)

    def ratio(self, work, name, metric, ours=OURS):
        """Ours to theirs."""
        ours, theirs = self.of(work, ours, metric), self.of(work, name, metric)
        return ours / theirs if ours and theirs else None


MORE_IS_BETTER = {"GB/s", "M messages/s"}
NOT_MEASURED = "not measured in this run"
# Where a target is a figure alone, and no bound of it.
STATED = "stated"


def _at_least(value, limit, unit="times"):
    return _judge(value, lambda it: it >= limit, unit)


def _at_most(value, limit, unit="times"):
    return _judge(value, lambda it: it <= limit, unit)


def _judge(value, good, unit):
    if value is None:
        return NOT_MEASURED, "–"
    return f"{short(value)} {unit}".strip(), "met" if good(value) else "**not met**"


def _stated(words, *values):
    """`words` with a `{}` for each value."""
    if None in values:
        return NOT_MEASURED, "–"
    return words.format(*map(short, values)), STATED


def table(results, settings):
    """[(work, target, measured, verdict)]: a line, or some, for each row of what it has to reach."""
    it = Results(results)

    def thousandth(value):
        return None if value is None else value / 1000

    rows = []

    def add(work, target, judged):
        rows.append((work, target, *judged))

    grpc, flight, python = "gRPC C++", "Arrow Flight", "Python node*"
    push = "push, one stream"
    for key, size in (("push-64K", "64 KiB"), ("push-1M", "1 MiB")):
        for ours, how in ((OURS, ""), (UNSUMMED, NO_SUMS)):
            add(push, f"at {size}: CPU per GB at most 1.25 times NIO's alone, best of the grid{how}",
                _at_most(it.ratio(key, "NIO alone*", "CPU s/GB", ours=ours), 1.25))
            add(push, f"at {size}: throughput at least 0.85 of NIO's alone, best of the grid{how}",
                _at_least(it.ratio(key, "NIO alone*", "GB/s", ours=ours), 0.85))
    add(push, "beside raw TCP in C, best of the grid, CPU per GB and throughput: stated",
        _stated("{} times and {} times", it.ratio("push-1M", "raw TCP*", "CPU s/GB"),
                it.ratio("push-1M", "raw TCP*", "GB/s")))
    add(push, "at least 2 times gRPC C++ at 64 KiB",
        _at_least(it.ratio("push-64K", grpc, "GB/s"), 2))
    add(push, "at least 1.3 times gRPC C++ at 1 MiB",
        _at_least(it.ratio("push-1M", grpc, "GB/s"), 1.3))
    add(push, "at least 1.8 times Arrow Flight at 1 MiB",
        _at_least(it.ratio("push-1M", flight, "GB/s"), 1.8))
    add(push, "at least 1.2 times Arrow Flight at 16 MiB",
        _at_least(it.ratio("push-16M", flight, "GB/s"), 1.2))
    add("through one echo node", "at least 0.6 of the raw relay",
        _at_least(it.ratio("echo-1", "raw relay", "GB/s"), 0.6))
    add("through one echo node", "at least 12 times the Python node",
        _at_least(it.ratio("echo-1", python, "GB/s"), 12))
    for ours, how in ((OURS, ""), (UNSUMMED, NO_SUMS)):
        add("chain of 3 echo nodes", f"at least 0.65 of three raw relays{how}",
            _at_least(it.ratio("echo-3", "3 raw relays", "GB/s", ours=ours), 0.65))
    add("chain of 3 echo nodes", "at least 20 times the Python chain",
        _at_least(it.ratio("echo-3", python, "GB/s"), 20))
    add("through `cat`", "generate, `cat`, discard in one node (the pipes alone): at least 0.6 of "
        "`cat` between two pipes of 1 MiB",
        _at_least(it.ratio("cat", "cat between*", "GB/s", ours=PIPES), 0.6))
    add("through `cat`", "push, `cat`, pull: at least 0.35 of it (measured with the ends in nodes "
        "of their own)", _at_least(it.ratio("cat", "cat between*", "GB/s"), 0.35))
    add("messages of 100 bytes", "at least 5 million/s",
        _at_least(it.ours("small", "M messages/s"), 5, "million/s"))
    add("messages of 100 bytes", "each still leaves with the next flush",
        ("no figure: `smallRecordsAreNotHeldBack` in Tests/NodeTests/PortTests.swift", "tested"))
    add("About, p50", "at most that of gRPC C++",
        _at_most(it.ratio("about", grpc, "p50 µs"), 1))
    add("first byte through 3 echo nodes, p50", "warm: at most 0.3 ms",
        _at_most(thousandth(it.ours("first-3", "p50 µs")), 0.3, "ms"))
    add("first byte through 3 echo nodes, p50", "cold: stated",
        _stated("{} ms", thousandth(it.of("first-3", f"{OURS}, cold", "p50 µs"))))
    add("record of 100 bytes through 3 nodes with `cat`, p50", "at most 0.5 ms",
        _at_most(thousandth(it.ours("record-3", "p50 µs")), 0.5, "ms"))
    add("stopped consumer, 1 GiB pushed", "a node grows by at most the window (4.2 MB) and 8 MiB, "
        "and all bytes come when it goes on",
        _at_most(it.ours("stopped", "grown MB"), 4.2 + 8.4, "MB"))
    add("idle node", "own memory (RssAnon) at most 6 MB",
        _at_most(it.ours("idle", "own MB"), 6, "MB"))
    add("idle node", "resident at most 32 MB", _at_most(it.ours("idle", "resident MB"), 32, "MB"))
    add("idle node", "start to first answer at most 40 ms",
        _at_most(it.ours("idle", "start ms"), 40, "ms"))
    add("1,000 idle tasks", "memory stated",
        _stated("{} KB a task", it.ours("tasks", "KB a task")))
    add("200 streams of 5 MB/s on one connection", "the slowest at least 0.5 of the mean",
        _at_least(it.ours("streams", "slowest of mean"), 0.5, "of the mean"))
    add("200 streams of 5 MB/s on one connection", "memory stated",
        _stated("grown by {} MB", it.ours("streams", "grown MB")))
    size = settings["hand_off_size"]
    # A smaller input would be another work: it is compared, and no verdict on the target.
    whole = size >= HAND_OFF_SIZE
    stages = f"8 throttled stages, {size >> 20} MiB"
    for target, judged in (
            ("last result in at most 0.25 of the time through files",
             _at_most(it.ratio("hand-off-throttled-8", "through files*", "last s"), 0.25)),
            ("first result before 2 % of the input is read",
             _at_most(it.ours("hand-off-throttled-8", "read %"), 2, "%"))):
        measured, verdict = judged
        add(stages, target,
            judged if whole or measured == NOT_MEASURED
            else (measured, f"{verdict}, at a size that is not the target's 1024 MiB"))
    add(f"8 stages of `cat`, {size >> 20} MiB", "stated",
        _stated("last result in {} of the time through files, first after {} % of the input",
                it.ratio("hand-off-cat-8", "through files*", "last s"),
                it.ours("hand-off-cat-8", "read %")))
    return rows

"""What ours has to reach, and whether it did in this run."""

from measure import OURS
from svg import short


class Results:
    """Medians of one run by work, contestant and metric; None where there is none."""

    def __init__(self, results):
        self.results = results

    def of(self, work, name, metric):
        for key, result in self.results.get(work, {}).items():
            if key == name or (name.endswith("*") and key.startswith(name[:-1])):
                figure = result.figure(metric)
                return figure.median if figure else None
        return None

    def ours(self, work, metric):
        return self.of(work, OURS, metric)

    def ratio(self, work, name, metric):
        """Ours to theirs."""
        ours, theirs = self.ours(work, metric), self.of(work, name, metric)
        return ours / theirs if ours and theirs else None


NOT_MEASURED = "not measured in this run"


def _at_least(value, limit, unit="times"):
    return _judge(value, lambda it: it >= limit, unit)


def _at_most(value, limit, unit="times"):
    return _judge(value, lambda it: it <= limit, unit)


def _judge(value, good, unit):
    if value is None:
        return NOT_MEASURED, "–"
    return f"{short(value)} {unit}".strip(), "met" if good(value) else "**not met**"


def table(results):
    """[(work, target, measured, verdict)]"""
    it = Results(results)

    def thousandth(value):
        return None if value is None else value / 1000

    rows = []

    def add(work, target, judged):
        rows.append((work, target, *judged))

    grpc, flight, python = "gRPC C++", "Arrow Flight", "Python node*"
    push = "push, one stream"
    add(push, "CPU per GB at most 1.25 times raw TCP's, best of the grid (in plain C here; the "
        "target names NIO's, which this run does not measure)",
        _at_most(it.ratio("push-1M", "raw TCP*", "CPU s/GB"), 1.25))
    add(push, "throughput at least 0.85 of raw TCP's",
        _at_least(it.ratio("push-1M", "raw TCP*", "GB/s"), 0.85))
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
    add("chain of 3 echo nodes", "at least 0.65 of three raw relays",
        _at_least(it.ratio("echo-3", "3 raw relays", "GB/s"), 0.65))
    add("chain of 3 echo nodes", "at least 20 times the Python chain",
        _at_least(it.ratio("echo-3", python, "GB/s"), 20))
    add("through `cat`", "generate, `cat`, discard in one node: at least 0.6 of `cat` between two "
        "pipes", (NOT_MEASURED, "–"))
    add("through `cat`", "push, `cat`, pull: at least 0.35 of it (measured with the ends in nodes "
        "of their own)", _at_least(it.ratio("cat", "cat between*", "GB/s"), 0.35))
    add("messages of 100 bytes", "at least 5 million/s",
        _at_least(it.ours("small", "M messages/s"), 5, "million/s"))
    add("About, p50", "at most that of gRPC C++",
        _at_most(it.ratio("about", grpc, "p50 µs"), 1))
    add("first byte through 3 echo nodes, warm, p50", "at most 0.3 ms",
        _at_most(thousandth(it.ours("first-3", "p50 µs")), 0.3, "ms"))
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
    add("200 streams of 5 MB/s on one connection", "the slowest at least 0.5 of the mean",
        _at_least(it.ours("streams", "slowest of mean"), 0.5, "of the mean"))
    add("8 throttled stages", "last result in at most 0.25 of the time through files",
        _at_most(it.ratio("hand-off-throttled-8", "through files*", "last s"), 0.25))
    add("8 throttled stages", "first result before 2 % of the input is read",
        _at_most(it.ours("hand-off-throttled-8", "read %"), 2, "%"))
    return rows

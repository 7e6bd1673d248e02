"""docs/performance.md and its plots: every figure from one run, and what notes.md says of them."""

import glob
import os
import platform
import subprocess

import notes
import targets
from nodes import headrace
from report import markdown
from svg import bars, short

SECTIONS = [
    ("Bytes in one direction", ["push-64K", "push-1M", "push-16M", "packed-64K", "packed-1M"]),
    ("Small messages", ["small"]),
    ("Through nodes", ["echo-1", "echo-3"]),
    ("Through a program", ["cat"]),
    ("Latency", ["about", "first-3", "record-3"]),
    ("System calls", ["calls"]),
    ("Memory, starts, fairness", ["idle", "stopped", "tasks", "streams"]),
    ("The hand-off that streaming replaces", [
        f"hand-off-{kind}-{count}" for kind in ("throttled", "cat") for count in (3, 5, 8)]),
]

PLOTS = [
    ("performance-throughput.svg", "Throughput", "GB/s",
     ["push-64K", "push-1M", "push-16M", "echo-1", "echo-3", "cat"]),
    ("performance-cpu.svg", "CPU seconds for each GB, all processes", "CPU s/GB",
     ["push-64K", "push-1M", "push-16M", "echo-1", "echo-3", "cat"]),
    ("performance-messages.svg", "Messages of 100 bytes", "M messages/s", ["small"]),
    ("performance-latency.svg", "Latency, median", "p50 µs", ["about", "first-3", "record-3"]),
    ("performance-hand-off.svg", "Time to the last result", "last s",
     [f"hand-off-{kind}-{count}" for kind in ("throttled", "cat") for count in (3, 5, 8)]),
]

# As a sentence says them.
UNITS = {"GB/s": "GB/s", "CPU s/GB": "CPU seconds for each GB", "M messages/s": "million a second",
         "p50 µs": "µs at the median", "calls a MB": "for each MB", "first s": "s", "last s": "s"}

ENERGY = {False: "this machine has no counter of joules that can be read (RAPL): none are stated",
          True: "`headrace bench` states joules on this machine; here CPU seconds stand for them"}

# Above this load before a run, others' work is in its figures.
QUIET = 0.3

HOW = """\
All contestants of all works take turns within each round, in an order that moves on from round to round; a
round before the first one warms up and does not count. Each figure is `median [lowest .. highest]` of the
rounds, and a ratio is one of medians. GB are 10^9 bytes. CPU is user and system time of **all** processes that
take part, sender, receiver and what is between them. In every single measurement the receiver counts, and a count
that is not the sender's is an error in the table in place of a number.

| Contestant | What it is |
|---|---|
| Headrace, push | two nodes, `generate` forwards to `discard`: both sides are ours. Its messages have the size that it gives them (at most 1 MiB), so that the row is of the same work at each size of the peers' messages |
| Headrace, no checksums | the same with `--no-checksums`, for what the sums of guarantee 7 cost, and beside those who do not sum what they move |
| Headrace, 100 bytes, and from the packer | one node with `discard`; the sender is a C program of the benchmarks, which packs PushRequests of that size into DATA frames as the windows allow |
| Headrace, Python: through nodes | `generate`, the nodes, `discard`: both ends are ours for both, and each node forwards to the next. Seconds from the start of the task to the sink's TS_FINISHED, by a client on grpcio that asks every 4 ms |
| NIO alone | TCP over SwiftNIO, which our transport is built on, with nothing on it: `headrace bench-peer`, one event loop a side, the same that `headrace bench` measures as its limit. Each of 64 KiB, 256 KiB and 1 MiB for writes with each for reads; shown are the one with the most GB/s and the one with the least CPU by their medians, and a target is judged by the better one of its own metric |
| raw TCP | plain C, blocking, one thread a side; grid and choice as for NIO |
| raw relay | plain C, reads up to 1 MiB before it writes |
| iperf3 | one stream, writes of the messages' size; it stops counting when its time is over, so that what the sockets still hold is not in its count |
| gRPC C++ | Debian's, our own client and server by the synchronous interface, client-streaming Push of the same .proto; with the buffer hint where that is said |
| Arrow Flight | pyarrow, DoPut of record batches with one uint8 column of the messages' size |
| ZeroMQ | libzmq in C, PUSH to PULL over TCP, queues of about 64 MiB |
| Python node | the reference, mnp 0.4.0, with a handler that copies |
| latencies | About, first byte and record: one gRPC C++ client for everybody, whose own cost is in each figure; raw ones in C. The reference holds small data back until the push has ended, so that a first byte is pushed with its end |
| Headrace, the pipes alone | `headrace bench-peer --pump cat`: one process writes to the pipe of `cat` and reads from the other as a node does, by the same code and on one event loop, with `generate` and `discard` in that process and no wire. A node has one operator, so that no wiring of nodes does just this |
| system calls | of all threads of both sides, counted by the kernel (perf, the tracepoint raw_syscalls:sys_enter), so that nobody is stopped at a call; MB are 10^6 bytes. The start of a sender that is a program by itself counts |
| through files | `headrace run --hand-off` of the same pipeline: every stage ends before the next one starts. From the start of the command to the first and the last byte on its standard output; `read %` is how much of the input was read when the first byte came out |
"""


def machine(hand_off_folder):
    with open("/proc/cpuinfo") as lines:
        models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    kind = subprocess.run(["stat", "--file-system", "--format=%T", hand_off_folder],
                          capture_output=True, text=True).stdout.strip()
    version = subprocess.run([headrace(), "--version"], capture_output=True, text=True).stdout.strip()
    return {"cpu": models[0] if models else platform.machine(), "cores": os.cpu_count(),
            "kernel": platform.release(), "hand_off_files": kind, "headrace": version,
            # As Sources/Bench/Lab/Energy.swift looks for it.
            "energy": bool(glob.glob("/sys/class/powercap/intel-rapl:*/energy_uj")),
            "load_before": os.getloadavg()[0]}


def write(path, settings, works, results, rows):
    images = path.parent / "images"
    images.mkdir(parents=True, exist_ok=True)
    by_key = {work.key: work for work in works}
    plots = {}
    for file, title, metric, keys in PLOTS:
        groups = [(by_key[key].title.replace("`", ""), _bars(rows, key, metric))
                  for key in keys if key in by_key]
        (images / file).write_text(bars(title, metric, groups))
        plots[keys[0]] = plots.get(keys[0], []) + [(file, title)]
    lines = [
        "# Performance", "",
        "<!-- Written whole by Benchmarks/compare, from one run and from Benchmarks/notes.md: edit that. -->", "",
        f"Headrace {settings['headrace']} and its peers, in one run of {settings['rounds']} interleaved "
        f"rounds of {short(settings['seconds'])} s a measurement, on {settings['started']}.", "",
        "| | |", "|---|---|",
        f"| CPU | {settings['cpu']}, {settings['cores']} cores |",
        f"| Kernel | Linux {settings['kernel']}, loopback |",
        f"| Load | {settings['load_before']:.2f} in the minute before the run, "
        f"{settings['load_after']:.2f} at its end, itself included |",
        f"| Staged pipelines | input of {settings['hand_off_size'] >> 20} MiB, files on "
        f"{settings['hand_off_files']} |",
        f"| Energy | {ENERGY[settings.get('energy', False)]} |", "",
        *([f"The machine was **not quiet**: others' work shared its cores, which the spread shows. "
           "Such figures compare within the run, and are no limits of the machine.", ""]
          if settings["load_before"] > QUIET else []),
        "To repeat it: `swift build -c release --product headrace`, then `Benchmarks/compare`.", "",
        "## What these numbers say", "", *_sentences(targets.Results(results)), "",
        "## What it has to reach", "",
        "| Work | Target | Measured | |", "|---|---|---|---|",
        *(f"| {' | '.join(row)} |" for row in targets.table(results, settings)), "",
        "## Where the time goes", "", notes.text(targets.Results(results)), ""]
    for heading, keys in SECTIONS:
        if not any(key in by_key for key in keys):
            continue
        lines += [f"## {heading}", ""]
        for key in keys:
            lines += [line for file, title in plots.get(key, [])
                      for line in (f"![{title}](images/{file})", "")]
        for key in keys:
            if key in by_key:
                lines += [f"### {by_key[key].title[0].upper()}{by_key[key].title[1:]}"
                          f"{_rounds(results[key], settings)}", "", markdown(by_key[key], rows), ""]
    lines += ["## How it was measured", "", HOW]
    path.write_text("\n".join(lines))


def _rounds(results, settings):
    """How many there were, where that are not all."""
    most = max((len(result.samples) for result in results.values()), default=0)
    return "" if most == settings["rounds"] else f" ({most} rounds)"


def _bars(rows, key, metric):
    return [(row.name, figure.median, figure.low, figure.high, row.is_ours)
            for row in rows if row.work == key and (figure := row.figures.get(metric))]


def _sentences(it):
    """One for each comparison that this run has; the words follow the figures."""
    said = []

    def compare(work, name, metric, subject, smaller_is_better=False):
        ratio, ours, theirs = it.ratio(work, name, metric), it.ours(work, metric), it.of(
            work, name, metric)
        if ratio is None:
            return
        # In the direction in which it is a large number.
        word = "less" if smaller_is_better and ratio <= 1 else "as much"
        times = 1 / ratio if smaller_is_better and ratio <= 1 else ratio
        said.append(f"- {subject}: {short(ours)} {UNITS[metric]}, {_plain(name)} "
                    f"{short(theirs)}: {short(times)} times {word}.")

    for anchor in ("NIO alone*", "raw TCP*"):
        compare("push-1M", anchor, "GB/s", "Bytes in one direction")
        compare("push-1M", anchor, "CPU s/GB", "What they cost", True)
    for size in ("64K", "1M"):
        compare(f"push-{size}", "gRPC C++", "GB/s", f"Messages of {size[:-1]} {size[-1]}iB")
        compare(f"push-{size}", "gRPC C++", "CPU s/GB", f"Messages of {size[:-1]} {size[-1]}iB", True)
    for size in ("64K", "1M", "16M"):
        compare(f"push-{size}", "Arrow Flight", "GB/s", f"Messages of {size[:-1]} {size[-1]}iB")
    compare("small", "gRPC C++, buffer hint", "M messages/s", "Messages of 100 bytes")
    compare("small", "ZeroMQ", "M messages/s", "Messages of 100 bytes")
    compare("echo-1", "Python node*", "GB/s", "Through one echo node")
    compare("echo-1", "raw relay", "GB/s", "Through one echo node")
    compare("echo-3", "Python node*", "GB/s", "Through three echo nodes")
    compare("echo-3", "3 raw relays", "GB/s", "Through three echo nodes")
    compare("cat", "cat between*", "GB/s", "Through a program's pipes, three nodes")
    compare("calls", "gRPC C++, 64 KiB", "calls a MB", "System calls of both sides", True)
    compare("about", "gRPC C++", "p50 µs", "A unary call", True)
    compare("first-3", "Python nodes*", "p50 µs", "First byte through three echo nodes", True)
    for kind, words in (("throttled", "throttled stages"), ("cat", "stages of `cat`")):
        for count in (3, 5, 8):
            for metric, result in (("first s", "first"), ("last s", "last")):
                compare(f"hand-off-{kind}-{count}", "through files*", metric,
                        f"{count} {words}, {result} result", True)
    return said


def _plain(name):
    return {"raw TCP*": "raw TCP in C", "NIO alone*": "NIO alone", "Python node*": "the Python node",
            "Python nodes*": "the Python nodes", "raw relay": "a raw relay in C",
            "3 raw relays": "three raw relays in C", "cat between*": "`cat` alone between two pipes",
            "through files*": "through files"}.get(name, name)

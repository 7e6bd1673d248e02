"""Headrace and its peers, side by side, in one interleaved run. See Benchmarks/README.md."""

import argparse
import json
import os
import pathlib
import time

import bounds
import calls
import flight
import grpc_cpp
import hand_off
import iperf
import nio
import nodes
import ours
import page
import raw
import reference
import report
import zeromq
from measure import Work, run, say
from processes import ROOT, stop_all

THROUGHPUT = ["GB/s", "CPU s/GB"]
LATENCY = ["p50 µs", "p99 µs", "max µs"]


def arguments():
    parser = argparse.ArgumentParser(prog="Benchmarks/compare", description=__doc__)
    parser.add_argument("--rounds", type=int, default=7,
                        help="that count; one before them warms up. Staged pipelines take part in 2 or 3")
    parser.add_argument("--seconds", type=float, default=1, help="of each measurement")
    parser.add_argument("--only", action="append", metavar="KEY",
                        help="works whose key starts so; may be repeated; writes no page")
    parser.add_argument("--hand-off-size", type=_size, default=1 << 30, metavar="BYTES",
                        help="input of the staged pipelines, as 256M; 1G by default")
    parser.add_argument("--hand-off-folder", default="/var/tmp", metavar="FOLDER",
                        help="where stages hand over their files; /var/tmp by default")
    parser.add_argument("--json", metavar="FILE", help="every sample of the run")
    parser.add_argument("--from", dest="old", metavar="FILE",
                        help="measures nothing: writes table and page of a run's --json again")
    parser.add_argument("--page", metavar="FILE", default=ROOT / "docs/performance.md",
                        help="docs/performance.md by default; plots go to images/ beside it")
    return parser.parse_args()


def _size(text):
    units = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}
    return int(text[:-1]) * units[text[-1].upper()] if text[-1].upper() in units else int(text)


def makers(options):
    """Each work by its key, made when it is wanted: making starts its servers."""
    server = None

    def grpc_server():
        nonlocal server
        server = server or grpc_cpp.Server()
        return server

    def push(key, size, *more):
        title = f"push of {raw.name_of(size)}, one stream"
        return lambda: Work(key, title, THROUGHPUT, flattened([ours.push, *more]))

    def flattened(makers):
        """A maker makes one contestant, or a grid of them."""
        made = [make() for make in makers]
        return [one for each in made for one in (each if isinstance(each, list) else [each])]

    def packed(key, size):
        return lambda: Work(
            key, f"{raw.name_of(size)} messages from the packer in C to one node", THROUGHPUT,
            [ours.packed(size)])

    made = {
        "push-64K": push("push-64K", 1 << 16, lambda: grpc_server().push(1 << 16),
                         lambda: flight.push(1 << 16), lambda: zeromq.push(1 << 16),
                         lambda: iperf.push(1 << 16), nio.tcp),
        "push-1M": push("push-1M", 1 << 20, lambda: grpc_server().push(1 << 20),
                        lambda: flight.push(1 << 20), lambda: zeromq.push(1 << 20),
                        lambda: iperf.push(1 << 20), nio.tcp, raw.tcp),
        "push-16M": push("push-16M", 1 << 24, lambda: flight.push(1 << 24)),
        "packed-64K": packed("packed-64K", 1 << 16),
        "packed-1M": packed("packed-1M", 1 << 20),
        "small": lambda: Work("small", "messages of 100 bytes, one stream",
                              ["M messages/s", *THROUGHPUT], [
            ours.packed(100), grpc_server().push(100, hint=True), grpc_server().push(100),
            zeromq.push(100)]),
        "echo-1": lambda: Work("echo-1", "through one node that echoes", THROUGHPUT, [
            *ours.echo(1), raw.relays(1), reference.echo(1)]),
        "echo-3": lambda: Work("echo-3", "through a chain of 3 nodes that echo", THROUGHPUT, [
            *ours.echo(3), raw.relays(3), reference.echo(3)]),
        "cat": lambda: Work("cat", "through `cat`", THROUGHPUT, [ours.cat(), nio.pump(), raw.pipes()]),
        "about": lambda: Work("about", "a unary call on an open connection", LATENCY, [
            ours.about_latency(), grpc_server().about(), reference.about_latency(),
            raw.round_trip()]),
        "first-3": lambda: Work("first-3", "first byte through 3 echo nodes, warm", LATENCY, [
            ours.first_byte(3), ours.first_byte_cold(3), reference.first_byte(3)]),
        "record-3": lambda: Work("record-3", "a record of 100 bytes through 3 nodes with `cat`",
                                 LATENCY, [ours.records(3), raw.records(3)]),
        "idle": lambda: Work("idle", "an idle node", ["start ms", "own MB", "resident MB"],
                             [ours.idle()]),
        "stopped": lambda: Work("stopped", "a consumer that stops, 1 GiB pushed",
                                ["grown MB", "stalled at MB"], [bounds.stopped_consumer()], warms_up=False),
        "tasks": lambda: Work("tasks", "1,000 idle tasks", ["KB a task"], [bounds.idle_tasks()],
                              warms_up=False),
        "streams": lambda: Work("streams", "200 streams of 5 MB/s on one connection",
                                ["slowest of mean", "MB/s each", "grown MB"],
                                [bounds.many_streams()], warms_up=False),
    }
    if calls.can_be_counted():
        made["calls"] = lambda: Work(
            "calls", "system calls of both sides for each MB", [calls.METRIC],
            [calls.ours(), calls.grpc(grpc_server(), 1 << 16), calls.grpc(grpc_server(), 1 << 20),
             calls.tcp(1 << 16)], rounds=3)
    for work in hand_off.works(options.hand_off_size, [3, 5, 8], options.hand_off_folder):
        made[work.key] = lambda work=work: work
    return made


def main():
    options = arguments()
    if options.old:
        return show(options, *report.from_json(json.loads(pathlib.Path(options.old).read_text())))
    nodes.headrace()
    wanted = {key: make for key, make in makers(options).items()
              if not options.only or any(key.startswith(only) for only in options.only)}
    if not wanted:
        raise SystemExit(f"compare: no work is called {', '.join(options.only)}")
    works = []
    settings = {"rounds": options.rounds, "seconds": options.seconds,
                "hand_off_size": options.hand_off_size, **page.machine(options.hand_off_folder),
                "started": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime())}
    started = time.monotonic()
    try:
        works += [make() for make in wanted.values()]
        results = run(works, options.rounds, options.seconds)
    finally:
        for work in works:
            for each in work.contestants:
                each.close()
        stop_all()
    settings["minutes"] = (time.monotonic() - started) / 60
    settings["load_after"] = os.getloadavg()[0]
    if options.json:
        pathlib.Path(options.json).write_text(
            json.dumps(report.as_json(settings, works, results), indent=1))
    show(options, settings, works, results)


def show(options, settings, works, results):
    """The table and the page; ends with an error where something broke."""
    results = {key: raw.best(of_work) for key, of_work in results.items()}
    rows = report.rows(works, results)
    print(report.text(works, rows))
    if options.only:
        say("no page is written of a part of the works")
    else:
        page.write(pathlib.Path(options.page), settings, works, results, rows)
    broken = [row for row in rows if row.error]
    raise SystemExit(f"compare: {len(broken)} of {len(rows)} broke, see above" if broken else 0)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        raise SystemExit(130) from None

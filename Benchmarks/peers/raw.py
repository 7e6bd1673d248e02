"""Raw TCP, raw relays and raw pipes: the limits of this machine, by programs of ours in C."""

import subprocess

from measure import Contestant, latency, sent_through, throughput
from processes import Child, NATIVE, answer_of

PROGRAM = NATIVE / "raw"
GRID = [65536, 262144, 1048576]
PINGS = 3000


class Relays:
    """A receiver and relays in front of it; `tcp_port` is that of the first."""

    def __init__(self, count):
        self.receiver = Child(PROGRAM, "receive", GRID[0])
        self.all = [self.receiver]
        self.tcp_port = self.receiver.says()["listening"]
        for _ in range(count):
            self.all.append(Child(PROGRAM, "relay", self.tcp_port))
            self.tcp_port = self.all[-1].says()["listening"]

    def close(self):
        for each in reversed(self.all):
            each.stop()


def name_of(size):
    return f"{size >> 20} MiB" if size >= 1 << 20 else f"{size >> 10} KiB" if size >= 1024 else f"{size} B"


def tcp():
    """Each cell of the grid is a contestant; the report takes the best one by its median."""
    contestants = []
    for read_size in GRID:
        receiver = Child(PROGRAM, "receive", read_size)
        tcp_port = receiver.says()["listening"]
        for write_size in GRID:
            def measure(seconds, receiver=receiver, tcp_port=tcp_port, write_size=write_size):
                # Nine cells share the time of about three contestants.
                command = [PROGRAM, "send", tcp_port, write_size, seconds / 3]
                return sent_through([receiver], command, seconds, counted=[receiver])
            name = f"raw TCP, writes {name_of(write_size)}, reads {name_of(read_size)}"
            contestants.append(Contestant(name, measure, receiver.stop))
    return contestants


def relays(count):
    chain = Relays(count)

    def measure(seconds):
        command = [PROGRAM, "send", chain.tcp_port, GRID[1], seconds]
        return sent_through(chain.all, command, seconds, counted=[chain.receiver])

    return Contestant("raw relay" if count == 1 else f"{count} raw relays", measure, chain.close)


def pipes():
    def measure(seconds):
        sent = answer_of(PROGRAM, "cat", seconds)
        return throughput(sent["bytes"], sent["seconds"], sent["cpu"])

    return Contestant("cat between pipes of 1 MiB", measure)


def round_trip():
    server = Child(PROGRAM, "pong")
    tcp_port = server.says()["listening"]
    return Contestant("raw TCP, 1 byte there and back",
                      lambda _: latency(answer_of(PROGRAM, "ping", tcp_port, PINGS)), server.stop)


def records(count):
    """Records of 100 bytes through so many relays; they last for one measurement."""
    def measure(_):
        probe = Child(PROGRAM, "record", PINGS, stdin=subprocess.PIPE)
        running = [probe]
        try:
            tcp_port = probe.says()["listening"]
            for _ in range(count):
                running.append(Child(PROGRAM, "relay", tcp_port))
                tcp_port = running[-1].says()["listening"]
            probe.popen.stdin.write(b"%d\n" % tcp_port)
            probe.popen.stdin.flush()
            answer = probe.says()
            probe.ends_well()
            return latency(answer)
        finally:
            for each in reversed(running):
                each.stop()

    return Contestant(f"{count} raw relays", measure)


def best(results):
    """Each grid's best cell in place of all of them: the one with the most GB/s, and, where that is
    another one, the one with the least CPU."""
    for family in sorted({name.partition(", writes")[0] for name in results if ", writes" in name}):
        cells = {name: result for name, result in results.items() if name.startswith(family + ", writes")}
        good = {name: result for name, result in cells.items() if not result.error and result.samples}
        # Where all of them broke, the first says how.
        kept = {max(good, key=lambda name: good[name].figure("GB/s").median),
                min(good, key=lambda name: good[name].figure("CPU s/GB").median)} if good else [*cells][:1]
        results = {name: result for name, result in results.items()
                   if name not in cells or name in kept}
    return results

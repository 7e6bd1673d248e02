"""Drops the connections between nodes again and again, and sees that nothing is lost and nothing comes twice.

Standard library only; scripts/resume runs it. Each task pushes random bytes through a chain of echo nodes. Every
hop goes through a proxy of this process, which breaks each connection after a random number of bytes, half of
the time by a reset and half by an end. The seed decides the numbers; when a break comes within a message is up
to the machine.
"""

import argparse
import collections
import hashlib
import json
import os
import pathlib
import random
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

HEADRACE = str(pathlib.Path(os.environ.get("HEADRACE", ".build/release/headrace")).resolve())
LIMIT = 300  # seconds for one task: one that takes longer hangs


class Proxy:
    """Carries connections to one TCP port of loopback, and breaks each after `next_cut()` bytes."""

    def __init__(self, target, next_cut, rng):
        self.target, self.next_cut, self.rng = target, next_cut, rng
        self.cuts = collections.Counter()
        self.bytes_forth = 0
        self.lock = threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            try:
                node = socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                client.close()
                continue
            with self.lock:
                left, kind = [self.next_cut()], self.rng.choice(["reset", "end"])
            pair = (client, node, left, kind, threading.Lock())
            threading.Thread(target=self.pump, args=(client, node, True, *pair[2:]), daemon=True).start()
            threading.Thread(target=self.pump, args=(node, client, False, *pair[2:]), daemon=True).start()

    def pump(self, source, sink, forth, left, kind, lock):
        buffer = memoryview(bytearray(65536))
        try:
            while count := source.recv_into(buffer):
                with lock:
                    allowed = min(count, left[0])
                    left[0] -= allowed
                    is_cut = allowed < count and left[0] == 0
                sink.sendall(buffer[:allowed])
                if forth:
                    self.bytes_forth += allowed
                if is_cut:
                    self.cut(source, sink, left, kind, lock)
                    return
        except OSError:
            pass
        for end in (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def cut(self, source, sink, left, kind, lock):
        with lock:
            first, left[0] = left[0] >= 0, -1
        if first:
            with self.lock:
                self.cuts[kind] += 1
        for end in (source, sink):
            try:
                if kind == "reset":
                    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    end.close()
                else:
                    end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def close(self):
        self.listener.close()


class Chain:
    """Echo nodes, each forwarding to the next through a proxy; pushed to through one as well."""

    def __init__(self, length, next_cut, rng, arguments):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="headrace-resume-"))
        self.log = open(self.folder / "log", "w+b")
        self.nodes, self.proxies = [], []
        self.arguments = arguments
        try:
            self.start(length, next_cut, rng)
        except BaseException:
            self.close()
            raise

    def start(self, length, next_cut, rng):
        onward = []
        for number in reversed(range(length)):
            address = self.folder / f"node{number}"
            self.nodes.append(subprocess.Popen(
                [HEADRACE, "serve", "--builtin", "echo", "--name", f"node{number}", "--listen", "127.0.0.1:0",
                 "--address-file", str(address), *self.arguments],
                stdout=self.log, stderr=self.log))
            deadline = time.monotonic() + 60
            while not address.exists():
                if time.monotonic() > deadline or self.nodes[-1].poll() is not None:
                    raise SystemExit(f"node{number} did not start")
                time.sleep(0.01)
            url = address.read_text().strip()
            if number == length - 1:
                self.last = url
            subprocess.run(
                [HEADRACE, "init", f"{url}/s", "--input", "", "--output", *(onward or [""])],
                check=True, stdout=self.log, stderr=self.log)
            proxy = Proxy(int(url.rsplit(":", 1)[1]), next_cut, rng)
            self.proxies.append(proxy)
            onward = [f"=>mnp://127.0.0.1:{proxy.port}/s/0"]
        self.first = f"mnp://127.0.0.1:{self.proxies[-1].port}"

    def run(self, task, data):
        """Pushes and pulls; returns the exit codes, the digest of what came, and what was said."""
        came = self.folder / "came"
        came.unlink(missing_ok=True)
        said = open(self.folder / "said", "w+b")
        pull = subprocess.Popen(
            [HEADRACE, "pull", f"{self.last}/s/0", "--task", task, "--output", str(came)],
            stdout=self.log, stderr=said)
        push = subprocess.Popen(
            [HEADRACE, "push", f"{self.first}/s/0", "--task", task, str(data), *self.arguments],
            stdout=self.log, stderr=said)
        codes = []
        for process in (push, pull):
            try:
                codes.append(process.wait(LIMIT))
            except subprocess.TimeoutExpired:
                codes.append(None)
            # A pull whose push has failed would wait for one that comes again.
            if codes[0] != 0 and process is push:
                try:
                    codes.append(pull.wait(10))
                except subprocess.TimeoutExpired:
                    pull.terminate()
                    codes.append(pull.wait())
                break
        for process in (push, pull):
            if process.poll() is None:
                process.kill()
                process.wait()
        said.seek(0)
        digest = digest_of(came) if codes[-1] == 0 else None
        return codes, digest, said.read().decode(errors="replace")

    @property
    def cuts(self):
        return sum((proxy.cuts for proxy in self.proxies), collections.Counter())

    @property
    def bytes_forth(self):
        return sum(proxy.bytes_forth for proxy in self.proxies)

    def close(self):
        for proxy in self.proxies:
            proxy.close()
        for node in self.nodes:
            node.kill()
            node.wait()
        self.log.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def digest_of(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_random(path, size, rng):
    with open(path, "wb") as file:
        while size > 0:
            file.write(rng.randbytes(min(size, 1 << 20)))
            size -= 1 << 20


def record(path, entry):
    if path:
        with open(path, "a") as file:
            file.write(json.dumps(entry) + "\n")


def total(path):
    """The log's sum: what was dropped, by kind, and what came of it."""
    runs = [json.loads(line) for line in open(path)]
    cuts, outcomes = collections.Counter(), collections.Counter()
    for run in runs:
        cuts.update(run["cuts"])
        outcomes[run["outcome"]] += 1
    print(f"{sum(cuts.values())} connections dropped "
          f"({', '.join(f'{count} by {kind}' for kind, count in sorted(cuts.items()))}) in {len(runs)} tasks, "
          f"{sum(run['bytes'] for run in runs) / 1e9:.1f} GB: "
          + ", ".join(f"{count} {outcome}" for outcome, count in outcomes.most_common()))


def drops(options):
    """Until so many connections have been dropped. Each task has a seed of its own, so that one can be repeated."""
    seed = options.seed
    dropped, began, bad = 0, time.monotonic(), 0
    while dropped < options.drops:
        rng = random.Random(seed)
        length = rng.choice([2, 3])
        low = rng.choice([2_000, 20_000, 200_000])
        cut_rng = random.Random(seed + 1)
        size = min(options.size, low * 300)
        chain = Chain(length, lambda: cut_rng.randint(low, low * 6), cut_rng,
                      ["--resume-window", "1M", "--resume-time", "60s"])
        try:
            data = chain.folder / "data"
            write_random(data, size, rng)
            start = time.monotonic()
            codes, digest, said = chain.run(f"t{seed}", data)
            if codes == [0, 0] and digest == digest_of(data):
                outcome = "complete and equal"
            elif None in codes:
                outcome = "HUNG"
            elif codes == [0, 0] or digest is not None:
                outcome = "WRONG BYTES"
            else:
                outcome = "an error"
            cuts = chain.cuts
            dropped += sum(cuts.values())
            entry = {"seed": seed, "nodes": length, "size": size, "cut": low, "bytes": chain.bytes_forth,
                     "cuts": cuts, "outcome": outcome, "seconds": round(time.monotonic() - start, 3)}
            record(options.log, entry)
            if options.verbose:
                print(json.dumps(entry), flush=True)
            if outcome != "complete and equal":
                bad += 1
                chain.log.seek(0)
                print(f"seed {seed}: {outcome}, exit codes {codes}: {said}\n"
                      + chain.log.read().decode(errors="replace")[-4000:], file=sys.stderr, flush=True)
        finally:
            chain.close()
        seed += 2
    print(f"{dropped} connections dropped in {(seed - options.seed) // 2} tasks, "
          f"{time.monotonic() - began:.0f} s, seeds {options.seed} to {seed - 2}: "
          + ("every task complete and equal" if not bad else f"{bad} tasks NOT"))
    return 1 if bad else 0


def compare(options):
    """One task to its end, over connections that last for a random number of bytes: going on, and starting again."""
    print(f"{'a connection lasts':>20} {'goes on':>22} {'starts again':>30}")
    for mean in (4, 2, 1, 0.5):
        line = f"{mean:>8} times the data"
        for arguments, limit in ((["--resume-window", "8M"], 1), (["--resume-time", "0s"], 40)):
            rng = random.Random(options.seed)
            sizes = rng.expovariate
            chain = Chain(2, lambda: max(1000, int(sizes(1 / (mean * options.size)))), rng, arguments)
            try:
                data = chain.folder / "data"
                write_random(data, options.size, random.Random(1))
                start, attempts, done = time.monotonic(), 0, 0
                # So many tasks, that one lucky connection is not the measure.
                for number in range(options.tasks):
                    for attempt in range(limit):
                        attempts += 1
                        codes, digest, _ = chain.run(f"t{number}-{attempt}", data)
                        if codes == [0, 0] and digest == digest_of(data):
                            done += 1
                            break
                sent = chain.bytes_forth / (2 * options.size * options.tasks)
                seconds = (time.monotonic() - start) / options.tasks
                line += f"   {done}/{options.tasks} in {seconds:6.2f} s, {sent:5.2f} x"
                if limit > 1:
                    line += f", {attempts / options.tasks:.1f} attempts"
            finally:
                chain.close()
        print(line, flush=True)
    return 0


def main():
    parser = argparse.ArgumentParser(prog="scripts/resume", description=__doc__.splitlines()[0])
    parser.add_argument("--drops", type=int, default=300, help="connections to drop (300)")
    parser.add_argument("--seed", type=int, default=None, help="of the first task; printed")
    parser.add_argument("--size", type=int, default=None, help="bytes of a task at most (64 MiB)")
    parser.add_argument("--log", help="a file to which each task is appended, as JSON")
    parser.add_argument("--total", metavar="LOG", help="sums up such a file, and does nothing else")
    parser.add_argument("--compare", action="store_true", help="against a task that starts again")
    parser.add_argument("--tasks", type=int, default=10, help="with --compare: tasks of each kind (10)")
    parser.add_argument("--verbose", action="store_true", help="prints each task")
    options = parser.parse_args()
    if options.total:
        total(options.total)
        return 0
    if options.seed is None:
        options.seed = random.SystemRandom().randrange(1 << 32)
    print(f"seed {options.seed}", flush=True)
    options.size = options.size or (16 << 20 if options.compare else 64 << 20)
    return compare(options) if options.compare else drops(options)


if __name__ == "__main__":
    sys.exit(main())

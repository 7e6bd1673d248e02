"""Peers that keep to HTTP/2 to wear a node down, each against a whole node that serves others meanwhile.

    HEADRACE=.build/debug/headrace python3 Tests/CommandLine/attacks.py

docs/limits.md has the limits. Each attack is given as many frames as should have ended it many times over:
the connection ends with GOAWAY within a number of frames (the bound of what it costs in CPU), the node's
memory stays below a bound, and a push through another connection, which was there before and goes on after,
brings every byte. Standard library only; frames are written by hand.
"""

import hashlib
import json
import os
import pathlib
import re
import resource
import socket
import struct
import subprocess
import sys
import threading
import unittest

os.environ.setdefault("HEADRACE", ".build/debug/headrace")

from test import HEADRACE, LIMIT, CommandLineTest, wait_for  # noqa: E402

KIB, MIB = 1 << 10, 1 << 20
# What a node may grow by under any of these attacks: the frames that wait for somebody who does not read
# (32,768, below 256 bytes each), read buffers, and what the allocator keeps.
GROWTH = 24 * MIB

DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
END_STREAM, ACK, END_HEADERS, PADDED = 1, 1, 4, 8
ENHANCE_YOUR_CALM = 11


def frame(kind, flags=0, stream=0, payload=b""):
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def field(name, value):
    """A literal without indexing."""
    def text(string):
        data = string.encode()
        if len(data) < 127:
            return bytes([len(data)]) + data
        rest, out = len(data) - 127, bytearray([127])
        while rest >= 128:
            out.append(rest & 127 | 128)
            rest >>= 7
        return bytes(out + bytes([rest])) + data
    return b"\0" + text(name) + text(value)


def fields(path="/MnpService/About", method="POST"):
    return b"".join(field(*pair) for pair in (
        (":method", method), (":scheme", "http"), (":path", path), (":authority", "node"),
        ("content-type", "application/grpc"), ("te", "trailers")))


def request(stream, end=True, **what):
    return frame(HEADERS, END_HEADERS | (END_STREAM if end else 0), stream, fields(**what))


def memory(process):
    status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
    return int(re.search(r"^RssAnon:\s+(\d+) kB", status, re.MULTILINE)[1]) * KIB


class Attacker:
    """A connection, with the opening done."""

    PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

    def __init__(self, url, settings=b"", opening=True, reads=True, receive_buffer=None):
        host, port = re.fullmatch(r"mnp://(.*):(\d+)", url).groups()
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(LIMIT)
        self.socket.connect((host, int(port)))
        self.received = bytearray()
        # It listens while it floods, or nothing could be said to it.
        self.reader = threading.Thread(target=self.read, daemon=True)
        if reads:
            self.reader.start()
        if opening:
            self.send(self.PREFACE + frame(SETTINGS, payload=settings) + frame(SETTINGS, ACK))

    def send(self, data):
        """False when the node has ended the connection."""
        try:
            self.socket.sendall(data)
            return True
        except (BrokenPipeError, ConnectionResetError):
            return False

    def read(self):
        try:
            while part := self.socket.recv(MIB):
                self.received += part
        except OSError:
            pass

    def frames(self):
        """All that came until the node closed: (kind, flags, stream, payload)."""
        self.reader.join(LIMIT)
        data, at, found = bytes(self.received), 0, []
        while len(data) - at >= 9:
            length = int.from_bytes(data[at:at + 3], "big")
            kind, flags, stream = struct.unpack(">BBI", data[at + 3:at + 9])
            found.append((kind, flags, stream, data[at + 9:at + 9 + length]))
            at += 9 + length
        return found

    def close(self):
        # A reader that waits in recv would keep the connection.
        try:
            self.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.socket.close()


class Attacked(CommandLineTest):
    """A node with a push and a pull through it, and what attacks it."""

    def setUp(self):
        super().setUp()
        self.process, self.url = self.node("--log-format", "json", "--builtin", "echo", *self.arguments())
        self.run_headrace("init", f"{self.url}/s", "--input", "", "--output", "")
        # A push and a pull that are there before the attack, and go on after it.
        self.pull = subprocess.Popen(
            [HEADRACE, "pull", f"{self.url}/s/0", "--task", "t"], stdout=subprocess.PIPE,
            env=self.environment)
        self.addCleanup(self.end, self.pull)
        self.addCleanup(self.pull.stdout.close)
        self.push = subprocess.Popen(
            [HEADRACE, "push", f"{self.url}/s/0", "--task", "t"], stdin=subprocess.PIPE,
            env=self.environment)
        self.addCleanup(self.end, self.push)
        self.sent = hashlib.sha256()
        self.received = hashlib.sha256()
        self.echo()
        self.before = memory(self.process)

    def arguments(self):
        return ()

    def echo(self, count=64 * KIB):
        """Bytes go through the node and come back."""
        data = os.urandom(count)
        self.sent.update(data)
        self.push.stdin.write(data)
        self.push.stdin.flush()
        while count > 0:
            part = os.read(self.pull.stdout.fileno(), count)
            self.assertTrue(part, "the pull ended")
            self.received.update(part)
            count -= len(part)

    def attack(self, frames, *, most, reason, opening=b"", code=ENHANCE_YOUR_CALM, **attacker):
        """Sends batches of frames until the node ends the connection, which it must within `most` frames."""
        peer = Attacker(self.url, **attacker)
        self.addCleanup(peer.close)
        peer.send(opening)
        sent = 0
        for batch in frames:
            if not peer.send(b"".join(batch)):
                break
            sent += len(batch)
            if sent % 64 == 0:
                self.echo(KIB)
            if sent > most:
                break
        self.assertLessEqual(sent, most + 32, "the node goes on")
        came = peer.frames()
        self.assertTrue(came, "nothing was said")
        kind, _, _, payload = came[-1]
        self.assertEqual(kind, GOAWAY, came[-3:])
        self.assertEqual(int.from_bytes(payload[4:8], "big"), code, payload)
        self.assertIn(reason, payload[8:].decode())
        self.unharmed()
        return came

    def unharmed(self):
        self.assertIsNone(self.process.poll())
        self.echo()
        grown = memory(self.process) - self.before
        self.assertLess(grown, GROWTH, f"the node grew by {grown / MIB:.1f} MiB")
        self.push.stdin.close()
        self.assertEqual(self.push.wait(LIMIT), 0)
        self.assertEqual(os.read(self.pull.stdout.fileno(), 1), b"")
        self.assertEqual(self.pull.wait(LIMIT), 0)
        self.assertEqual(self.received.digest(), self.sent.digest())
        print(f" {grown / KIB:.0f} KiB", end="", flush=True)

    @staticmethod
    def batches(make, each=32):
        """Endless: `make(stream)` gives the frames for one new stream."""
        stream = 1
        while True:
            batch = []
            while len(batch) < each:
                batch += make(stream)
                stream += 2
            yield batch


class Floods(Attacked):
    def arguments(self):
        # The usual rate of 20,000 a second is more than a busy machine may bring about.
        return "--limit", "pings=2000/100"

    # The bound on frames: the limit, and what is under way in the sockets (some MiB) when it strikes.

    def test_rapid_reset(self):
        self.attack(
            self.batches(lambda stream: [
                request(stream, end=False, path="/MnpService/Push"),
                frame(RST_STREAM, 0, stream, struct.pack(">I", 8))]),
            most=20_000, reason="too many streams were reset")

    def test_made_you_reset(self):
        """Each call is begun well, and then the node has to reset it: DATA beyond what was announced."""
        self.attack(
            self.batches(lambda stream: [
                frame(HEADERS, END_HEADERS, stream,
                      fields("/MnpService/Push") + field("content-length", "1")),
                frame(DATA, 0, stream, b"12")]),
            most=20_000, reason="had to be reset")

    def test_refusals_that_nobody_reads(self):
        """Calls beyond the limit cost the peer few bytes, and the node a frame that waits."""
        opening = b"".join(request(1 + 2 * n, end=False, path="/MnpService/Push") for n in range(100))
        block = fields("/MnpService/Push", method="PUT")
        head = b"".join(
            frame(HEADERS, END_HEADERS, 201 + 2 * n, block) for n in range(60_000))
        peer = Attacker(self.url, opening=False, reads=False, receive_buffer=4 * KIB)
        self.addCleanup(peer.close)
        # Without the acknowledgement the limit is not known to the peer: each call is refused by itself.
        peer.socket.settimeout(2)
        try:
            peer.send(Attacker.PREFACE + frame(SETTINGS) + opening + head)
        except TimeoutError:
            pass
        wait_for(lambda: self.gone(peer), "the node to end the connection")
        self.unharmed()

    def gone(self, peer):
        """The node has closed the connection; what it said is not read."""
        try:
            peer.socket.send(frame(WINDOW_UPDATE, 0, 0, struct.pack(">I", 1)), socket.MSG_DONTWAIT)
        except BlockingIOError:
            return False
        except OSError:
            return True
        return False

    def test_continuation_flood(self):
        self.attack(
            [[frame(HEADERS, 0, 1, fields())] + [frame(CONTINUATION, 0, 1, field("a", "b"))] * 31]
            + [[frame(CONTINUATION, 0, 1, field("a", "b"))] * 32] * 1000,
            most=20_000, reason="CONTINUATION")

    def test_hpack_bomb(self):
        """A field of 4,000 bytes in the table, and then an octet for each time that it is meant."""
        big = b"\x40" + field("x", "v" * 4000)[1:]
        bomb = b"\xbe" * 16_000
        self.attack(
            self.batches(lambda stream: [frame(
                HEADERS, END_HEADERS, stream, fields() + (big if stream == 1 else b"") + bomb)], each=1),
            most=100, reason="a field section without end")

    def test_small_hpack_bombs(self):
        """Each below what ends a connection at once: 250 octets that stand for a megabyte."""
        big = b"\x40" + field("x", "v" * 4000)[1:]
        self.attack(
            self.batches(lambda stream: [frame(
                HEADERS, END_HEADERS, stream,
                fields() + (big if stream == 1 else b"") + b"\xbe" * 200)], each=16),
            most=20_000, reason="had to be reset")

    def test_settings_flood(self):
        self.attack([[frame(SETTINGS)] * 32] * 20_000, most=600_000, reason="PING or SETTINGS")

    def test_many_settings(self):
        self.attack([[frame(SETTINGS, payload=struct.pack(">HI", 3, 9) * 33)]], most=1, reason="SETTINGS")

    def test_ping_flood(self):
        self.attack(
            [[frame(PING, payload=bytes(8))] * 32] * 20_000, most=600_000, reason="PING or SETTINGS")

    def test_empty_data_flood(self):
        self.attack(
            [[frame(DATA, 0, 1)] * 32] * 1000, opening=request(1, end=False, path="/MnpService/Push"),
            most=30_000, reason="carry nothing")

    def test_padding_flood(self):
        self.attack(
            [[frame(DATA, PADDED, 1, b"\x02\0\0")] * 32] * 1000,
            opening=request(1, end=False, path="/MnpService/Push"), most=30_000, reason="carry nothing")

    def test_priority_flood(self):
        self.attack(
            [[frame(PRIORITY, 0, 1, bytes(4) + b"\x10")] * 32] * 1000, opening=request(1, end=False),
            most=30_000, reason="carry nothing")

    def test_unknown_frames_flood(self):
        self.attack([[frame(0x42, 0, 0, b"x")] * 32] * 1000, most=30_000, reason="carry nothing")


class Slowness(Attacked):
    """Peers that take nothing, or say nothing: they cost a bounded memory for as long as they like."""

    def arguments(self):
        return "--handshake-timeout", "5s"

    def test_windows_of_zero(self):
        self.stalled(settings=struct.pack(">HI", 4, 0))

    def test_answers_that_nobody_reads(self):
        self.stalled(
            settings=struct.pack(">HI", 4, (1 << 31) - 1),
            opening=frame(WINDOW_UPDATE, 0, 0, struct.pack(">I", 1 << 30)))

    def stalled(self, settings, opening=b""):
        """Tasks whose output cannot be sent: each holds its queue's worth, and no more."""
        generator, url = self.node("--builtin", "generate")
        self.run_headrace("init", f"{url}/g", "--output", "")
        before = memory(generator)
        peer = Attacker(url, settings=settings, reads=False, receive_buffer=4 * KIB)
        self.addCleanup(peer.close)
        peer.send(opening)
        tasks = 20
        for number in range(tasks):
            message = b"\x0a\x01g\x12\x03" + f"{number:03}".encode()
            peer.send(
                request(1 + 2 * number, end=False, path="/MnpService/Pull")
                + frame(DATA, END_STREAM, 1 + 2 * number,
                        b"\0" + struct.pack(">I", len(message)) + message))
        seen = [0, 1]

        def stands():
            done = self.run_headrace("query", f"{url}/g", "--task", f"{tasks - 1:03}", "--json")
            bytes_made = json.loads(done.stdout)["outputs"][0:1]
            seen[:] = [seen[1], bytes_made]
            return bytes_made and bytes_made[0]["bytes"] > 0 and seen[0] == seen[1]
        wait_for(stands, "the last of the tasks to stand still")
        grown = memory(generator) - before
        self.assertLess(grown, tasks * MIB + 8 * MIB, f"{grown / MIB:.1f} MiB")
        print(f" {grown / tasks / KIB:.0f} KiB a task,", end="", flush=True)
        # Another one is served meanwhile.
        pull = subprocess.Popen(
            [HEADRACE, "pull", f"{url}/g/0", "--task", "other"], stdout=subprocess.PIPE, env=self.environment)
        self.addCleanup(self.end, pull)
        self.addCleanup(pull.stdout.close)
        count = 0
        while count < 4 * MIB:
            part = os.read(pull.stdout.fileno(), MIB)
            self.assertTrue(part, "the other pull ended")
            count += len(part)
        self.unharmed()

    def test_slow_prefaces(self):
        """Nobody waits for them, and they are given up in time, however many octets came."""
        peers = [Attacker(self.url, opening=False, reads=False) for _ in range(100)]
        for peer in peers:
            self.addCleanup(peer.close)
            peer.socket.setblocking(False)
        sent = 0

        def ended():
            nonlocal sent
            sent += 1
            octet = Attacker.PREFACE[sent // 100 % 20:][:1] if sent % 100 == 0 else b""
            for peer in list(peers):
                try:
                    if octet:
                        peer.socket.send(octet)
                    while data := peer.socket.recv(KIB):
                        pass
                    peers.remove(peer)
                except BlockingIOError:
                    pass
                except OSError:
                    peers.remove(peer)
            return not peers
        wait_for(ended, "the node to give them up")
        self.unharmed()


class Descriptors(Attacked):
    """A node without descriptors for more connections serves those that it has, and the others later."""

    def node(self, *arguments, **options):
        def few():
            resource.setrlimit(resource.RLIMIT_NOFILE, (80, 80))
        return super().node(*arguments, preexec_fn=few, **options)

    def test_more_connections_than_descriptors(self):
        peers = [Attacker(self.url) for _ in range(100)]
        self.echo()
        for peer in peers:
            peer.close()
        self.run_headrace("about", self.url)
        self.unharmed()


class Connections(Attacked):
    def arguments(self):
        return "--limit", "connections=8"

    def test_more_connections_than_allowed(self):
        peers = [Attacker(self.url) for _ in range(30)]
        self.echo()
        for peer in peers:
            peer.close()
        self.run_headrace("about", self.url)
        self.unharmed()


if __name__ == "__main__":
    unittest.main(verbosity=2, argv=[sys.argv[0], *sys.argv[1:]])

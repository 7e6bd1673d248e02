"""One hop of a chain: a TCP proxy that notes what the sender says, and at one byte does a fault."""

import asyncio
import dataclasses
import socket
import struct

import frames
import wire

_READ = 256 << 10


@dataclasses.dataclass
class Said:
    """What the sender of one stream has put on the wire: the payload, and whether it said `done`."""

    bytes: int = 0
    done: bool = False
    passed: int = 0  # bytes of DATA, envelopes and all


class Hop:
    """Listens on a TCP port of its own and leads to `target`. `from_client` says which way the data
    goes: up with a push, down with a pull. `fault(connection)` is called once, when `offset` bytes
    of DATA have passed; it may be one of the methods of Connection."""

    def __init__(self, target, from_client):
        self.target = target
        self.from_client = from_client
        self.said = []
        self.offset = None
        self.fault = None
        self.fired = False
        # A task that does the fault; what comes behind the fault's byte waits for it.
        self.at_work = None
        self._connections = []
        self._tasks = set()

    async def open(self):
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.address = "127.0.0.1:%d" % self._server.sockets[0].getsockname()[1]

    def arm(self, offset, fault):
        self.offset, self.fault = offset, fault

    async def close(self):
        self._server.close()
        for connection in self._connections:
            connection.abort()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _accept(self, reader, writer):
        # A task of our own: the stream server's would be reported when it is cancelled.
        self._tasks.add(asyncio.create_task(self._lead(reader, writer)))

    async def _lead(self, reader, writer):
        host, tcp_port = self.target.rsplit(":", 1)
        try:
            onward = await asyncio.open_connection(host, int(tcp_port), limit=_READ)
        except OSError:
            writer.transport.abort()
            return
        connection = Connection(self, (reader, writer), onward)
        self._connections.append(connection)
        await connection.run()


class Connection:
    """Two sockets and what goes between them. Whole frames are written at a time, so that a frame of
    ours fits in at any moment."""

    def __init__(self, hop, client, server):
        self.hop = hop
        self._ends = {"client": client, "server": server}
        self._readers = {side: frames.FrameReader(side == "client") for side in self._ends}
        # Sides whose bytes go nowhere any more.
        self._muted = set()
        # (side, stream) whose frames are dropped.
        self._dropped = set()
        self._messages = {}
        self._said = {}
        self.stream = 1
        # What is behind the fault's byte in its frame, until `hop.at_work` has ended.
        self._held = b""

    async def run(self):
        await asyncio.gather(self._pump("client", "server"), self._pump("server", "client"))

    async def _pump(self, source, sink):
        reader, writer = self._ends[source][0], self._ends[sink][1]
        try:
            while data := await reader.read(_READ):
                for frame in self._readers[source].feed(data):
                    self._pass(frame, source, writer)
                    if self._held:
                        await asyncio.wait([self.hop.at_work])
                        writer.write(self._held)
                        self._held = b""
                await writer.drain()
            if source not in self._muted:
                writer.write(bytes(self._readers[source].rest))
                writer.write_eof()
        except (OSError, RuntimeError):
            # One side has reset its connection, and the other one is to see that.
            if source not in self._muted:
                self.abort()

    def _pass(self, frame, source, writer):
        if source in self._muted or (source, frame.stream) in self._dropped:
            return
        is_counted = frame.is_data and (source == "client") == self.hop.from_client
        if is_counted and self._reaches_fault(frame, source, writer):
            return
        writer.write(frame.raw)

    def _reaches_fault(self, frame, source, writer):
        """Notes what is said; at the fault's byte, does it, and answers whether the frame is dealt
        with."""
        hop, stream = self.hop, frame.stream
        if stream not in self._said:
            self._said[stream] = Said()
            self._messages[stream] = frames.MessageReader()
            hop.said.append(self._said[stream])
        said = self._said[stream]
        kind = wire.PushRequest if hop.from_client else wire.PullResponse
        ends = []
        for message, end in self._messages[stream].feed(frame.payload):
            parsed = kind.FromString(message)
            said.bytes += len(parsed.data)
            said.done = said.done or parsed.done
            ends.append(end)
        before = said.passed
        said.passed += len(frame.payload)
        if hop.fired or hop.fault is None or said.passed < hop.offset:
            return False
        self.stream = stream
        return hop.fault(self, Moment(frame, source, writer, hop.offset - before, before, ends))

    # MARK: faults; each answers whether the frame at which it came has been dealt with

    def cut_stream(self, moment, between):
        """A well-formed end of the stream, in the middle of a message or behind one."""
        count = moment.count
        ends = [end - moment.before for end in moment.ends]
        if between:
            ends = [end for end in ends if end >= count]
            if not ends:
                return False  # at the next boundary, then
            count = ends[0]
        elif count in ends:
            count -= 1
        moment.writer.write(frames.cut(moment.frame, count))
        self._dropped.add((moment.source, self.stream))
        self.hop.fired = True
        return True

    def flip(self, moment, bit):
        """One bit of the fault's byte."""
        raw = bytearray(moment.frame.raw)
        raw[len(raw) - len(moment.frame.payload) + moment.count - 1] ^= 1 << bit
        moment.writer.write(bytes(raw))
        self.hop.fired = True
        return True

    def reset_stream(self, moment, code):
        moment.writer.write(moment.frame.raw)
        self._say(frames.reset(self.stream, code))
        self._dropped |= {(side, self.stream) for side in self._ends}
        self.hop.fired = True
        return True

    def go_away(self, moment, side, code, last_stream, then):
        moment.writer.write(moment.frame.raw)
        self._ends[side][1].write(frames.go_away(last_stream, code))
        if then == "ends":
            self._finish("client", "server")
        self.hop.fired = True
        return True

    def finish(self, moment, *sides):
        """FIN, to one side or to both: in the middle of a frame where that direction ends with it."""
        sides = sides or ("client", "server")
        if moment.source in sides and len(sides) == 1:
            moment.writer.write(moment.frame.raw)
        else:
            self._write_part(moment)
        self._finish(*sides)
        self.hop.fired = True
        return True

    def reset_connection(self, moment):
        self._write_part(moment)
        self.abort()
        self.hop.fired = True
        return True

    def hold(self, moment, work):
        """Lets `work` happen, a coroutine, in the middle of the frame."""
        part = self._write_part(moment)
        self._held = moment.frame.raw[part:]
        self.hop.fault = None
        self.hop.at_work = asyncio.create_task(work)
        return True

    def vanish(self, moment):
        """The sockets stay open, and nothing comes through."""
        self._write_part(moment)
        self._muted |= set(self._ends)
        self.hop.fired = True
        return True

    def abort(self):
        """RST to both."""
        self._muted |= set(self._ends)
        for side in self._ends:
            self.reset_side(side)

    def reset_side(self, side):
        writer = self._ends[side][1]
        try:
            at_once = struct.pack("ii", 1, 0)
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)
        except OSError:
            pass  # closed already
        writer.transport.abort()

    def _finish(self, *sides):
        for side in sides:
            self._muted.add("server" if side == "client" else "client")
            try:
                self._ends[side][1].write_eof()
            except (OSError, RuntimeError):
                pass  # that side has gone first

    def _write_part(self, moment):
        header = len(moment.frame.raw) - len(moment.frame.payload)
        part = header + moment.count
        moment.writer.write(moment.frame.raw[:part])
        return part

    def _say(self, raw):
        for _, writer in self._ends.values():
            writer.write(raw)


@dataclasses.dataclass
class Moment:
    """The frame at which a fault comes: `count` bytes of its payload are before the fault's byte, and
    `before` bytes of the stream came before the frame. `ends` are the ends of messages in it."""

    frame: frames.RawFrame
    source: str
    writer: asyncio.StreamWriter
    count: int
    before: int
    ends: list

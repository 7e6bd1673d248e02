"""HTTP/2 frames and gRPC messages as they pass by; and what an intermediary can say of its own."""

import dataclasses

from hyperframe.frame import DataFrame, Frame, GoAwayFrame, RstStreamFrame

_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_HEADER = 9


@dataclasses.dataclass
class RawFrame:
    """A whole frame: its nine bytes and what they announce. `head` is None for the preface."""

    head: Frame | None
    raw: bytes

    @property
    def payload(self):
        return self.raw[_HEADER:]

    @property
    def stream(self):
        return self.head.stream_id if self.head else 0

    @property
    def is_data(self):
        return isinstance(self.head, DataFrame)


class FrameReader:
    """Bytes in, whole frames out. `rest` is what has begun and not ended."""

    def __init__(self, has_preface):
        self.rest = bytearray()
        self._has_preface = has_preface

    def feed(self, data):
        self.rest += data
        while True:
            if self._has_preface:
                if len(self.rest) < len(_PREFACE):
                    return
                self._has_preface = False
                yield RawFrame(None, self._take(len(_PREFACE)))
            if len(self.rest) < _HEADER:
                return
            head, length = Frame.parse_frame_header(memoryview(bytes(self.rest[:_HEADER])))
            if len(self.rest) < _HEADER + length:
                return
            yield RawFrame(head, self._take(_HEADER + length))

    def _take(self, count):
        taken = bytes(self.rest[:count])
        del self.rest[:count]
        return taken


class MessageReader:
    """The messages of one gRPC stream, out of the payloads of its DATA frames."""

    def __init__(self):
        self._buffer = bytearray()
        # Bytes of DATA that are behind the last whole message.
        self.boundary = 0

    def feed(self, payload):
        """Each message with the offset in the stream at which it ends."""
        self._buffer += payload
        while len(self._buffer) >= 5:
            end = 5 + int.from_bytes(self._buffer[1:5], "big")
            if len(self._buffer) < end:
                return
            message = bytes(self._buffer[5:end])
            del self._buffer[:end]
            self.boundary += end
            yield message, self.boundary


def reset(stream, code):
    return RstStreamFrame(stream, code).serialize()


def go_away(last_stream, code):
    return GoAwayFrame(0, last_stream, code, b"chaos").serialize()


def cut(frame, count):
    """The first `count` bytes of a DATA frame's payload, as the well-formed end of its stream."""
    return DataFrame(frame.stream, frame.payload[:count], flags=["END_STREAM"]).serialize()

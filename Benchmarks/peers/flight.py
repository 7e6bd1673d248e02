"""Arrow Flight, DoPut of record batches of one uint8 column between two processes of pyarrow.

As a program:  flight.py serve  |  flight.py put TCPPORT SIZE SECONDS
"""

import json
import resource
import sys
import time

LOOPBACK = "grpc+tcp://127.0.0.1"


def push(size):
    from measure import Contestant, sent_through
    from processes import Child

    server = Child(sys.executable, __file__, "serve")
    tcp_port = server.says()["listening"]

    def measure(seconds):
        command = [sys.executable, __file__, "put", tcp_port, size, seconds]
        return sent_through([server], command, seconds, counted=[server])

    return Contestant("Arrow Flight", measure, server.stop)


def _say(**what):
    print(json.dumps(what), flush=True)


def _serve():
    import pyarrow.flight

    class Server(pyarrow.flight.FlightServerBase):
        def do_put(self, context, descriptor, reader, writer):
            total = batches = 0
            for chunk in reader:
                total += chunk.data.column(0).nbytes
                batches += 1
            writer.write(total.to_bytes(8, "little"))
            _say(bytes=total, messages=batches)

    server = Server(f"{LOOPBACK}:0")
    _say(listening=server.port)
    server.serve()


def _put(tcp_port, size, seconds):
    import pyarrow
    import pyarrow.flight

    values = pyarrow.py_buffer(b"x" * size)
    column = pyarrow.UInt8Array.from_buffers(pyarrow.uint8(), size, [None, values])
    batch = pyarrow.record_batch([column], names=["data"])
    client = pyarrow.flight.connect(f"{LOOPBACK}:{tcp_port}")
    used, start = _cpu(), time.monotonic()
    descriptor = pyarrow.flight.FlightDescriptor.for_path("bench")
    writer, answers = client.do_put(descriptor, batch.schema)
    batches = 0
    while time.monotonic() - start < seconds:
        writer.write_batch(batch)
        batches += 1
    writer.done_writing()
    counted = int.from_bytes(answers.read().to_pybytes(), "little")
    end = time.monotonic()
    writer.close()
    if counted != batches * size:
        sys.exit(f"the server counted {counted} bytes of {batches * size}")
    _say(bytes=counted, messages=batches, seconds=end - start, cpu=_cpu() - used)


def _cpu():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    if sys.argv[1:] == ["serve"]:
        _serve()
    elif len(sys.argv) == 5 and sys.argv[1] == "put":
        _put(int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4]))
    else:
        sys.exit(__doc__)

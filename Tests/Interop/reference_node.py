"""A node of the reference implementation: copies input i to output i. A program of its own.

usage: reference_node.py HOST:PORT
"""

import logging
import sys

import mnp

# An init with a configuration of this type fails, as that of a broken model would.
BROKEN = "type.googleapis.com/interop.Broken"


class CopySession(mnp.SessionHandler):
    def quit(self):
        pass

    def run_task(self, task_id, inputs, outputs):
        for source, sink in zip(inputs, outputs):
            while True:
                data = source.read1(65536)
                if not data:
                    break
                sink.write(data)
            sink.close()


class CopyHandler(mnp.Handler):
    def about(self):
        return mnp.AboutResponse("reference")

    def quit(self):
        pass

    def init_session(self, session_id, configuration, ports, callback=None):
        for state in (
            mnp.SessionState.INITIALIZING,
            mnp.SessionState.DOWNLOADING,
            mnp.SessionState.STARTING_UP,
        ):
            callback(state)
        if configuration.type_url == BROKEN:
            raise ValueError("this configuration is broken")
        return CopySession(session_id, ports)


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    server = mnp.Server(CopyHandler())
    server.start(sys.argv[1])
    server.wait_for_termination()

"""Makes nodes of the reference quickly: a program that has imported it, and forks for each.

usage: foreign.py, with a line `HOST:PORT LOG` on standard input for each node; answers its pid.
When standard input ends, so do the nodes.
"""

import logging
import os
import signal
import sys

import mnp
import reference_node


def become_node(address, log):
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    for number in (1, 2):
        os.dup2(output, number)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    logging.basicConfig(level=logging.INFO)
    server = mnp.Server(reference_node.CopyHandler())
    server.start(address)
    server.wait_for_termination()


def main():
    # The kernel reaps them.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    nodes = []
    for line in iter(sys.stdin.readline, ""):
        address, log = line.split(maxsplit=1)
        pid = os.fork()
        if pid == 0:
            try:
                become_node(address, log.strip())
            finally:
                os._exit(1)
        nodes.append(pid)
        print(pid, flush=True)
    for pid in nodes:
        try:
            with open(f"/proc/{pid}/stat") as file:
                if int(file.read().rsplit(")", 1)[1].split()[1]) == os.getpid():
                    os.kill(pid, signal.SIGKILL)
        except OSError:
            pass  # gone


if __name__ == "__main__":
    main()

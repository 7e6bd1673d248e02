"""iperf3: raw TCP as others measure it."""

import json
import pathlib
import resource
import subprocess

from measure import Contestant, throughput
from processes import Broken, Child, LIMIT, clean_environment, free_tcp_port, until

# The most that this machine's sockets hold, sending and receiving together.
IN_SOCKETS = sum(
    int(pathlib.Path(f"/proc/sys/net/ipv4/tcp_{side}mem").read_text().split()[2]) for side in "rw")


def push(size):
    tcp_port = free_tcp_port()
    server = Child("iperf3", "--server", "--bind", "127.0.0.1", "--port", tcp_port,
                   stdout=subprocess.DEVNULL)
    until(lambda: _listens(tcp_port), "iperf3's server")

    def measure(seconds):
        before = server.cpu() + _children()
        command = ["iperf3", "--client", "127.0.0.1", "--port", str(tcp_port), "--json",
                   "--length", str(size), "--time", str(max(1, round(seconds)))]
        done = subprocess.run(command, capture_output=True, timeout=seconds + LIMIT,
                              env=clean_environment())
        answer = json.loads(done.stdout or b"{}")
        if done.returncode != 0 or "error" in answer:
            raise Broken(f"iperf3: {answer.get('error', done.stderr.decode())}")
        received, sent = answer["end"]["sum_received"], answer["end"]["sum_sent"]
        # It stops counting when its time is over, with some bytes still in the sockets.
        if not 0 <= sent["bytes"] - received["bytes"] <= IN_SOCKETS:
            raise Broken(f"iperf3 received {received['bytes']} bytes of {sent['bytes']}")
        # From its control connection's end on, the server's CPU does not grow any more.
        cpu = server.cpu() + _children() - before
        return throughput(received["bytes"], received["seconds"], cpu)

    return Contestant("iperf3", measure, server.stop)


def _children():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _listens(tcp_port):
    wanted = f"0100007F:{tcp_port:04X}"
    with open("/proc/net/tcp") as sockets:
        return any(wanted in line and " 0A " in line for line in sockets)

"""ZeroMQ, PUSH to PULL over TCP, by libzmq."""

from measure import Contestant, sent_through
from processes import Child, NATIVE

PROGRAM = NATIVE / "zeromq"


def push(size):
    receiver = Child(PROGRAM, "receive", size)
    says = receiver.says()

    def measure(seconds):
        command = [PROGRAM, "send", says["listening"], says["answers"], size, seconds]
        return sent_through([receiver], command, seconds, counted=[receiver])

    return Contestant("ZeroMQ", measure, receiver.stop)

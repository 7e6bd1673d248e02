"""What a node holds comes back: after thousands of tasks it is as it was."""

import collections
import pathlib
import re
import threading

import grpc

import wire
from cases import InteropTest, fresh
from clients import RawClient
from nodes import our_cat
from processes import WAIT_LIMIT, until

TASKS = 10_000
# At work at a time: each has a process.
AT_A_TIME = 50


def held(pid):
    """Descriptors, threads, and processes below, zombies among them."""
    parents = collections.defaultdict(list)
    for status in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        parents[int(fields[1])].append(int(status.parent.name))
    below, found = [pid], 0
    while below:
        children = parents[below.pop()]
        found += len(children)
        below += children
    folder = pathlib.Path(f"/proc/{pid}")
    return len(list((folder / "fd").iterdir())), len(list((folder / "task").iterdir())), found


# Threads of the system's own pools come and go with the load; a task that left one would leave 10,000.
POOLS = 8


def no_more(now, before):
    descriptors, threads, processes = before
    return now[0] <= descriptors and now[1] <= threads + POOLS and now[2] <= processes


def own_memory(pid):
    """RssAnon in bytes."""
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"^RssAnon:\s+(\d+) kB", status, re.MULTILINE)[1]) << 10


class CancelledTasks(InteropTest):
    def create_and_cancel(self, node, peer, tasks):
        """Each with a process; every other one is in the middle of a push and a pull."""
        for _ in range(tasks // AT_A_TIME):
            session = fresh("session")
            peer.init(session)
            over = threading.Event()
            calls = []

            def requests(task):
                yield wire.PushRequest(session_id=session, task_id=task, data=b"begun")
                over.wait(WAIT_LIMIT)

            for number in range(AT_A_TIME):
                task = fresh("task")
                if number % 2:
                    peer.query(session, task, ensure=True)
                    continue
                pull = peer.start_pull(session, task, 0)
                calls += [pull, peer.start_push(session, task, 0, requests(task))]
                self.assertEqual(next(pull).data, b"begun")
            peer.quit_session(session)
            over.set()
            for call in calls:
                self.expect_status(grpc.StatusCode.CANCELLED, call.result, WAIT_LIMIT)

    def test_ten_thousand(self):
        node = self.start_node(our_cat)
        peer = self.client(RawClient, node.address)
        pid = node.process.popen.pid
        self.create_and_cancel(node, peer, TASKS // 10)
        before, memory = held(pid), own_memory(pid)
        self.create_and_cancel(node, peer, TASKS)
        # A connection to ask by, as there was one before.
        peer.about()
        until(lambda: no_more(held(pid), before), f"no more than {before}")
        self.assertLessEqual(own_memory(pid) - memory, 4 << 20)

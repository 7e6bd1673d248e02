"""The bounds of a node's memory, with the release build: what docs/performance.md promises.

    HEADRACE=.build/release/headrace python3 Tests/CommandLine/memory.py

Bytes are counted, not seconds: nothing here depends on how fast the machine is.
"""

import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import unittest

os.environ.setdefault("HEADRACE", ".build/release/headrace")

from test import HEADRACE, LIMIT, CommandLineTest, wait_for  # noqa: E402

KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30
# The largest window of one stream, and what a node may hold of it beside that: its own queue and
# batch, read buffers, and 4 MiB that the allocator keeps.
WINDOW, BESIDE = 4 * MIB, 8 * MIB
LONG = 10 * LIMIT  # seconds: for a GiB on a machine that is busy


def memory(pid, field):
    """A figure of /proc/PID/status in bytes: VmRSS, VmHWM, RssAnon."""
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(rf"^{field}:\s+(\d+) kB", status, re.MULTILINE)[1]) * KIB


class ControlGroup:
    """A bound of the kernel's: what goes beyond it is killed. Needs root, and the memory controller."""

    def __init__(self, name, limit):
        version1 = pathlib.Path("/sys/fs/cgroup/memory")
        self.path = (version1 if version1.is_dir() else version1.parent) / name
        self.path.mkdir()
        field = "memory.limit_in_bytes" if version1.is_dir() else "memory.max"
        (self.path / field).write_text(str(limit))

    def prefix(self):
        return ["sh", "-c", f'echo $$ > {self.path}/cgroup.procs && exec "$@"', "sh"]

    def remove(self):
        wait_for(lambda: not (self.path / "cgroup.procs").read_text(), "the control group to empty")
        self.path.rmdir()


class Memory(CommandLineTest):
    def task_status(self, url):
        done = self.run_headrace("query", url, "--task", "t", "--json")
        return json.loads(done.stdout)

    def test_an_idle_node(self):
        process, url = self.node("--builtin", "echo")
        self.run_headrace("about", url)
        self.assertLessEqual(memory(process.pid, "RssAnon"), 6 * MIB)
        self.assertLessEqual(memory(process.pid, "VmRSS"), 32 * MIB)

    def test_a_thousand_idle_tasks(self):
        process, url = self.node("--builtin", "echo")
        self.run_headrace("init", f"{url}/s", "--input", "", "--output", "")
        self.run_headrace("query", f"{url}/s", "--task", "first", "--ensure")
        before = memory(process.pid, "RssAnon")
        # A builtin with an input and nobody at it waits; each is made by an ensuring query.
        script = "\n".join(
            f'"$HEADRACE" query {url}/s --task t{number} --ensure' for number in range(1000))
        subprocess.run(
            ["xargs", "-P", "2", "-d", "\n", "-n", "1", "sh", "-c"], input=script.encode(), check=True,
            stdout=subprocess.DEVNULL, env={**self.environment, "HEADRACE": HEADRACE}, timeout=LONG)
        each = (memory(process.pid, "RssAnon") - before) / 1000
        self.assertLessEqual(each, 16 * KIB, f"{each / KIB:.1f} KiB for each idle task")
        print(f" {each / KIB:.1f} KiB each", end="", flush=True)

    def test_a_stopped_consumer(self):
        self.push_to_a_stopped_consumer()

    def test_a_stopped_consumer_in_a_small_control_group(self):
        """Both nodes, the program and all pages of their files in 64 MiB, which kills what needs more."""
        group = ControlGroup(f"headrace-{os.getpid()}", 64 * MIB)
        self.addCleanup(group.remove)
        self.push_to_a_stopped_consumer(prefix=group.prefix())

    def push_to_a_stopped_consumer(self, prefix=()):
        """1 GiB into two nodes; the program at the second reads fast, stands still, then goes on.

        Fast at first, so that the windows are as large as they become.
        """
        fast = GIB // 4
        reader, second = self.node(
            "--log-format", "json", "--", "sh", "-c",
            f"head -c {fast} > /dev/null; echo $$ >&2; kill -STOP $$; exec wc -c", prefix=prefix)
        writer, first = self.node("--log-format", "json", "--builtin", "echo", prefix=prefix)
        self.run_headrace("init", f"{second}/s", "--input", "", "--output", "")
        self.run_headrace("init", f"{first}/s", "--input", "", "--output", f"=>{second}/s/0")
        idle = {name: memory(process.pid, "VmRSS") for name, process in (("1", writer), ("2", reader))}

        data = subprocess.Popen(
            ["head", "-c", str(GIB), "/dev/zero"], stdout=subprocess.PIPE)
        self.addCleanup(self.end, data)
        push = subprocess.Popen(
            [HEADRACE, "push", f"{first}/s/0", "--task", "t"], stdin=data.stdout,
            env=self.environment, stderr=subprocess.PIPE)
        self.addCleanup(self.end, push)
        data.stdout.close()
        result = self.start_pull(f"{second}/s/0")

        stopped = int(wait_for(self.words_of_the_operator, "the program to stop")[0])
        self.wait_until_nothing_moves(f"{first}/s")
        for name, process in (("1", writer), ("2", reader)):
            grown = memory(process.pid, "VmHWM") - idle[name]
            self.assertLessEqual(
                grown, WINDOW + BESIDE, f"node {name} grew by {grown / MIB:.1f} MiB")
            print(f" node {name}: {grown / MIB:.1f} MiB", end="", flush=True)

        os.kill(stopped, signal.SIGCONT)
        self.assertEqual(push.wait(LONG), 0, push.stderr.read())
        push.stderr.close()
        self.assertEqual(result.communicate(timeout=LONG)[0].strip(), str(GIB - fast).encode())

    def start_pull(self, url):
        pull = subprocess.Popen(
            [HEADRACE, "pull", url, "--task", "t"], stdout=subprocess.PIPE,
            env=self.environment)
        self.addCleanup(self.end, pull)
        return pull

    def words_of_the_operator(self):
        """What it wrote to standard error, from the log of its node."""
        events = map(json.loads, (self.folder / "stderr").read_text().splitlines())
        return [event["message"] for event in events if event.get("stream") == "stderr"]

    def wait_until_nothing_moves(self, url):
        """Backpressure has reached the pusher: between two looks no byte was taken."""
        seen = [-1, -2]

        def stands():
            taken = self.task_status(url)["inputs"][0]["bytes"]
            seen[:] = [seen[-1], taken]
            return taken > 0 and seen[0] == seen[1]

        # A look is a process of its own: between two of them a moving stream moves.
        wait_for(stands, "the stream to stand still")
        wait_for(stands, "the stream to stand still")


if __name__ == "__main__":
    unittest.main(verbosity=2, argv=[sys.argv[0], *sys.argv[1:]])

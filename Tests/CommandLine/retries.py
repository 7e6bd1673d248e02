"""`headrace run --retries`: what dies runs again, whole, and nothing of the old attempt gets in.

    HEADRACE=.build/debug/headrace python3 Tests/CommandLine/retries.py
"""

import hashlib
import json
import os
import pathlib
import random
import re
import signal
import subprocess
import sys
import unittest

from test import HEADRACE, LIMIT, CommandLineTest, marked, wait_for


def sha256(data):
    return hashlib.sha256(data).hexdigest()


class RetryTest(CommandLineTest):
    def setUp(self):
        super().setUp()
        self.data = random.Random(1).randbytes(3_000_000)
        self.source, self.out = self.folder / "source", self.folder / "out"
        self.source.write_bytes(self.data)
        self.report = self.folder / "report.json"
        self.spool = self.folder / "spool"
        self.spool.mkdir()

    # Dies in the middle of its input, the first time.
    ONCE = 'mkdir FOLDER/once 2>/dev/null || exec cat; head -c 1000000 >/dev/null; exit 3'
    # Says that it runs, and goes on when it is told to.
    GATE = 'touch FOLDER/runs; head -c 1000; while [ ! -e FOLDER/go ]; do sleep 0.02; done; exec cat'

    def chain(self, script, source=None, out=None, middle="command: [cat]"):
        script = script.replace("FOLDER", str(self.folder))
        return self.pipeline(f"""
            name: chain
            operators:
              first: {{command: [cat]}}
              middle: {{{middle}}}
              last: {{command: [sh, -c, '{script}'], grace: 200ms}}
            wires: [first -> middle.0, middle.0 -> last]
            inputs: {{first: {source or self.source}}}
            outputs: {{last: {out or self.out}}}
        """)

    def log(self):
        return (self.folder / "stderr").read_text()

    def attempts(self):
        return json.loads(self.report.read_text())["attempts"]

    def assert_complete(self):
        self.assertEqual(sha256(self.out.read_bytes()), sha256(self.data))

    def node_of(self, name):
        """The process of the node that the run has started for that operator."""
        def find():
            found = [pid for pid, command in marked(str(self.folder)).items()
                     if f"--name {name} " in command and " serve " in command]
            # Its keeper is a copy of it, and its child.
            return [pid for pid in found if self.parent(pid) not in found]
        return wait_for(find, f"the node of {name}")[0]

    @staticmethod
    def parent(pid):
        try:
            status = pathlib.Path(f"/proc/{pid}/stat").read_text()
        except OSError:
            return None
        return int(status.rpartition(")")[2].split()[1])

    def finish(self, run, code=0):
        self.assertEqual(run.wait(LIMIT), code, self.log())


class WhatRunsAgain(RetryTest):
    def test_a_killed_node(self):
        run = self.start("run", self.chain(self.GATE), "--retries", "1", "--report", self.report)
        wait_for((self.folder / "runs").exists, "the operator")
        os.kill(self.node_of("middle"), signal.SIGKILL)
        (self.folder / "go").touch()
        self.finish(run)
        self.assert_complete()
        first, second = self.attempts()
        self.assertIn("operator middle", first["error"])
        self.assertIn("signal 9", first["error"])
        self.assertNotIn("error", second)
        self.assertTrue(second["task"].endswith("-2"))
        self.assertIn("attempt 1 of 2 failed", self.log())
        self.assert_nothing_left()

    def test_an_operator_that_fails_once(self):
        done = self.run_headrace(
            "run", self.chain(self.ONCE), "--retries", "3", "--report", self.report)
        self.assertIn(b"attempt 1 of 4 failed: operator last", done.stderr)
        self.assertEqual(len(self.attempts()), 2)
        self.assert_complete()
        report = json.loads(self.report.read_text())
        self.assertEqual(report["outputs"][0]["sha256"], sha256(self.data))
        self.assertEqual(report["inputs"][0]["sha256"], sha256(self.data))
        self.assert_nothing_left()

    def test_all_attempts_fail(self):
        path = self.chain('echo "no good" >&2; head -c 500000; exit 3')
        done = self.run_headrace("run", path, "--retries", "2", "--report", self.report, expected=10)
        last = done.stderr.decode().split("headrace: ")[-1]
        for words in ("operator last", "exited with code 3", "no good", "all 3 attempts failed"):
            self.assertIn(words, last)
        self.assertEqual(len(self.attempts()), 3)
        for attempt in self.attempts():
            self.assertIn("exited with code 3", attempt["error"])
        self.assertFalse(self.out.exists())
        self.assert_nothing_left()

    def test_what_would_fail_again_does_not_run_again(self):
        path = self.chain(self.ONCE, middle="command: [no-such-program], inputs: [in], outputs: [out]")
        self.run_headrace("run", path, "--retries", "2", "--report", self.report, expected=10)
        self.assertEqual(len(self.attempts()), 1)

    def test_ctrl_c_in_the_second_attempt(self):
        script = f"mkdir FOLDER/once 2>/dev/null && exit 3; {self.GATE}"
        run = self.start("run", self.chain(script), "--retries", "5", "--report", self.report)
        wait_for((self.folder / "runs").exists, "the second attempt")
        run.send_signal(signal.SIGINT)
        self.finish(run, 130)
        self.assertEqual(json.loads(self.report.read_text())["outcome"], "cancelled")
        self.assertEqual(len(self.attempts()), 2)
        self.assertFalse(self.out.exists())
        self.assert_nothing_left()

    def test_what_was_written_to_a_pipe_cannot_be_taken_back(self):
        path = self.chain("head -c 1000000; exit 3", out="-")
        done = self.run_headrace("run", path, "--retries", "2", "--report", self.report, expected=10)
        self.assertIn(b"standard output, which cannot be taken back", done.stderr)
        self.assertEqual(len(self.attempts()), 1)
        # Where nothing was written yet, nothing has to be.
        done = self.run_headrace("run", self.chain(self.ONCE, out="-"), "--retries", "1")
        self.assertEqual(sha256(done.stdout), sha256(self.data))


class SourcesThatCannotBeReadTwice(RetryTest):
    def test_without_a_spool_they_are_refused_before_anything_starts(self):
        path = self.chain("touch FOLDER/ran; exec cat", source="-")
        done = self.run_headrace("run", path, "--retries", "1", stdin=self.data, expected=64)
        self.assertIn(b"standard input cannot be read twice; give --spool DIR", done.stderr)
        self.assertFalse((self.folder / "ran").exists())

    def test_a_spool_keeps_what_was_sent(self):
        run = subprocess.Popen(
            [HEADRACE, "run", self.chain(self.ONCE, source="-"), "--retries", "1", "--spool",
             self.spool, "--report", self.report],
            env=self.environment, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE)
        self.addCleanup(self.end, run)
        self.addCleanup(run.stderr.close)
        run.stdin.write(self.data[:1_500_000])
        run.stdin.flush()
        line = b""
        while b"attempt 2 begins" not in line:
            line = run.stderr.readline()
            self.assertTrue(line, "it ended")
        run.stdin.write(self.data[1_500_000:])
        run.stdin.close()
        self.assertEqual(run.wait(LIMIT), 0, run.stderr.read().decode())
        self.assert_complete()
        self.assertEqual(json.loads(self.report.read_text())["inputs"][0]["sha256"], sha256(self.data))
        self.assertEqual(list(self.spool.iterdir()), [])
        self.assert_nothing_left()

    def test_a_file_behind_standard_input_needs_none(self):
        path = self.chain(self.ONCE, source="-")
        with open(self.source, "rb") as source:
            source.seek(1_000)
            subprocess.run(
                [HEADRACE, "run", path, "--retries", "1"], env=self.environment, stdin=source,
                capture_output=True, check=True, timeout=LIMIT)
        self.assertEqual(sha256(self.out.read_bytes()), sha256(self.data[1_000:]))


class Fencing(RetryTest):
    """Nothing of an old attempt gets into a new one."""

    def test_a_late_push_of_the_old_attempt(self):
        _, url = self.node("--", "cat")
        script = f"mkdir FOLDER/once 2>/dev/null && exit 3; {self.GATE}"
        run = self.start("run", self.chain(script, middle=f'node: "{url}"'), "--retries", "1")
        wait_for((self.folder / "runs").exists, "the second attempt")
        task = re.search(r"as task (\S+)-2", self.log())[1]
        for attempt, why in (("1", b"has ended"), ("2", b"")):
            done = self.run_headrace(
                "push", f"{url}/{task}-middle/0", "--task", f"{task}-{attempt}", stdin=b"old",
                expected=64)
            self.assertIn(why, done.stderr)
        self.run_headrace("pull", f"{url}/{task}-middle/0", "--task", f"{task}-1", expected=64)
        (self.folder / "go").touch()
        self.finish(run)
        self.assert_complete()

    def test_nodes_that_slept_through_the_end_of_their_attempt(self):
        """A forwarder elsewhere, which goes on later, and one of the run's own, which is killed."""
        node, url = self.node("--", "cat")
        path = self.chain(self.GATE, middle=f'node: "{url}", grace: 200ms')
        path.write_text(path.read_text().replace("command: [cat]}", "command: [cat], grace: 200ms}"))
        run = self.start("run", path, "--retries", "9", "--report", self.report)
        wait_for((self.folder / "runs").exists, "the operator")
        own = self.node_of("first")
        node.send_signal(signal.SIGSTOP)
        self.addCleanup(node.send_signal, signal.SIGCONT)
        os.kill(own, signal.SIGSTOP)
        os.kill(self.node_of("last"), signal.SIGKILL)
        wait_for(lambda: "attempt 2 begins" in self.log(), "the second attempt")
        self.assertFalse(os.path.exists(f"/proc/{own}"))
        (self.folder / "go").touch()
        node.send_signal(signal.SIGCONT)
        self.finish(run)
        self.assert_complete()
        self.assertGreaterEqual(len(self.attempts()), 2)


if __name__ == "__main__":
    unittest.main(verbosity=2, argv=[sys.argv[0], *sys.argv[1:]])

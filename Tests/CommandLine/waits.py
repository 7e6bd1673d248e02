"""Operators that wait for each other: `buffer: disk` prevents it, and a circle is named.

    HEADRACE=.build/debug/headrace python3 Tests/CommandLine/waits.py
"""

import hashlib
import json
import os
import subprocess
import sys
import unittest

from test import LIMIT, CommandLineTest

MIB = 1 << 20


class WaitingTest(CommandLineTest):
    # Reads all of one input, then all of the other, as a merge of sorted parts or a join does.
    ONE_AFTER_THE_OTHER = """
        operators:
          source: {builtin: generate, parameters: {bytes: 24M, pattern: counter}}
          other: {command: [cat]}
          join:
            command: [sh, -c, 'cat "$HEADRACE_INPUT_0" "$HEADRACE_INPUT_1"']
            inputs: [{name: first, via: fd}, {name: second, via: fd}]
        wires:
          - source -> other
          - other -> join.first
          - {from: source, to: join.second, buffer: BUFFER}
        outputs: {join: OUT}
    """

    def diamond(self, buffer):
        text = self.ONE_AFTER_THE_OTHER.replace("BUFFER", buffer)
        return self.pipeline(text.replace("OUT", str(self.folder / "out")))

    @staticmethod
    def counter(size):
        return b"".join(number.to_bytes(8, "little") for number in range(size // 8))


class Spills(WaitingTest):
    def test_branches_that_are_read_one_after_the_other(self):
        report = self.folder / "report.json"
        path = self.diamond("disk")
        plan = self.run_headrace("run", path, "--plan").stdout.decode()
        self.assertIn("builtin spill", plan)
        self.assertIn("spill.join.second.0 -> join.second", plan)
        done = self.run_headrace("run", path, "--report", report)
        self.assertRegex(done.stderr.decode(), r"spill\.join\.second \| \d+ bytes waited on disk")
        expected = self.counter(24 * MIB) * 2
        self.assertEqual(
            hashlib.sha256((self.folder / "out").read_bytes()).hexdigest(),
            hashlib.sha256(expected).hexdigest())
        edges = {(e["from"], e["to"]): e["bytes"] for e in json.loads(report.read_text())["edges"]}
        self.assertEqual(edges["spill.join.second.0", "join.second"], 24 * MIB)
        self.assert_nothing_left()

    def test_a_full_spill_holds_the_writer(self):
        path = self.pipeline(f"""
            operators:
              source: {{builtin: generate, parameters: {{bytes: 24M, pattern: counter}}}}
              slow: {{builtin: throttle, parameters: {{rate: 12M}}}}
            wires: [{{from: source.0, to: slow.0, buffer: disk}}]
            outputs: {{slow.0: {self.folder}/out}}
        """)
        done = self.run_headrace("run", path, "--spill-limit", "1M")
        self.assertIn(b"the spill file is full (1M)", done.stderr)
        self.assertEqual((self.folder / "out").read_bytes(), self.counter(24 * MIB))

    def test_what_cannot_be(self):
        path = self.diamond("disk")
        self.run_headrace("run", path, "--spill-limit", "much", expected=64)
        done = self.run_headrace("run", path, "--spill-folder", self.folder / "no", expected=65)
        self.assertIn(b"No such file or directory", done.stderr)

    @unittest.skipUnless(os.geteuid() == 0, "mounting needs root")
    def test_a_full_disk(self):
        small = self.folder / "small"
        small.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", small], check=True)
        self.addCleanup(subprocess.run, ["umount", small])
        done = self.run_headrace(
            "run", self.diamond("disk"), "--spill-folder", small, expected=10)
        last = done.stderr.decode().split("headrace: ")[-1]
        for words in ("operator spill.join.second", "cannot write the spill file", "No space left"):
            self.assertIn(words, last)
        self.assertFalse((self.folder / "out").exists())
        self.assert_nothing_left()


class Circles(WaitingTest):
    def assert_circle(self, done, *words):
        last = done.stderr.decode().split("headrace: ")[-1]
        for word in ("wait for each other in a circle", *words):
            self.assertIn(word, last)
        self.assertFalse((self.folder / "out").exists())
        self.assert_nothing_left()

    def test_it_is_named(self):
        report = self.folder / "report.json"
        done = self.run_headrace("run", self.diamond("memory"), "--report", report, expected=10)
        self.assert_circle(
            done, "join waits for other (join.first is empty)",
            "other waits for tee.source.0 (other.in is empty)",
            "tee.source.0 waits for join (join.second is full)",
            "'buffer: disk' on the wire to join.second")
        self.assertIn("circle", json.loads(report.read_text())["error"])

    def test_a_spill_that_is_too_small(self):
        done = self.run_headrace(
            "run", self.diamond("disk"), "--spill-limit", "1M", expected=10)
        self.assert_circle(done, "the spill file before join.second is full", "--spill-limit")

    def test_a_shell_with_a_pipeline_of_its_own(self):
        path = self.diamond("memory")
        text = path.read_text().replace("other: {command: [cat]}", "other: {command: [sh, -c, 'cat | cat']}")
        path.write_text(text)
        self.assert_circle(self.run_headrace("run", path, expected=10), "join waits for other")

    def test_who_waits_for_something_else_is_in_no_circle(self):
        """One that sleeps, one that computes, one that waits at a pipe which is no port."""
        control = self.folder / "control"
        os.mkfifo(control)
        runs = {}
        for name, script in (
            ("sleeps", "sleep 3"),
            ("computes", "timeout 3 sh -c \"while :; do :; done\" || true"),
            ("waits", f"read line <{control}"),
        ):
            path = self.folder / f"{name}.yaml"
            text = self.ONE_AFTER_THE_OTHER.replace("BUFFER", "memory")
            text = text.replace("OUT", str(self.folder / f"{name}.out"))
            path.write_text(text.replace("[cat]", f"[sh, -c, '{script}']"))
            runs[name] = self.start("run", path)
        for name in ("sleeps", "computes"):
            self.assertEqual(runs[name].wait(LIMIT), 0, (self.folder / "stderr").read_text())
        self.assertIsNone(runs["waits"].poll(), (self.folder / "stderr").read_text())
        control.write_text("go\n")
        self.assertEqual(runs["waits"].wait(LIMIT), 0, (self.folder / "stderr").read_text())
        self.assertEqual((self.folder / "waits.out").stat().st_size, 24 * MIB)



if __name__ == "__main__":
    unittest.main(verbosity=2, argv=[sys.argv[0], *sys.argv[1:]])

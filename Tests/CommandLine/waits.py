"""Operators that wait for each other: `buffer: disk` prevents it, and a circle is named.

    HEADRACE=.build/debug/headrace python3 Tests/CommandLine/waits.py
"""

import hashlib
import json
import os
import subprocess
import sys
import unittest

from test import CommandLineTest

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


if __name__ == "__main__":
    unittest.main(verbosity=2, argv=[sys.argv[0], *sys.argv[1:]])

"""Runs the examples with a headrace executable and compares them with what they should give.

usage: HEADRACE=PATH python3 examples/test.py [--verbose] [TEST...]

HEADRACE is .build/release/headrace by default. scripts/setup makes the environment of the climate
example, whose Python the pipelines use; this program needs the standard library alone.
"""

import gzip
import hashlib
import json
import os
import subprocess
import tempfile
import threading
import time
import unittest
import uuid
from pathlib import Path

EXAMPLES = Path(__file__).resolve().parent
ROOT = EXAMPLES.parent
HEADRACE = Path(os.environ.get("HEADRACE", ROOT / ".build/release/headrace")).resolve()
PYTHON = ROOT / ".venv-climate/bin/python3"
DATA = ROOT / ".venv-climate/sample-data"
SCENARIOS = [DATA / "A1B_north_america.nc", DATA / "E1_north_america.nc"]

MIB = 1 << 20
TIMEOUT = 300  # seconds, for a run that hangs; the longest takes a tenth of it
# In the large variant, resident, each process at its peak. A node with everything in flight
# (windows, batches, read buffers) has a few times 4 MiB above what an idle one has; the plotter
# has matplotlib, anomaly.py the 30 maps of the base period.
NODE_LIMIT = 64 * MIB
OPERATOR_LIMIT = 160 * MIB


def wait_until(condition, what, timeout=60):
    deadline = time.monotonic() + timeout
    while not (result := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}: not within {timeout} s")
        time.sleep(0.02)
    return result


class Headrace:
    """A running headrace command, with every process that comes from it marked."""

    def __init__(self, *arguments, **options):
        # What a process starts inherits its environment: so its children are found wherever
        # they have been reparented to.
        self.mark = f"EXAMPLE_MARK={uuid.uuid4().hex}".encode()
        name, value = self.mark.decode().split("=")
        self.errors = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            [HEADRACE, *map(str, arguments)],
            env=os.environ | {name: value},
            stderr=self.errors,
            stdout=subprocess.PIPE,
            **({"stdin": subprocess.DEVNULL} | options),
        )

    def processes(self):
        """The ids of all processes that belong to it, itself included."""
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                if self.mark in (folder / "environ").read_bytes().split(b"\0"):
                    found.append(int(folder.name))
            except OSError:  # gone, or somebody else's
                pass
        return found

    def wait(self, expected=0):
        """Its standard output and error; fails unless it exits as expected and leaves nothing."""
        with self.errors:
            try:
                output, _ = self.process.communicate(timeout=TIMEOUT)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.communicate()
                raise AssertionError(f"it hangs\n{self.error_text()}") from None
            code, errors = self.process.returncode, self.error_text()
        if code != expected:
            raise AssertionError(f"exit code {code}, expected {expected}\n{errors}")
        wait_until(lambda: not self.processes(), "its processes are gone", 10)
        return output, errors

    def error_text(self):
        self.errors.seek(0)
        return self.errors.read().decode(errors="replace")


def run(pipeline, *options, expected=0, settings=None, **process):
    """`headrace run`, to its end."""
    sets = [f"--set={name}={value}" for name, value in (settings or {}).items()]
    return Headrace("run", EXAMPLES / pipeline, *sets, *options, **process).wait(expected)


def values(tree, key):
    """All values of that key, however deep."""
    if isinstance(tree, dict):
        for name, value in tree.items():
            if name == key:
                yield value
            yield from values(value, key)
    elif isinstance(tree, list):
        for value in tree:
            yield from values(value, key)


def sha256(path):
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


class ExampleCase(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="headrace-examples-")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)


class Climate(ExampleCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="headrace-examples-")
        cls.addClassCleanup(folder.cleanup)
        cls.shared = Path(folder.name)
        cls.direct = cls.shared / "direct.json"
        with open(cls.direct, "wb") as output:
            subprocess.run(
                [PYTHON, EXAMPLES / "climate/direct.py", *SCENARIOS], stdout=output, check=True
            )
        cls.report = cls.shared / "report.json"
        run("climate/pipeline.yaml", "--report", cls.report, settings={"results": cls.shared})

    def check(self, numbers):
        result = subprocess.run(
            [PYTHON, EXAMPLES / "climate/check.py", numbers, self.direct],
            capture_output=True,
            text=True,
        )
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)

    def test_the_numbers_equal_those_of_the_direct_computation(self):
        self.check(self.shared / "climate.json")

    def test_the_picture_is_whole(self):
        picture = (self.shared / "climate.png").read_bytes()
        self.assertTrue(picture.startswith(b"\x89PNG\r\n\x1a\n"))
        self.assertEqual(picture[-8:-4], b"IEND")
        self.assertGreater(len(picture), 50_000)

    def test_the_report_has_the_outputs_digests_and_every_operator(self):
        report = json.loads(self.report.read_text())
        digests = set(values(report, "sha256"))
        for name in ["climate.png", "climate.json"]:
            self.assertIn(sha256(self.shared / name), digests, name)
        text = self.report.read_text()
        for operator in ["a1b", "e1", "a1b_anomaly", "e1_anomaly", "a1b_trend", "e1_trend", "plot"]:
            self.assertIn(f'"{operator}"', text)

    def test_another_base_period(self):
        base = {"base_start": 1961, "base_end": 1990}
        run("climate/pipeline.yaml", settings={"results": self.folder} | base)
        with open(self.folder / "direct.json", "wb") as output:
            subprocess.run(
                [PYTHON, EXAMPLES / "climate/direct.py", *SCENARIOS, "1961", "1990"],
                stdout=output,
                check=True,
            )
        self.direct = self.folder / "direct.json"
        self.check(self.folder / "climate.json")

    def test_it_streams(self):
        # The readers hold back the last year until the plotter has drawn a frame: a stage that
        # collected its input would wait for that year, and the readers for it.
        go, frames, picture = (self.folder / name for name in ["go", "frames", "climate.png"])
        settings = {"results": self.folder, "frames": frames, "hold_until": go}
        sets = [f"--set={name}={value}" for name, value in settings.items()]
        command = Headrace("run", EXAMPLES / "climate/pipeline.yaml", *sets)
        try:
            first = wait_until(lambda: sorted(frames.glob("*.png")), "a first frame")[0]
            self.assertEqual(first.name, "1879.png")
            self.assertTrue(first.read_bytes().startswith(b"\x89PNG"))
            # All that may come before the last year does come, and then nothing ends.
            wait_until((frames / "2079.png").exists, "the last frame before the last year")
            self.assertIsNone(command.process.poll(), "it ended before the last year")
            self.assertFalse((frames / "2099.png").exists())
            self.assertFalse(picture.exists(), "published before the end")
        finally:
            go.touch()
            command.wait()
        self.assertTrue((frames / "2099.png").exists())
        self.assertEqual(picture.read_bytes(), (self.shared / "climate.png").read_bytes())
        self.check(self.folder / "climate.json")

    def test_through_files_gives_the_same_bytes(self):
        files = self.folder / "hand-off"
        run("climate/pipeline.yaml", "--hand-off", files, settings={"results": self.folder})
        self.assertTrue(any(files.rglob("*")), "no file was handed on")
        for name in ["climate.png", "climate.json"]:
            self.assertEqual(sha256(self.folder / name), sha256(self.shared / name), name)

    def test_much_data_in_little_memory(self):
        report = self.folder / "report.json"
        peaks = {}  # process id: (is it headrace, peak of its resident memory, its command)

        def sample(command):
            for process in command.processes():
                folder = Path(f"/proc/{process}")
                try:
                    own = (folder / "exe").resolve() == HEADRACE
                    status = (folder / "status").read_text()
                    words = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                    # The kernel's own peak: nothing is missed between two samples.
                    peak = next(
                        int(line.split()[1]) for line in status.splitlines() if "VmHWM" in line
                    )
                except (OSError, StopIteration):  # gone
                    continue
                peaks[process] = (own, peak * 1024, words.strip())

        settings = [f"--set=results={self.folder}", f"--report={report}"]
        command = Headrace("run", EXAMPLES / "climate/pipeline-large.yaml", *settings)
        ended = threading.Event()

        def sample_until_the_end():
            while not ended.wait(0.05):
                sample(command)

        sampler = threading.Thread(target=sample_until_the_end)
        sampler.start()
        try:
            command.wait()
        finally:
            ended.set()
            sampler.join()

        self.check(self.folder / "climate-large.json")
        edges = json.loads(report.read_text())["edges"]
        sizes = [size for size in values(edges, "bytes") if isinstance(size, int)]
        large = [size for size in sizes if size >= 256 * MIB]
        self.assertGreaterEqual(len(large), 6, f"the six wires carried {sizes} bytes")
        self.assertEqual(sum(not own for own, _, _ in peaks.values()), 7, f"operators: {peaks}")
        for own, peak, words in peaks.values():
            limit = NODE_LIMIT if own else OPERATOR_LIMIT
            self.assertLessEqual(peak, limit, f"{words}: {peak / MIB:.0f} MiB resident")
        nodes = max(peak for own, peak, _ in peaks.values() if own)
        operators = max(peak for own, peak, _ in peaks.values() if not own)
        print(
            f"  {sum(sizes) / MIB:.0f} MiB over the wires; at most {nodes / MIB:.0f} MiB in a"
            f" node, {operators / MIB:.0f} MiB in an operator"
        )

    def test_a_failing_operator_is_named_and_leaves_nothing(self):
        settings = {"results": self.folder, "base_end": 2200}
        _, errors = run("climate/pipeline.yaml", expected=10, settings=settings)
        self.assertRegex(errors, r"(a1b|e1)_anomaly")
        self.assertIn("the data ended before the base period did (2200)", errors)
        self.assertEqual(os.listdir(self.folder), [])


class Words(ExampleCase):
    SHELL = r"""
        export LC_ALL=C
        zcat | tr -cs A-Za-z '\n' | tr A-Z a-z | sort | uniq -c | sort -k1nr -k2
    """

    def setUp(self):
        super().setUp()
        text = (EXAMPLES / "words/text.txt").read_bytes()
        # More than the pipes hold, so that several stages are at work at once.
        self.packed = self.folder / "text.gz"
        self.packed.write_bytes(gzip.compress(text * 2000))
        with open(self.packed, "rb") as packed:
            self.expected = subprocess.run(
                ["bash", "-c", self.SHELL], stdin=packed, capture_output=True, check=True
            ).stdout
        self.assertIn(b"the\n", self.expected.splitlines(keepends=True)[0])

    def test_as_a_filter(self):
        with open(self.packed, "rb") as packed:
            output, _ = run("words/pipeline.yaml", stdin=packed)
        self.assertEqual(output, self.expected)

    def test_from_file_to_file_with_a_report(self):
        counts, report = self.folder / "counts.txt", self.folder / "report.json"
        settings = {"text": self.packed, "counts": counts}
        run("words/pipeline.yaml", "--report", report, settings=settings)
        self.assertEqual(counts.read_bytes(), self.expected)
        digests = set(values(json.loads(report.read_text()), "sha256"))
        self.assertLessEqual({sha256(counts), sha256(self.packed)}, digests)

    def test_through_files(self):
        files, settings = self.folder / "files", {"text": self.packed}
        output, _ = run("words/pipeline.yaml", "--hand-off", files, settings=settings)
        self.assertEqual(output, self.expected)


class Paths(ExampleCase):
    READINGS = EXAMPLES / "paths/readings.csv"

    def celsius(self, readings):
        """What the script gives when it is called as its author would."""
        output = self.folder / "expected.csv"
        paths = {"input_path": str(readings), "output_path": str(output)}
        subprocess.run(
            ["python3", EXAMPLES / "paths/celsius.py"], env=os.environ | paths, check=True
        )
        return output.read_bytes()

    def mill(self):
        lines = self.READINGS.read_bytes().splitlines(keepends=True)
        mill = self.folder / "mill.csv"
        mill.write_bytes(b"".join(line for line in lines if not line.startswith(b"pond")))
        return self.celsius(mill)

    def test_in_a_pipeline(self):
        output, _ = run("paths/pipeline.yaml")
        self.assertEqual(output, self.mill())

    def test_through_files(self):
        output, _ = run("paths/pipeline.yaml", "--hand-off", self.folder / "files")
        self.assertEqual(output, self.mill())

    def test_as_a_node_of_its_own(self):
        address, output = self.folder / "address", self.folder / "celsius.csv"
        operator = EXAMPLES / "paths/celsius.operator.yaml"
        node = Headrace(
            "serve", "--listen=127.0.0.1:0", f"--address-file={address}", f"--operator={operator}"
        )
        try:
            wait_until(address.exists, "the node listens")
            url = address.read_text().strip()
            Headrace("call", url, f"--input={self.READINGS}", f"--output={output}").wait()
        finally:
            node.process.terminate()
            node.wait()
        self.assertEqual(output.read_bytes(), self.celsius(self.READINGS))


class Plans(ExampleCase):
    def test_every_pipeline_has_a_plan_and_planning_runs_nothing(self):
        for pipeline in sorted(EXAMPLES.glob("*/pipeline*.yaml")):
            with self.subTest(pipeline=pipeline.relative_to(EXAMPLES)):
                before = set(EXAMPLES.rglob("*"))
                output, errors = run(pipeline, "--plan")
                self.assertIn("pipe", output.decode() + errors)
                self.assertEqual(set(EXAMPLES.rglob("*")), before)


if __name__ == "__main__":
    if not HEADRACE.is_file():
        raise SystemExit(f"no executable at {HEADRACE}: swift build -c release, or set HEADRACE")
    if not PYTHON.exists():
        raise SystemExit("the climate example's environment is missing: scripts/setup")
    unittest.main()

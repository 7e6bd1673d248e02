"""What only the whole executable can show: exit codes, signals, and that nothing stays behind.

    HEADRACE=.build/debug/headrace python3 Tests/CommandLine/test.py

Standard library only. Every wait is for a condition and bounded; processes are ended by their pid.
"""

import base64
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
import unittest

HEADRACE = str(pathlib.Path(os.environ.get("HEADRACE", ".build/debug/headrace")).resolve())
LIMIT = 60


def wait_for(condition, what):
    """Polls until `condition` gives something true, which is returned."""
    deadline = time.monotonic() + LIMIT
    while time.monotonic() < deadline:
        if value := condition():
            return value
        time.sleep(0.01)
    raise AssertionError(f"waited {LIMIT} s for {what}")


def marked(mark):
    """The processes that carry the mark in their environment, zombies left out: pid to command."""
    found = {}
    for entry in pathlib.Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            if mark.encode() in (entry / "environ").read_bytes():
                command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                if command:
                    found[int(entry.name)] = command
        except OSError:
            continue
    return found


class CommandLineTest(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="headrace-commands-"))
        self.addCleanup(shutil.rmtree, self.folder, True)
        self.mark = f"HEADRACE_TEST_MARK={self.folder}"
        # Folders of nodes are made in there, where leftovers are seen.
        self.temporary = self.folder / "tmp"
        self.temporary.mkdir()
        self.environment = {
            **os.environ,
            "TEST_MARK": str(self.folder),
            "TMPDIR": str(self.temporary),
            "XDG_RUNTIME_DIR": str(self.temporary),
        }

    def run_headrace(self, *arguments, expected=0, stdin=b"", **options):
        done = subprocess.run(
            [HEADRACE, *map(str, arguments)], input=stdin, capture_output=True, timeout=LIMIT,
            env=options.pop("env", self.environment), **options,
        )
        self.assertEqual(done.returncode, expected, done.stderr.decode())
        return done

    def start(self, *arguments, prefix=(), **options):
        with open(self.folder / "stderr", "ab") as log:
            process = subprocess.Popen(
                [*prefix, HEADRACE, *map(str, arguments)], env=self.environment,
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=log, **options,
            )
        self.addCleanup(self.end, process)
        return process

    def end(self, process):
        if process.poll() is None:
            process.kill()
        process.wait(LIMIT)

    def node(self, *arguments, prefix=(), **options):
        """Starts a node and gives its process and URL."""
        address = self.folder / f"url-{time.monotonic_ns()}"
        listen = () if "--listen" in arguments else ("--listen", "127.0.0.1:0")
        process = self.start(
            "serve", *listen, "--address-file", address, *arguments, prefix=prefix, **options)
        wait_for(lambda: address.exists() or process.poll() is not None, "the node to listen")
        self.assertIsNone(process.poll(), (self.folder / "stderr").read_text())
        return process, address.read_text().strip()

    def pipeline(self, text):
        path = self.folder / "pipeline.yaml"
        path.write_text(text)
        return path

    def assert_nothing_left(self):
        wait_for(lambda: not marked(str(self.folder)), f"no process: {marked(str(self.folder))}")
        wait_for(lambda: not list(self.temporary.iterdir()), "no folder")

    SLOW = """
        name: slow
        operators:
          source: {builtin: generate}
          slow: {builtin: throttle, parameters: {rate: 1M}}
          copy: {command: [sh, -c, 'cat < "$input_path" & wait'], inputs: [{name: in, via: fifo, parameter: input_path}]}
        wires: [source.0 -> slow.0, slow.0 -> copy.in]
        outputs: {copy.out: OUT}
    """

    def slow(self):
        return self.pipeline(self.SLOW.replace("OUT", str(self.folder / "out")))


class Operators(CommandLineTest):
    SCRIPT = textwrap.dedent('''
        """Counts."""
        import os
        # how many
        n = int(os.getenv("n", "3"))
    ''')

    def inspect(self, *arguments, **options):
        return self.run_headrace("operator", "inspect", *arguments, **options)

    def test_inspect(self):
        path = self.folder / "count_it.py"
        path.write_text(self.SCRIPT)
        self.assertIn("n  int   3        how many", self.inspect(path).stdout.decode())
        interface = json.loads(self.inspect(path, "--json").stdout)
        self.assertEqual(interface["name"], "count-it")
        self.assertEqual(
            [(p["name"], p["type"], p["default"], p["required"]) for p in interface["parameters"]],
            [("n", "int", 3, False)])
        compiled = json.loads(self.inspect(path, "--json", "--as", "c3").stdout)
        self.assertEqual(
            [(i["name"], i["type"], i["default"]) for i in compiled["inputs"]],
            [("log_level", "String", "INFO"), ("n", "Integer", "3")])

    def test_what_c3_crashes_on(self):
        path = self.folder / "x.py"
        path.write_text("import os\nn = int(os.getenv('n'))\n")
        self.assertIn(b"C3 crashes", self.inspect(path).stdout)
        done = self.inspect(path, "--as", "c3", expected=65)
        self.assertIn(b"AttributeError", done.stderr)
        self.assertEqual(done.stdout, b"")

    def test_what_is_no_operator(self):
        (self.folder / "folder.py").mkdir()
        (self.folder / "binary.py").write_bytes(bytes(range(256)))
        (self.folder / "broken.ipynb").write_text('{"cells": [')
        (self.folder / "data.csv").write_text("1,2")
        for name in ("missing.py", "folder.py", "binary.py", "broken.ipynb", "data.csv"):
            for more in ((), ("--as", "c3")):
                with self.subTest(name, more=more):
                    done = self.inspect(self.folder / name, *more, expected=65)
                    self.assertEqual(done.stderr.count(b"\n"), 1, done.stderr)
                    self.assertIn(name.encode(), done.stderr)

    def test_what_is_no_command_line(self):
        for arguments in ((), ("x.py", "--as", "c4"), ("x.py", "y.py"), ("",)):
            with self.subTest(arguments):
                self.inspect(*arguments, expected=64)


class Usage(CommandLineTest):
    def test_version_and_help(self):
        self.assertRegex(self.run_headrace("--version").stdout.decode(), r"^\d+\.\d+\.\d+\n$")
        self.assertIn(b"serve", self.run_headrace("--help").stdout)

    def test_what_is_no_command_line(self):
        for arguments in (
            ["serve"], ["serve", "--listen", "nowhere", "--", "cat"], ["about", "nonsense"],
            ["serve", "--builtin", "nothing"], ["pull", "mnp://127.0.0.1:1/s/0"],
            ["serve", "--parameter", "novalue", "--", "cat"],
        ):
            with self.subTest(arguments):
                done = self.run_headrace(*arguments, expected=64)
                self.assertTrue(done.stderr)

    def test_twins(self):
        _, url = self.node("--builtin", "generate", "--parameter", "bytes=3")
        self.run_headrace("init", f"{url}/s", env={**self.environment, "HEADRACE_OUTPUT": "a/b"})
        done = self.run_headrace(
            "pull", f"{url}/s/0", env={**self.environment, "HEADRACE_TASK": "t"})
        self.assertEqual(done.stdout, bytes(3))
        for value in ("maybe", "2"):
            done = self.run_headrace(
                "about", url, env={**self.environment, "HEADRACE_JSON": value}, expected=64)
            self.assertIn(b"HEADRACE_JSON", done.stderr)

    def test_a_twin_that_is_no_value(self):
        environment = {**self.environment, "HEADRACE_LISTEN": "nowhere"}
        done = self.run_headrace("serve", "--", "cat", expected=64, env=environment)
        self.assertIn(b"HEADRACE_LISTEN", done.stderr)

    def test_beyond_loopback_needs_insecure(self):
        done = self.run_headrace("serve", "--listen", "0.0.0.0:0", "--", "cat", expected=64)
        self.assertIn(b"--insecure", done.stderr)

    def test_an_address_file_that_cannot_be_written(self):
        done = self.run_headrace(
            "serve", "--listen", "127.0.0.1:0", "--address-file", "/nonexistent/file", "--", "cat",
            expected=64,
        )
        self.assertIn(b"/nonexistent/file", done.stderr)
        self.assert_nothing_left()

    def test_nobody_listens(self):
        self.run_headrace("about", "mnp://127.0.0.1:1", expected=69)

    def test_a_url_of_another_kind(self):
        for command in ("about", "quit", "call"):
            self.run_headrace(command, "mnp://127.0.0.1:1/session", expected=64)
        for command in ("push", "pull"):
            self.run_headrace(command, "mnp://127.0.0.1:1/session", "--task", "t", expected=64)
        self.run_headrace("query", "mnp://127.0.0.1:1", "--task", "t", expected=64)
        self.run_headrace("quit-session", "mnp://127.0.0.1:1/session/0", expected=64)

    def test_what_is_empty(self):
        self.run_headrace("serve", "--name", "", "--", "cat", expected=64)
        self.run_headrace("init", "mnp://127.0.0.1:1/s", "--init", "", expected=64)
        self.run_headrace("call", "mnp://127.0.0.1:1", "--output", "", expected=64)

    def test_a_wrong_pipeline(self):
        path = self.pipeline("operators:\n  a: {command: [cat]}\nwires:\n  - a.out -> b.in\n")
        done = self.run_headrace("run", path, expected=65)
        self.assertIn(b"pipeline.yaml:4:", done.stderr)


class Nodes(CommandLineTest):
    def test_the_first_signal_drains_and_the_address_file_goes(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            process, _ = self.node("--", "cat")
            process.send_signal(number)
            self.assertEqual(process.wait(LIMIT), 0)
        self.assertEqual(list(self.folder.glob("url-*")), [])
        self.assert_nothing_left()

    def test_a_signal_as_soon_as_it_listens_drains_it(self):
        for number in range(20):
            address = self.folder / f"early-{number}"
            process = self.start(
                "serve", "--listen", "127.0.0.1:0", "--address-file", address, "--", "cat")
            while not address.exists() and process.poll() is None:
                pass
            process.send_signal(signal.SIGTERM)
            self.assertEqual(process.wait(LIMIT), 0)
            self.assertFalse(address.exists())
        self.assert_nothing_left()

    def test_the_second_signal_ends_it_now(self):
        process, url = self.node("--", "sleep", "1000")
        self.run_headrace("init", f"{url}/s", "--output", "")
        self.run_headrace("query", f"{url}/s", "--task", "t", "--ensure")
        wait_for(lambda: any("sleep 1000" in c for c in marked(str(self.folder)).values()), "sleep")
        process.send_signal(signal.SIGTERM)
        wait_for(lambda: b"second signal" in (self.folder / "stderr").read_bytes(), "the drain")
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(LIMIT), 130)
        self.assert_nothing_left()

    def test_a_killed_node_leaves_nothing(self):
        operator = self.folder / "operator.yaml"
        operator.write_text(
            "command: [sh, -c, 'sleep 1000 & cat \"$a\" > \"$b\"']\n"
            "inputs: [{name: a, via: fifo, parameter: a}]\n"
            "outputs: [{name: b, via: fifo, parameter: b}]\n"
        )
        process, url = self.node("--operator", operator)
        self.run_headrace("init", f"{url}/s", "--input", "", "--output", "")
        self.run_headrace("query", f"{url}/s", "--task", "t", "--ensure")
        wait_for(lambda: any("sleep 1000" in c for c in marked(str(self.folder)).values()), "sleep")
        self.assertTrue(list(self.temporary.iterdir()))
        process.kill()
        process.wait(LIMIT)
        self.assert_nothing_left()

    @unittest.skipUnless(os.geteuid() == 0, "a PID namespace needs root")
    def test_as_pid_1(self):
        process, url = self.node("--", "sh", "-c", "(sleep 0.01 &) ; cat", prefix=["unshare", "-pf", "--kill-child"])
        for number in range(5):
            done = self.run_headrace("call", url, "--input", "-", "--output", "-", stdin=b"data")
            self.assertEqual(done.stdout, b"data")
        self.run_headrace("quit", url)
        self.assertEqual(process.wait(LIMIT), 0)
        self.assert_nothing_left()

    @unittest.skipUnless(os.geteuid() == 0, "root alone can become another user")
    def test_many_tasks_of_an_ordinary_user(self):
        # Beyond 64 pipes of 1 MiB the kernel gives an ordinary user small ones.
        self.folder.chmod(0o755)
        self.temporary.chmod(0o777)
        executable = self.folder / "headrace"
        shutil.copy(HEADRACE, executable)
        address = self.temporary / "url"
        process = subprocess.Popen(
            ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", str(executable), "serve",
             "--listen", "127.0.0.1:0", "--address-file", str(address), "--", "cat"],
            env=self.environment, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        self.addCleanup(self.end, process)
        wait_for(address.exists, "the node to listen")
        url = address.read_text().strip()
        data = os.urandom(3 << 20)
        (self.folder / "data").write_bytes(data)
        calls = [
            subprocess.Popen(
                [HEADRACE, "call", url, "--input", str(self.folder / "data"), "--output",
                 str(self.folder / f"copy-{number}")], env=self.environment,
            )
            for number in range(40)
        ]
        for number, call in enumerate(calls):
            self.assertEqual(call.wait(LIMIT), 0)
            self.assertEqual((self.folder / f"copy-{number}").read_bytes(), data)
        process.terminate()
        self.assertEqual(process.wait(LIMIT), 0)

    def test_a_reader_that_goes_away(self):
        _, url = self.node("--builtin", "generate")
        self.run_headrace("init", f"{url}/s", "--output", "")
        pull = subprocess.Popen(
            [HEADRACE, "pull", f"{url}/s/0", "--task", "t"], env=self.environment,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )
        self.addCleanup(self.end, pull)
        self.assertEqual(len(pull.stdout.read(100)), 100)
        pull.stdout.close()
        self.assertNotEqual(pull.wait(LIMIT), 0)
        pull.stderr.close()
        # The task has lost its reader, and says so.
        wait_for(
            lambda: self.state(f"{url}/s", "t") == "TS_FAILED", "the task to fail with its reader")

    def state(self, session, task):
        done = subprocess.run(
            [HEADRACE, "query", session, "--task", task, "--json"], env=self.environment,
            capture_output=True, timeout=LIMIT,
        )
        return json.loads(done.stdout)["state"]

    def test_a_full_disk_at_a_pull(self):
        _, url = self.node("--builtin", "generate", "--parameter", "bytes=1M")
        self.run_headrace("init", f"{url}/s", "--output", "")
        done = self.run_headrace(
            "pull", f"{url}/s/0", "--task", "t", "--output", "/dev/full", expected=65)
        self.assertIn(b"No space left", done.stderr)


class Secrets(CommandLineTest):
    CANARY = "canary-4711-of-nobody's-business"
    # What C3 puts in front of an operator prints every parameter, and this one fails as well.
    PRINTS = 'echo "token=$token"; echo "token: $token" >&2; cat > /dev/null; echo "$token" >&2; exit 3'

    def everything(self, url, node, *given):
        """What anybody can see of tasks that have failed, but for the operator's own environment."""
        called = self.run_headrace("call", url, *given, stdin=b"data\n", expected=10)
        self.assertIn(b"token: ***", called.stderr)
        self.run_headrace("init", f"{url}/s", "--input", "", *given)
        self.run_headrace("push", f"{url}/s/0", "--task", "t", stdin=b"data\n")
        query = [HEADRACE, "query", f"{url}/s", "--task", "t", "--json"]
        ask = lambda: subprocess.run(query, capture_output=True, timeout=LIMIT, env=self.environment)
        wait_for(lambda: ask().returncode == 10, "the task to fail")
        queried = ask()
        self.assertIn(b"token: ***", queried.stdout)
        self.assertIn(b"token: ***", queried.stderr)
        about = self.run_headrace("about", url, "--json")
        command = pathlib.Path(f"/proc/{node.pid}/cmdline").read_bytes()
        # Its standard output is data there: `call` has an output port by itself.
        seen = [called.stderr, queried.stdout, queried.stderr, about.stdout, command,
                (self.folder / "stderr").read_bytes()]
        return b"\n".join(seen)

    def test_of_serve_and_of_init_and_in_no_text(self):
        secret = self.folder / "token"
        secret.write_text(self.CANARY + "\n")
        self.environment["MY_TOKEN"] = self.CANARY
        for log in "text", "json":
            for how in f"token=@{secret}", "token=env:MY_TOKEN":
                for where in "serve", "init":
                    with self.subTest(how=how, where=where, log=log):
                        given = ("--parameter", how)
                        node, url = self.node(
                            "--log-level", "trace", "--log-format", log,
                            *(given if where == "serve" else ()), "--", "sh", "-c", self.PRINTS)
                        seen = self.everything(url, node, *(given if where == "init" else ()))
                        self.assertIn(b"token=***", seen)
                        self.assertNotIn(self.CANARY.encode(), seen)
                        self.end(node)

    def test_of_run_and_in_no_plan_or_report(self):
        secret = self.folder / "token"
        secret.write_text(self.CANARY)
        self.environment["MY_TOKEN"] = self.CANARY
        shell = self.PRINTS.replace("'", "''")
        _, elsewhere = self.node("--log-level", "trace", "--", "sh", "-c", self.PRINTS)
        for entry in f"command: [sh, -c, '{shell}']", f'node: "{elsewhere}"':
            pipeline = self.pipeline(f"""
                parameters: {{secret: {{}}}}
                operators:
                  source: {{builtin: generate, parameters: {{bytes: 1K}}}}
                  program: {{{entry}, parameters: {{token: "${{secret}}"}}}}
                wires: [source -> program]
                """)
            report = self.folder / "report.json"
            for how in f"secret=@{secret}", "secret=env:MY_TOKEN":
                with self.subTest(how=how, entry=entry):
                    given = ("--set", how, pipeline)
                    plans = [self.run_headrace("run", "--plan", *more, *given).stdout for more in ((), ("--json",))]
                    for plan in plans:
                        self.assertIn(b"***", plan)
                    run = self.run_headrace("run", "--report", report, "--log-level", "debug", *given, expected=10)
                    self.assertIn(b"token: ***", run.stderr)
                    seen = [*plans, run.stdout, run.stderr, report.read_bytes(), (self.folder / "stderr").read_bytes()]
                    self.assertNotIn(self.CANARY.encode(), b"\n".join(seen))
        for where in 'command: [sh, -c, "${secret}"]', 'command: [a], env: {x: "${secret}"}', \
                'command: [a], parameters: {x: "a ${secret}"}', 'command: [a], workdir: "${secret}"':
            pipeline = self.pipeline(f"{{parameters: {{secret: {{}}}}, operators: {{a: {{{where}}}}}}}")
            done = self.run_headrace("run", "--set", f"secret=@{secret}", pipeline, expected=65)
            self.assertIn(b"secret", done.stderr)
            self.assertNotIn(self.CANARY.encode(), done.stderr)

    def test_the_operator_has_it_to_the_letter(self):
        secret = self.folder / "token"
        secret.write_bytes("zwei Zeilen,\nund é\n\n".encode())
        done = self.run_headrace("serve", "--parameter", f"t=@{self.folder}/none", "--", "cat", expected=65)
        self.assertIn(b"none: cannot be read", done.stderr)
        done = self.run_headrace("serve", "--parameter", "t=env:NOT_THERE", "--", "cat", expected=64)
        self.assertIn(b"there is no variable 'NOT_THERE'", done.stderr)
        _, url = self.node("--", "sh", "-c", 'cat > /dev/null; printf %s "$t"')
        for given, expected in (f"t=@{secret}", "zwei Zeilen,\nund é\n"), ("t=@@x", "@x"), ("t=a=b", "a=b"):
            done = self.run_headrace("call", url, "--parameter", given, stdin=b"")
            self.assertEqual(done.stdout.decode(), expected)


class FirstSession(CommandLineTest):
    """MNP_INIT: an InitRequest in base64, by which engines prepare the containers that they start."""

    # session_id = "prepared", one input, one output of text/plain.
    REQUEST = b"\x0a\x08prepared\x1a\x00\x22\x0c\x0a\x0atext/plain"

    def prepared(self, request):
        self.environment["MNP_INIT"] = base64.b64encode(request).decode()

    def test_it_is_ready_when_the_address_is_known(self):
        self.prepared(self.REQUEST)
        _, url = self.node("--", "sh", "-c", 'cat; echo "init=$MNP_INIT"')
        self.run_headrace("push", f"{url}/prepared/0", "--task", "t", stdin=b"data\n")
        done = self.run_headrace("pull", f"{url}/prepared/0", "--task", "t")
        # The operator does not get it.
        self.assertEqual(done.stdout, b"data\ninit=\n")

    def test_what_is_wrong_with_it_ends_the_node(self):
        for request, code, words in (
                (b"\x1a\x00", 65, b"MNP_INIT names no session"),
                (b"\xff\xff", 65, b"MNP_INIT: "),
                # Two inputs, and a command without a list of ports.
                (b"\x0a\x01s\x1a\x00\x1a\x00", 10, b"--operator")):
            with self.subTest(request=request):
                self.prepared(request)
                address = self.folder / "never"
                done = self.run_headrace(
                    "serve", "--listen", "127.0.0.1:0", "--address-file", address, "--", "cat", expected=code)
                self.assertIn(words, done.stderr)
                self.assertFalse(address.exists())
        self.environment["MNP_INIT"] = "no base64"
        self.assertIn(b"MNP_INIT is no base64", self.run_headrace("serve", "--", "cat", expected=64).stderr)
        self.assert_nothing_left()

    def test_about_says_what_mantiks_bridges_say(self):
        _, url = self.node("--", "cat")
        about = json.loads(self.run_headrace("about", url, "--json").stdout)
        self.assertEqual(about["extra"], "type.googleapis.com/ai.mantik.bridge.protos.BridgeAboutResponse")


class StandardInput(CommandLineTest):
    """A terminal at which nobody types, a pipe into which nobody writes."""

    def begin(self, *arguments):
        process = subprocess.Popen(
            [HEADRACE, *map(str, arguments)], env=self.environment, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(process.stdin.close)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.stderr.close)
        self.addCleanup(self.end, process)
        return process

    def quiet_run(self, script):
        return self.pipeline(f"""
            operators: {{a: {{command: [sh, -c, '{script}']}}}}
            inputs: {{a: -}}
            outputs: {{a: {self.folder}/out}}
        """)

    def wait_for_task(self, url):
        done = lambda: subprocess.run(  # noqa: E731
            [HEADRACE, "query", url, "--task", "t", "--json"], env=self.environment,
            capture_output=True).stdout
        wait_for(lambda: b"TS_EXISTS" in done(), "the task")

    def test_a_failure_does_not_wait_for_it(self):
        run = self.begin("run", self.quiet_run("exit 3"))
        self.assertEqual(run.wait(LIMIT), 10)
        self.assertIn(b"operator a", run.stderr.read())
        self.assert_nothing_left()

    def test_ctrl_c_does_not_wait_for_it(self):
        report = self.folder / "report.json"
        run = self.begin("run", self.quiet_run("exec cat"), "--report", report)
        wait_for(lambda: any("cat" in c for c in marked(str(self.folder)).values()), "the operator")
        run.send_signal(signal.SIGINT)
        self.assertEqual(run.wait(LIMIT), 130)
        self.assertEqual(json.loads(report.read_text())["outcome"], "cancelled")
        self.assert_nothing_left()

    def test_ctrl_c_at_push_and_call(self):
        _, url = self.node("--", "cat")
        self.run_headrace("init", f"{url}/s", "--input", "", "--output", "")
        push = self.begin("push", f"{url}/s/0", "--task", "t")
        self.wait_for_task(f"{url}/s")
        push.send_signal(signal.SIGTERM)
        self.assertEqual(push.wait(LIMIT), 130)
        self.run_headrace("quit-session", f"{url}/s")
        operators = lambda: [c for c in marked(str(self.folder)).values() if c.strip() == "cat"]  # noqa: E731
        wait_for(lambda: not operators(), "the end of push's operator")
        call = self.begin("call", url)
        wait_for(operators, "the operator of call")
        call.send_signal(signal.SIGINT)
        self.assertEqual(call.wait(LIMIT), 130)

    def test_a_push_ends_with_its_session(self):
        _, url = self.node("--", "cat")
        self.run_headrace("init", f"{url}/s", "--input", "", "--output", "")
        push = self.begin("push", f"{url}/s/0", "--task", "t")
        self.wait_for_task(f"{url}/s")
        self.run_headrace("quit-session", f"{url}/s")
        self.assertEqual(push.wait(LIMIT), 11)

    def test_none_at_all(self):
        _, url = self.node("--", "cat")
        self.run_headrace("init", f"{url}/s", "--input", "", "--output", "")
        done = subprocess.run(
            ["sh", "-c", 'exec "$0" push "$1" --task t <&-', HEADRACE, f"{url}/s/0"],
            env=self.environment, capture_output=True, timeout=LIMIT)
        self.assertEqual(done.returncode, 65, done.stderr)
        self.assertIn(b"Bad file descriptor", done.stderr)

    def test_call_takes_it_where_no_file_is_named(self):
        _, cat = self.node("--", "cat")
        self.assertEqual(self.run_headrace("call", cat, stdin=b"typed").stdout, b"typed")
        source = self.folder / "source"
        source.write_text("from a file")
        self.assertEqual(self.run_headrace("call", cat, "--input", source).stdout, b"from a file")
        _, generate = self.node("--builtin", "generate", "--parameter", "bytes=7")
        self.assertEqual(self.run_headrace("call", generate).stdout, bytes(7))
        _, discard = self.node("--builtin", "discard")
        self.assertEqual(self.run_headrace("call", discard, "--input", source).stdout, b"")


class OutputFiles(CommandLineTest):
    def setUp(self):
        super().setUp()
        _, self.url = self.node("--builtin", "generate", "--parameter", "bytes=5")
        self.target = self.folder / "target"

    def test_a_link_stays_and_a_mode(self):
        link = self.folder / "link"
        link.symlink_to("target")
        self.target.write_text("former")
        self.target.chmod(0o750)
        self.run_headrace("call", self.url, "--output", link)
        self.assertTrue(link.is_symlink())
        self.assertEqual(self.target.read_bytes(), bytes(5))
        self.assertEqual(self.target.stat().st_mode & 0o7777, 0o750)
        self.target.unlink()
        self.run_headrace("call", self.url, "--output", link)
        self.assertTrue(link.is_symlink())
        self.assertEqual(self.target.read_bytes(), bytes(5))

    def test_a_device_that_leads_to_a_file(self):
        kept = self.folder / "stdout"
        kept.symlink_to("/proc/self/fd/1")
        for path in ("/dev/stdout", "/dev/fd/1", "-"):
            with open(self.target, "wb") as target:
                target.write(b"before ")
                target.flush()
                subprocess.run(
                    [HEADRACE, "call", self.url, "--output", path], env=self.environment,
                    stdout=target, check=True, timeout=LIMIT)
            self.assertEqual(self.target.read_bytes(), b"before " + bytes(5), path)

    def test_a_report_that_cannot_be_written(self):
        path = self.pipeline(f"""
            operators: {{source: {{builtin: generate, parameters: {{bytes: 5}}}}}}
            outputs: {{source.0: {self.target}}}
        """)
        done = self.run_headrace("run", path, "--report", self.folder / "no/report", expected=65)
        self.assertIn(b"no/report", done.stderr)
        self.assertFalse(self.target.exists())

    def test_a_run_that_logs_json(self):
        path = self.pipeline(f"""
            operators: {{source: {{command: [sh, -c, 'echo said >&2; exit 3']}}}}
            outputs: {{source.out: {self.target}}}
        """)
        done = self.run_headrace("run", path, "--log-format", "json", expected=10)
        events = [json.loads(line) for line in done.stderr.splitlines()]
        self.assertTrue(any(e["message"] == "said" and e["operator"] == "source" for e in events))
        self.assertIn("exited with code 3", events[-1]["message"])


class Runs(CommandLineTest):
    def test_ctrl_c_leaves_nothing(self):
        process = self.start("run", self.slow(), "--report", self.folder / "report.json")
        wait_for(lambda: any("cat" in c for c in marked(str(self.folder)).values()), "the operator")
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(LIMIT), 130)
        self.assertEqual(json.loads((self.folder / "report.json").read_text())["outcome"], "cancelled")
        self.assertFalse((self.folder / "out").exists())
        self.assert_nothing_left()

    def test_a_killed_run_leaves_nothing(self):
        process = self.start("run", self.slow())
        wait_for(lambda: any("cat" in c for c in marked(str(self.folder)).values()), "the operator")
        process.kill()
        process.wait(LIMIT)
        self.assert_nothing_left()
        left = {path.name for path in self.folder.iterdir()}
        self.assertEqual(left, {"pipeline.yaml", "stderr", "tmp"})

    def test_a_failure_names_the_operator(self):
        path = self.pipeline(f"""
            operators:
              source: {{builtin: generate, parameters: {{bytes: 64M}}}}
              breaks: {{command: [sh, -c, 'head -c 1000000; echo "it broke" >&2; exit 3']}}
              copy: {{command: [cat]}}
            wires: [source.0 -> breaks.in, breaks.out -> copy.in]
            outputs: {{copy.out: {self.folder}/out}}
        """)
        done = self.run_headrace("run", path, "--report", self.folder / "report.json", expected=10)
        last = done.stderr.decode().split("headrace: ")[-1]
        for words in ("operator breaks", "exited with code 3", "it broke"):
            self.assertIn(words, last)
        self.assertFalse((self.folder / "out").exists())
        report = json.loads((self.folder / "report.json").read_text())
        self.assertEqual(report["outcome"], "failed")
        codes = {operator["name"]: operator.get("exit_code") for operator in report["operators"]}
        self.assertEqual(codes["breaks"], 3)
        self.assert_nothing_left()

    FAILS = "head -c 1000000; echo 'it broke' >&2; exit 3"
    ITS_WORDS = "exited with code 3; standard error ends with:\n  it broke"

    def test_the_fourth_of_five_exits_with_3(self):
        path = self.pipeline(f"""
            operators:
              source: {{builtin: generate, parameters: {{bytes: 64M}}}}
              one: {{command: [cat]}}
              two: {{builtin: echo}}
              four: {{command: [sh, -c, "{self.FAILS}"]}}
              five: {{command: [cat]}}
            wires: [source.0 -> one.in, one.out -> two.0, two.0 -> four.in, four.out -> five.in]
            outputs: {{five.out: {self.folder}/out}}
        """)
        done = self.run_headrace("run", path, expected=10)
        last = done.stderr.decode().split("headrace: ")[-1]
        self.assertRegex(
            last, r"^operator four: four\.in at byte \d{7,8}, four\.out at byte 1000000: node four, ")
        self.assertIn(self.ITS_WORDS, last)
        self.assertFalse((self.folder / "out").exists())
        self.assert_nothing_left()

    def test_every_node_knows_that_the_fourth_of_five_exited_with_3(self):
        operators = {
            "one": ["--builtin", "echo"], "two": ["--", "cat"], "three": ["--builtin", "echo"],
            "four": ["--", "sh", "-c", self.FAILS], "five": ["--", "cat"],
        }
        urls = {
            name: self.node("--name", name, *operator)[1] for name, operator in operators.items()
        }
        destination = ""
        for url in reversed(urls.values()):
            output = f"=>{destination}" if destination else ""
            self.run_headrace("init", f"{url}/s", "--input", "", "--output", output)
            destination = f"{url}/s/0"
        # Read to its end: what stands behind a full window is not heard.
        pull = self.start("pull", f"{urls['five']}/s/0", "--task", "t")
        pushed = self.run_headrace(
            "push", f"{urls['one']}/s/0", "--task", "t", stdin=bytes(16 << 20), expected=10)
        self.assertIn(self.ITS_WORDS, pushed.stderr.decode())

        def status(name):
            # Its exit code is that of the failure.
            done = subprocess.run(
                [HEADRACE, "query", f"{urls[name]}/s", "--task", "t", "--json"],
                env=self.environment, capture_output=True, timeout=LIMIT,
            )
            answer = json.loads(done.stdout)
            return answer if answer["state"] == "TS_FAILED" else None

        self.assertEqual(pull.wait(LIMIT), 11)
        for name in urls:
            error = wait_for(lambda: status(name), f"the failure of node {name}")["error"]
            self.assertIn("node four, session s, task t", error)
            self.assertIn(self.ITS_WORDS, error)

    def test_two_runs_on_shared_nodes(self):
        _, url = self.node("--", "sort")
        outputs = []
        runs = []
        for number in range(2):
            words = self.folder / f"words-{number}"
            words.write_text("".join(f"{(i * 7919 + number) % 50000}\n" for i in range(50000)))
            outputs.append((words, self.folder / f"sorted-{number}"))
            path = self.folder / f"run-{number}.yaml"
            path.write_text(f"""
                operators: {{sort: {{node: "{url}"}}}}
                inputs: {{sort.0: {words}}}
                outputs: {{sort.0: {outputs[-1][1]}}}
            """)
            runs.append(self.start("run", path))
        for run, (words, result) in zip(runs, outputs):
            self.assertEqual(run.wait(LIMIT), 0, (self.folder / "stderr").read_text())
            self.assertEqual(
                sorted(words.read_text().split()), sorted(result.read_text().split()))

    def small_disk(self):
        """A folder that takes 1 MiB."""
        small = self.folder / "small"
        small.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", small], check=True)
        self.addCleanup(subprocess.run, ["umount", small])
        return small

    @unittest.skipUnless(os.geteuid() == 0, "mounting needs root")
    def test_a_full_disk_at_a_sink(self):
        small = self.small_disk()
        path = self.pipeline(f"""
            operators: {{source: {{builtin: generate, parameters: {{bytes: 8M}}}}}}
            outputs: {{source.0: {small}/out}}
        """)
        done = self.run_headrace("run", path, expected=65)
        self.assertIn(b"No space left", done.stderr)
        self.assertEqual(list(small.iterdir()), [])
        self.assert_nothing_left()

    @unittest.skipUnless(os.geteuid() == 0, "mounting needs root")
    def test_a_full_disk_at_a_file_port(self):
        """At an input the node cannot write it, at an output the operator cannot."""
        small = self.small_disk()
        environment = {**self.environment, "TMPDIR": str(small)}
        ports = {
            "input": ("file", "cat $HEADRACE_INPUT_0", "stdout"),
            "output": ("stdin", "cat > $HEADRACE_OUTPUT_0", "file"),
        }
        for which, (taken, script, given) in ports.items():
            with self.subTest(which):
                path = self.pipeline(f"""
                    operators:
                      source: {{builtin: generate, parameters: {{bytes: 8M}}}}
                      copy:
                        command: [sh, -c, '{script}']
                        inputs: [{{name: in, via: {taken}}}]
                        outputs: [{{name: out, via: {given}}}]
                    wires: [source.0 -> copy.in]
                    outputs: {{copy.out: {self.folder}/out}}
                """)
                done = self.run_headrace("run", path, expected=10, env=environment)
                self.assertIn(b"operator copy", done.stderr)
                self.assertIn(b"No space left", done.stderr)
                self.assertFalse((self.folder / "out").exists())
                self.assert_nothing_left()
                self.assertEqual(list(small.iterdir()), [])


class Bench(CommandLineTest):
    QUICK = ("bench", "--runs", "1", "--seconds", "0.02", "--sizes", "100,64K", "--quiet")

    def test_everything_is_measured_and_written(self):
        files = {kind: self.folder / f"bench.{kind}" for kind in ("json", "html", "svg")}
        done = self.run_headrace(
            *self.QUICK, "--chain", "2", "--streams", "2", "--operator", "sh -c 'cat'",
            *(word for kind, path in files.items() for word in (f"--{kind}", path)))
        self.assertIn(b"push 64K, 2 streams", done.stdout)
        report = json.loads(files["json"].read_text())
        self.assertEqual((report["version"], report["runs"]), (1, 1))
        found = {(each["name"], each.get("size"), each.get("nodes")): each for each in report["measurements"]}
        self.assertEqual(len([each for each in report["measurements"] if each["name"] == "raw-tcp"]), 9)
        for key in (("push", 100, 1), ("push", 65536, 1), ("echo", 65536, 1), ("chain", 65536, 2),
                    ("operator", 65536, 1), ("raw-relay", None, 1), ("raw-relay", None, 2)):
            for figure in ("gb_per_s", "cpu_s_per_gb"):
                with self.subTest(key, figure=figure):
                    self.assertGreater(found[key][figure]["median"], 0)
                    self.assertEqual(len(found[key][figure]["runs"]), 1)
        self.assertGreater(found["push", 65536, 1]["limit"]["gb_per_s"]["ratio"], 0)
        self.assertGreater(found["generate-operator-discard", None, 3]["gb_per_s"]["median"], 0)
        for key in [("first-byte", 100, nodes) for nodes in (1, 2, 3, 8)] + [
                ("latency", 100, 2), ("raw-latency", 100, 2), ("about", None, 1)]:
            with self.subTest(key):
                latency = found[key]["latency_us"]
                self.assertGreater(latency["p50"], 0)
                self.assertLessEqual(latency["p50"], latency["p99"])
                self.assertLessEqual(latency["p99"], latency["max"])
                self.assertEqual(sum(count for _, count in latency["histogram"]), latency["samples"])
        self.assertGreater(found["start", None, 1]["start_to_answer_ms"]["median"], 0)
        self.assertTrue(found["memory", 65536, 1]["rss_anon_mb_over_s"])
        page = files["html"].read_text()
        self.assertIn("</html>", page)
        self.assertNotIn("<script", page)
        self.assertTrue(files["svg"].read_text().startswith("<svg"))
        self.assert_nothing_left()

    def test_a_node_that_runs(self):
        for operator in (["--builtin", "discard"], ["--", "cat"]):
            with self.subTest(operator):
                _, url = self.node(*operator)
                path = self.folder / "to.json"
                self.run_headrace(*self.QUICK, "--to", url, "--json", path)
                report = json.loads(path.read_text())
                self.assertEqual(
                    [each["name"] for each in report["measurements"]],
                    ["remote", "remote", "latency", "about"])
                # discard has nothing to give back.
                self.assertEqual("latency_us" in report["measurements"][2], operator == ["--", "cat"])
                self.assertIn("not its CPU", report["notes"][0])

    def test_a_run_that_breaks_is_no_figure(self):
        path = self.folder / "bench.json"
        done = self.run_headrace(*self.QUICK, "--operator", "false", "--json", path, expected=10)
        self.assertIn(b"exited with code 1", done.stderr)
        self.assertEqual(done.stdout, b"")
        self.assertFalse(path.exists())
        self.run_headrace(*self.QUICK, "--to", "mnp://127.0.0.1:1", expected=69)
        self.run_headrace(*self.QUICK, "--operator", "'", expected=64)
        self.run_headrace(*self.QUICK, "--sizes", "0", expected=64)
        self.assert_nothing_left()

    def test_ctrl_c_and_kill_leave_nothing(self):
        for number, code in ((signal.SIGINT, 130), (signal.SIGKILL, -signal.SIGKILL)):
            with self.subTest(number):
                process = self.start("bench", "--sizes", "64K", "--quiet")
                wait_for(
                    lambda: any("discard" in c for c in marked(str(self.folder)).values()), "a node")
                process.send_signal(number)
                self.assertEqual(process.wait(LIMIT), code)
                self.assert_nothing_left()


@unittest.skipUnless(os.geteuid() == 0, "network namespaces need root")
class Hosts(CommandLineTest):
    """Two hosts: network namespaces with a cable between them."""

    ADDRESSES = ("10.231.77.1", "10.231.77.2")

    def setUp(self):
        super().setUp()
        self.names = [f"headrace-{os.getpid()}-{side}" for side in "ab"]
        for name in self.names:
            subprocess.run(["ip", "netns", "add", name], check=True)
            self.addCleanup(subprocess.run, ["ip", "netns", "delete", name])
        ends = [f"hr{os.getpid() % 100000}{side}" for side in "ab"]
        subprocess.run(
            ["ip", "link", "add", ends[0], "netns", self.names[0], "type", "veth",
             "peer", "name", ends[1], "netns", self.names[1]], check=True)
        for name, end, address in zip(self.names, ends, self.ADDRESSES):
            for command in (["address", "add", f"{address}/24", "dev", end], ["link", "set", end, "up"],
                            ["link", "set", "lo", "up"]):
                subprocess.run(["ip", "-n", name, *command], check=True)

    def on(self, host):
        return ["ip", "netns", "exec", self.names[host]]

    def remote_node(self, *arguments):
        return self.node(
            "--listen", f"{self.ADDRESSES[1]}:0", "--insecure", *arguments, prefix=self.on(1))[1]

    def test_a_run_with_a_node_on_another_host(self):
        url = self.remote_node("--", "sort")
        words = self.folder / "words"
        words.write_text("".join(f"{i * 7919 % 50000:05}\n" for i in range(50000)))
        path = self.pipeline(f"""
            operators:
              copy: {{command: [cat]}}
              sort: {{node: "{url}"}}
              last: {{command: [tail, -n, '2']}}
            wires: [copy.out -> sort.0, sort.0 -> last.in]
            inputs: {{copy.in: {words}}}
            outputs: {{last.out: {self.folder}/out}}
        """)
        run = self.start(
            "run", path, "--advertise", f"{self.ADDRESSES[0]}:0", "--insecure", prefix=self.on(0))
        self.assertEqual(run.wait(LIMIT), 0, (self.folder / "stderr").read_text())
        self.assertEqual((self.folder / "out").read_text(), "49998\n49999\n")

    def vanish(self):
        """From now on nothing of the other host arrives: no FIN, no RST, no answer."""
        for chain in ("INPUT", "OUTPUT"):
            subprocess.run([*self.on(1), "iptables", "-A", chain, "-j", "DROP"], check=True)

    KEEPALIVE = ("--keepalive", "300ms", "--keepalive-timeout", "300ms")

    def test_a_pull_whose_node_vanishes(self):
        """Nothing is to be sent, so that TCP would wait for ever."""
        url = self.remote_node("--", "sh", "-c", "echo first; exec sleep 600")
        done = subprocess.run(
            [*self.on(0), HEADRACE, "init", f"{url}/s", "--output", ""], env=self.environment,
            capture_output=True, timeout=LIMIT)
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        pull = subprocess.Popen(
            [*self.on(0), HEADRACE, "pull", f"{url}/s/0", "--task", "t", *self.KEEPALIVE],
            env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(self.end, pull)
        self.assertEqual(pull.stdout.readline(), b"first\n")
        self.vanish()
        output, words = pull.communicate(timeout=LIMIT)
        self.assertEqual((output, pull.returncode), (b"", 69), words.decode())
        self.assertIn(b"did not answer a PING within 300 ms", words)

    def test_a_node_whose_pusher_vanishes(self):
        """Here the node is the one that would wait for ever: its task fails, and it lives on."""
        process, url = self.node(
            "--listen", f"{self.ADDRESSES[0]}:0", "--insecure", *self.KEEPALIVE, "--resume-time", "300ms",
            "--", "wc", "-c", prefix=self.on(0))
        here = [*self.on(0), HEADRACE]

        def task():
            done = subprocess.run(
                [*here, "query", f"{url}/s", "--task", "t", "--json"], env=self.environment,
                capture_output=True, timeout=LIMIT)
            return json.loads(done.stdout)

        subprocess.run(
            [*here, "init", f"{url}/s", "--input", "", "--output", ""], env=self.environment,
            check=True, capture_output=True, timeout=LIMIT)
        push = subprocess.Popen(
            [*self.on(1), HEADRACE, "push", f"{url}/s/0", "--task", "t"], env=self.environment,
            stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.addCleanup(push.stdin.close)
        self.addCleanup(self.end, push)
        push.stdin.write(b"begun")
        push.stdin.flush()
        wait_for(lambda: [each["bytes"] for each in task()["inputs"]] == [5], "the first bytes")
        self.vanish()
        status = wait_for(lambda: (now := task())["state"] == "TS_FAILED" and now, "the task to fail")
        self.assertIn("did not answer a PING within 300 ms", status["error"])
        self.assertIsNone(process.poll())

    def test_the_usual_proxy_variables(self):
        url = self.remote_node("--builtin", "echo")
        log = self.folder / "proxy.log"
        settings = self.folder / "proxy.conf"
        settings.write_text(
            f'Port 8888\nListen {self.ADDRESSES[1]}\nAllow {self.ADDRESSES[0]}\nTimeout 60\n'
            f'LogLevel Connect\nLogFile "{log}"\nPidFile "{self.folder}/proxy.pid"\n')
        proxy = subprocess.Popen(
            [*self.on(1), "tinyproxy", "-d", "-c", str(settings)], env=self.environment,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(self.end, proxy)
        probe = [*self.on(0), "bash", "-c", f"</dev/tcp/{self.ADDRESSES[1]}/8888"]
        wait_for(lambda: subprocess.run(probe, capture_output=True).returncode == 0, "the proxy")

        def about(**variables):
            before = len(re.findall("CONNECT \\S+ HTTP", log.read_text()))
            done = subprocess.run(
                [*self.on(0), HEADRACE, "about", url], env={**self.environment, **variables},
                capture_output=True, timeout=LIMIT)
            self.assertEqual(done.returncode, 0, done.stderr.decode())
            return len(re.findall("CONNECT \\S+ HTTP", log.read_text())) - before

        proxied = f"http://{self.ADDRESSES[1]}:8888"
        self.assertEqual(about(), 0)
        self.assertEqual(about(http_proxy=proxied), 1)
        self.assertEqual(about(all_proxy=proxied), 1)
        self.assertEqual(about(http_proxy=proxied, no_proxy=self.ADDRESSES[1]), 0)


if __name__ == "__main__":
    unittest.main(verbosity=2, argv=[sys.argv[0], *sys.argv[1:]])

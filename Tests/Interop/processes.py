"""Child processes of the tests: each wait is bounded, and each process is ended by its pid."""

import atexit
import faulthandler
import os
import pathlib
import signal
import socket
import subprocess
import sys
import threading
import time

# What a test may take, in seconds, before the whole run is broken off with a stack of each thread.
TEST_LIMIT = 240
# What one call, one command or one start may take, in seconds.
WAIT_LIMIT = 90

_running = set()


class Process:
    """A process whose output goes to a file; `stop` ends it whatever it does."""

    def __init__(self, command, log, environment=None):
        self.command = [str(word) for word in command]
        self.log = pathlib.Path(log)
        with open(self.log, "ab") as output:
            self.popen = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=environment,
            )
        _running.add(self)

    def started(self, condition, what):
        """Waits until it is ready; one that never is does not stay behind."""
        try:
            until(condition, what, process=self)
        except BaseException:
            self.stop()
            raise

    def wait(self, limit=WAIT_LIMIT):
        """The exit code; TimeoutExpired when the process does not end."""
        code = self.popen.wait(limit)
        _running.discard(self)
        return code

    def kill(self):
        """Ends it as a crash would."""
        self.popen.kill()
        self.wait()

    def stop(self):
        if self.popen.poll() is None:
            self.popen.terminate()
            try:
                self.popen.wait(10)
            except subprocess.TimeoutExpired:
                self.popen.kill()
        self.wait()

    def expect_alive(self):
        if self.popen.poll() is not None:
            code = self.popen.returncode
            raise AssertionError(f"{self.command} ended with {code}:\n{self.tail()}")

    def tail(self, size=4000):
        return self.log.read_bytes()[-size:].decode(errors="replace")


def until(condition, what, limit=WAIT_LIMIT, process=None):
    """Asks again and again until the condition gives something true, and returns that."""
    deadline = time.monotonic() + limit
    while True:
        result = condition()
        if result:
            return result
        if process is not None:
            process.expect_alive()
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {limit} s for {what}")
        time.sleep(0.02)


def free_tcp_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def headrace():
    """The executable to test."""
    root = pathlib.Path(__file__).resolve().parents[2]
    path = pathlib.Path(os.environ.get("HEADRACE", root / ".build/debug/headrace")).resolve()
    if not os.access(path, os.X_OK):
        raise AssertionError(f"{path} is missing: build it, or name it in HEADRACE")
    return path


def clean_environment(**changes):
    """The environment without proxies and without settings of ours, so that only flags count."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.lower().endswith("_proxy") and not name.startswith("HEADRACE")
    }
    environment.update(changes)
    return environment


class Watchdog:
    """Breaks the run off when a test takes too long: nothing that hangs may stay behind."""

    def __init__(self, limit=TEST_LIMIT):
        self._timer = threading.Timer(limit, self._abort)
        self._timer.daemon = True
        self._timer.start()

    def cancel(self):
        self._timer.cancel()

    @staticmethod
    def _abort():
        sys.stderr.write("\na test took too long; the run is broken off\n")
        faulthandler.dump_traceback(all_threads=True)
        _kill_all()
        os._exit(1)


def _kill_all():
    for process in list(_running):
        if process.popen.poll() is None:
            process.popen.kill()


# Whoever ends the run early, by Ctrl-C or SIGTERM, ends what it started.
atexit.register(_kill_all)
signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))

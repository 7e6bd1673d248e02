"""The hand-off that we replace: the same pipeline streamed, and stage by stage through files."""

import os
import pathlib
import shutil
import signal
import time

import nodes
from measure import Contestant, Work
from processes import Broken, Child, LIMIT, folder

THROTTLE = 100_000_000  # bytes a second of a throttled stage

# At most: 1 GiB through files takes minutes, and a throttle's rate repeats to the millisecond.
ROUNDS = {"throttled": 2, "cat": 3}

STAGES = {
    "cat": "{command: [cat]}",
    "throttled": f'{{builtin: throttle, parameters: {{rate: "{THROTTLE}"}}}}',
}


class Input:
    """Zeros that take no room on the disk, so that reading them is nobody's limit."""

    def __init__(self, size, place):
        self.size = size
        self.path = folder() / "input"
        with open(self.path, "wb") as file:
            file.truncate(size)
        self.place = place


def works(size, counts, place):
    """Pipelines of each count of stages, throttled and of cat; files are handed over in `place`."""
    data = Input(size, place)
    return [
        Work(f"hand-off-{kind}-{count}", f"{count} stages, {words}", ["last s", "first s", "read %"],
             [_contestant(data, kind, count, streamed) for streamed in (True, False)], warms_up=False,
             rounds=ROUNDS[kind])
        for kind, words in (("throttled", "each throttled to 100 MB/s"), ("cat", "each `cat`"))
        for count in counts
    ]


def _contestant(data, kind, count, streamed):
    pipeline = folder() / f"{kind}-{count}.yaml"
    names = [f"stage{number}" for number in range(1, count + 1)]
    stage = STAGES[kind]
    pipeline.write_text("\n".join(
        ["operators:"] + [f"  {name}: {stage}" for name in names]
        + ["wires:"] + [f"  - {a} -> {b}" for a, b in zip(names, names[1:])]
        + [f"inputs: {{{names[0]}.in: {data.path}}}", f"outputs: {{{names[-1]}.out: '-'}}", ""]))
    name = "Headrace" if streamed else "through files (--hand-off)"
    return Contestant(name, lambda _: _measure(data, kind, count, pipeline, streamed))


def _measure(data, kind, count, pipeline, streamed):
    command = [nodes.headrace(), "run", "--quiet", pipeline]
    files = pathlib.Path(data.place) / f"headrace-hand-off-{os.getpid()}"
    if not streamed:
        shutil.rmtree(files, ignore_errors=True)
        files.mkdir()
        command += ["--hand-off", files]
    limit = LIMIT + count * data.size / THROTTLE * 3
    start = time.monotonic()
    run = Child(*command)
    try:
        out = run.popen.stdout.fileno()
        buffer = bytearray(1 << 20)
        first = read_then = None
        total = 0
        while piece := os.readv(out, [buffer]):
            if first is None:
                first = time.monotonic() - start
                read_then = data.size if not streamed else _read_of(run.pid, data.path)
            total += piece
            if time.monotonic() - start > limit:
                raise Broken(f"not at its end after {limit:.0f} s")
        last = time.monotonic() - start
        run.ends_well()
    finally:
        if run.popen.poll() is None:
            # Its own nodes end with it: it has a moment to see to that.
            run.popen.send_signal(signal.SIGINT)
        run.stop()
        shutil.rmtree(files, ignore_errors=True)
    if total != data.size:
        raise Broken(f"{total} bytes of {data.size} came out")
    sample = {"first s": first, "last s": last}
    if read_then is not None:
        sample["read %"] = 100 * read_then / data.size
    return sample


def _read_of(pid, path):
    """How far a process has read a file, by the place in its open file."""
    for link in pathlib.Path(f"/proc/{pid}/fd").iterdir():
        try:
            if os.readlink(link) == str(path):
                lines = pathlib.Path(f"/proc/{pid}/fdinfo/{link.name}").read_text().splitlines()
                return int(lines[0].split()[1])
        except FileNotFoundError:
            continue
    return None

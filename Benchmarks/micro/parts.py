"""Parts of a node's work by themselves, each in a process of its own: Tests/MicroBenchmarks.

Nothing there depends on the moment but the pump, whose reads follow `cat`: all other counts repeat exactly.
"""

import itertools
import json
import os
import struct
import tempfile

from nodes import BUILD, ROOT, Broken, run

PROGRAM = ROOT / ".build/release/MicroBenchmarks"

# Key, unit, n.
PARTS = {
    "deframe-100B": ("message", 100_000),
    "deframe-64K": ("message", 100_000),
    "push-parse-100B": ("message", 100_000),
    "push-parse-64K": ("message", 100_000),
    "push-encode-100B": ("message", 100_000),
    "push-encode-64K": ("message", 100_000),
    "pull-parse-100B": ("message", 100_000),
    "pull-parse-64K": ("message", 100_000),
    "pull-encode-64K": ("message", 100_000),
    "task-life": ("task", 20_000),
    "task-fragment": ("fragment", 100_000),
    "pipe-pump": ("MiB", 256),
}


def samples(key):
    """Allocations a unit and its nanoseconds, again and again."""
    amount = PARTS[key][1]
    while True:
        once, _ = _count(key, amount)
        twice, nanoseconds = _count(key, 2 * amount)
        # What starts and ends with a process moves by one or two. (And -0.0 is nothing to show.)
        yield round((twice - once) / amount, 2) + 0.0, nanoseconds


def _count(key, amount):
    with tempfile.TemporaryDirectory(prefix="headrace-allocations-") as folder:
        counters = f"{folder}/counters"
        said = json.loads(run(str(PROGRAM), key, str(amount), LD_PRELOAD=str(BUILD / "interposer.so"),
                              ALLOCATIONS_FILE=counters))
        with open(counters, "rb") as file:
            return struct.unpack_from("=Q", file.read())[0], said["ns"]

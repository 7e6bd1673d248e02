"""Counts allocations, of parts of a node and of whole nodes, against thresholds.json.

Counts are compared, and no seconds: they mean the same on a busy machine. Where a count depends on
the moment, others' work only adds to it: what is above its threshold is counted again, some times,
and the least count stands.
"""

import argparse
import contextlib
import itertools
import json
import pathlib
import sys

import nodes
import parts

THRESHOLDS = pathlib.Path(__file__).with_name("thresholds.json")


def least(samples, limit, repeats):
    """The first sample that is not above the limit, or else the least of so many."""
    kept = []
    with contextlib.closing(samples):
        for sample in itertools.islice(samples, repeats):
            kept.append(sample)
            if sample <= limit:
                break
    return min(kept)


def part(key, limit, repeats):
    """As ``least``; and the nanoseconds, in words."""
    times = []

    def counts():
        for count, nanoseconds in parts.samples(key):
            times.append(nanoseconds)
            yield count

    return least(counts(), limit, repeats), f"{min(times):,.0f} ns" if times else ""


def main():
    keys = [*parts.PARTS, *nodes.WORKS]
    parser = argparse.ArgumentParser(prog="Benchmarks/allocations", description=__doc__)
    parser.add_argument("--repeats", type=int, default=5,
                        help="how often at most a count that is above its threshold is made")
    parser.add_argument("--json", metavar="FILE", help="the counts")
    parser.add_argument("works", nargs="*", metavar="WORK", help=", ".join(keys))
    options = parser.parse_args()
    unknown = [key for key in options.works if key not in keys]
    if unknown:
        parser.error(f"no such work: {', '.join(unknown)}; there are {', '.join(keys)}")
    if options.repeats < 1:
        parser.error("--repeats takes 1 or more")
    thresholds = json.loads(THRESHOLDS.read_text())
    counts, over = {}, []
    print(f"{'work':<17} {'allocations':>11} {'at most':>8}  for each")
    for key in options.works or keys:
        limit, time = thresholds[key], ""
        if key in parts.PARTS:
            unit = parts.PARTS[key][0]
            counts[key], time = part(key, limit, options.repeats)
        else:
            unit = nodes.WORKS[key][0]
            counts[key] = least(nodes.samples(key), limit, options.repeats)
        print(f"{key:<17} {counts[key]:>11.2f} {limit:>8g}  {unit:<15} {time}".rstrip(), flush=True)
        if counts[key] > limit:
            over.append(key)
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps(counts, indent=1) + "\n")
    if over:
        sys.exit(f"allocations: above the threshold: {', '.join(over)}")


if __name__ == "__main__":
    try:
        main()
    except nodes.Broken as error:
        sys.exit(f"allocations: {error}")
    except KeyboardInterrupt:
        sys.exit(130)

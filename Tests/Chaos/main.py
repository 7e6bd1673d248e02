"""Runs faults, several at a time, and keeps the log. scripts/chaos says how it is used."""

import argparse
import asyncio
import pathlib
import random
import sys
import tempfile
import time

import plan
import verdict
from ledger import Ledger
from scene import Scene
from stage import Stage

ROOT = pathlib.Path(__file__).resolve().parents[2]


def say(text):
    print(f"chaos: {text}", file=sys.stderr, flush=True)


def arguments():
    parser = argparse.ArgumentParser(prog="scripts/chaos", description=__doc__)
    parser.add_argument("--faults", type=int, metavar="N", help="how many")
    parser.add_argument("--seed", type=int, metavar="S", help="fault i of it has the seed S + i")
    parser.add_argument(
        "--only", action="append", choices=plan.KINDS, default=[], metavar="KIND",
        help="faults of this kind: " + ", ".join(plan.KINDS),
    )
    parser.add_argument("--log", type=pathlib.Path, default=ROOT / "out/chaos.jsonl", metavar="FILE")
    parser.add_argument("--at-once", type=int, default=8, metavar="N", help="faults in flight (8)")
    parser.add_argument("--total", action="store_true", help="the table of the whole log")
    parser.add_argument("--verbose", action="store_true", help="a line for each fault")
    chosen = parser.parse_args()
    if not chosen.total and (chosen.faults is None or chosen.faults < 1):
        parser.error("--faults N or --total")
    return chosen


class Run:
    def __init__(self, chosen, ledger, stage):
        self.chosen, self.ledger, self.stage = chosen, ledger, stage
        self.bugs = self.done = 0

    async def all(self, seeds):
        waiting = iter(seeds)

        async def worker():
            for seed in waiting:
                await self.one(seed)

        await asyncio.gather(*(worker() for _ in range(self.chosen.at_once)))

    async def one(self, seed):
        fault = plan.make(seed, self.chosen.only)
        began = time.monotonic()
        try:
            outcome, reason, fired = await Scene(fault, self.stage).play()
        except Exception:
            # No outcome: the tool's own trouble, or a node that does not start.
            say(f"broken off at: {fault.describe()} (seed {seed})")
            raise
        self.ledger.add({
            "seed": seed, "only": sorted(self.chosen.only), "kind": fault.kind,
            "nodes": fault.nodes, "size": fault.size, "fault": fault.describe(), "fired": fired,
            "outcome": outcome, "reason": reason, "seconds": round(time.monotonic() - began, 3),
        })
        self.done += 1
        is_bug = outcome in verdict.BUGS
        self.bugs += is_bug
        if is_bug or self.chosen.verbose:
            say(f"{outcome}{'' if fired else ' (not reached)'}: {fault.describe()}\n  {reason}")
        if is_bug:
            only = "".join(f" --only {kind}" for kind in self.chosen.only)
            say(f"again: scripts/chaos --faults 1 --seed {seed}{only} --log /dev/null --verbose")
        if self.done % 100 == 0:
            say(f"{self.done} done; in the log: {self.ledger.summary()}")


async def run(chosen, ledger, seeds):
    with tempfile.TemporaryDirectory(prefix="headrace-chaos-") as folder:
        stage = Stage(folder)
        work = Run(chosen, ledger, stage)
        try:
            await work.all(seeds)
        finally:
            await stage.close()
    return work.bugs


def main():
    chosen = arguments()
    ledger = Ledger(chosen.log)
    if chosen.total:
        print(ledger.table())
        return 0
    seed = random.randrange(10**9) if chosen.seed is None else chosen.seed
    seeds = range(seed, seed + chosen.faults)
    left = [each for each in seeds if not ledger.knows(each, chosen.only)]
    say(f"seed {seed}, {len(left)} of {len(seeds)} faults to do, into {chosen.log}")
    began = time.monotonic()
    bugs = asyncio.run(run(chosen, ledger, left))
    seconds = time.monotonic() - began
    say(f"seed {seed}: {len(left)} faults in {seconds:.0f} s; in the log: {ledger.summary()}")
    if bugs:
        say(f"{bugs} that must not be")
    return 1 if bugs else 0


if __name__ == "__main__":
    sys.exit(main())

"""The log of all faults, one JSON object a line, and the table of their outcomes."""

import collections
import json
import pathlib

import plan
import verdict


class Ledger:
    def __init__(self, path):
        self.path = pathlib.Path(path)
        self.entries = []
        self._known = set()
        if self.path.exists():
            for line in self.path.read_text().splitlines():
                try:
                    self._take(json.loads(line))
                except ValueError:
                    continue  # the last line of a run that was killed

    def _take(self, entry):
        self.entries.append(entry)
        self._known.add((entry["seed"], tuple(entry["only"])))

    def knows(self, seed, only):
        """Whether that fault has had its turn: a run goes on where it was."""
        return (seed, tuple(sorted(only))) in self._known

    def add(self, entry):
        self._take(entry)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with open(self.path, "a") as log:
            log.write(json.dumps(entry) + "\n")

    def table(self):
        """Markdown: a line for each kind, ours alone and mixed, a column for each outcome."""
        counts = collections.Counter()
        for entry in self.entries:
            if entry["fired"]:
                chain = "mixed" if plan.FOREIGN in entry["nodes"] else "ours alone"
                counts[entry["kind"], chain, entry["outcome"]] += 1
        head = ["Fault", "Chain", "Faults", *verdict.OUTCOMES]
        lines = [_row(head), _row(["---", "---"] + ["---:"] * (len(head) - 2))]
        for kind in (*plan.KINDS, "all"):
            kinds = plan.KINDS if kind == "all" else [kind]
            for chain in ("ours alone", "mixed"):
                row = [
                    sum(counts[each, chain, outcome] for each in kinds)
                    for outcome in verdict.OUTCOMES
                ]
                if sum(row):
                    lines.append(_row([kind, chain, sum(row), *row]))
        return "\n".join(lines)

    def summary(self):
        fired = [entry for entry in self.entries if entry["fired"]]
        counts = collections.Counter(entry["outcome"] for entry in fired)
        words = [f"{counts[outcome]} {outcome}" for outcome in verdict.OUTCOMES]
        missed = len(self.entries) - len(fired)
        return f"{len(fired)} faults: {', '.join(words)} ({missed} were not reached)"


def _row(cells):
    return "| " + " | ".join(str(cell) for cell in cells) + " |"

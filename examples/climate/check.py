"""Compares the pipeline's numbers with those of the direct computation.

usage: check.py PIPELINE.json DIRECT.json

Both are sums of the same 64-bit numbers in another order, so they may differ in the last digits
and nowhere else.
"""

import json
import sys

import numpy as np

TOLERANCE = 1e-9  # kelvin, or kelvin per century


def main():
    ours, direct = (json.load(open(path)) for path in sys.argv[1:3])
    if sorted(ours) != sorted(direct):
        sys.exit(f"scenarios differ: {sorted(ours)} and {sorted(direct)}")
    worst = 0.0
    for scenario, expected in sorted(direct.items()):
        for name, values in expected.items():
            a, b = np.array(ours[scenario][name]), np.array(values)
            if a.shape != b.shape:
                sys.exit(f"{scenario} {name}: {a.shape} values, expected {b.shape}")
            difference = float(np.abs(a - b).max())
            if not difference <= TOLERANCE:  # also catches NaN
                sys.exit(f"{scenario} {name}: differs by {difference:g}")
            worst = max(worst, difference)
    print(f"{len(direct)} scenarios equal, largest difference {worst:.1e}")


if __name__ == "__main__":
    main()

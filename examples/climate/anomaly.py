"""How much warmer than the base period: subtracts each cell's mean over those years.

base_start  first year of the base period (1860)
base_end    its last year (1889)

Years up to the end of the base period are held, since their reference does not exist before
that. From then on each year leaves as it comes, with its area-weighted mean beside it.
"""

import sys

import numpy as np

from maps import MapReader, MapWriter, area_mean, parameter


def main():
    base_start = int(parameter("base_start", "1860"))
    base_end = int(parameter("base_end", "1889"))
    if base_end < base_start:
        sys.exit(f"the base period ends in {base_end}, before it starts in {base_start}")
    reader = MapReader(sys.stdin.buffer)
    header = reader.header | {"quantity": "anomaly", "base": [base_start, base_end]}
    writer = MapWriter(sys.stdout.buffer, header, "<f8")

    def send(year, values):
        anomaly = values - reference
        writer.write({"year": year, "mean": area_mean(anomaly, reader.latitude)}, anomaly)

    held, total, count, reference = [], np.zeros(reader.shape), 0, None
    for record, values in reader:
        year = record["year"]
        if reference is not None:
            send(year, values)
            continue
        held.append((year, values))
        if base_start <= year <= base_end:
            total += values
            count += 1
        if year >= base_end:
            if count == 0:
                sys.exit(f"no year of the base period {base_start} to {base_end} in the data")
            reference = total / count
            for pair in held:
                send(*pair)
            held.clear()
    if reference is None:
        sys.exit(f"the data ended before the base period did ({base_end})")


if __name__ == "__main__":
    main()

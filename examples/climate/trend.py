"""The linear trend of each cell up to each year, in units per century.

Least squares by running sums: a new year is five additions, and no year is kept. Each record
that leaves carries the trend so far, its area-weighted mean, and the mean that came in.
"""

import sys

import numpy as np

from maps import MapReader, MapWriter, area_mean


def main():
    reader = MapReader(sys.stdin.buffer)
    header = reader.header | {"quantity": "trend", "units": reader.header["units"] + " per century"}
    writer = MapWriter(sys.stdout.buffer, header, "<f8")

    first, n, sum_t, sum_tt = None, 0, 0.0, 0.0
    sum_y, sum_ty = np.zeros(reader.shape), np.zeros(reader.shape)
    for record, values in reader:
        if first is None:
            first = record["year"]
        # Centuries since the first year: small numbers keep the sums exact.
        t = (record["year"] - first) / 100
        n += 1
        sum_t += t
        sum_tt += t * t
        sum_y += values
        sum_ty += t * values
        # One year has no trend yet; zero is what a map can be drawn from.
        spread = n * sum_tt - sum_t * sum_t
        slope = (n * sum_ty - sum_t * sum_y) / spread if n > 1 else np.zeros(reader.shape)
        writer.write(record | {"trend": area_mean(slope, reader.latitude)}, slope)


if __name__ == "__main__":
    main()

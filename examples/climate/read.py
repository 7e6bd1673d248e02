"""Reads the air temperature of a NetCDF file and streams it year by year to standard output.

input_path    the file; NetCDF needs one, so this operator has no input port
tile          repeat each map that many times from west to east, to make much of little (1)
hold_until    wait before the last year until this file exists: shows that all others are through
hold_timeout  and give up after that many seconds (60)
"""

import sys
import time
from pathlib import Path

import h5py
import numpy as np

from maps import MapWriter, parameter

HOURS_PER_YEAR = 360 * 24  # the model's calendar: twelve months of thirty days


def wait_for(path, timeout):
    deadline = time.monotonic() + timeout
    while not path.exists():
        if time.monotonic() > deadline:
            sys.exit(f"{path} did not appear within {timeout:g} s")
        time.sleep(0.05)


def main():
    tile = int(parameter("tile", "1"))
    hold_until = parameter("hold_until", "")
    with h5py.File(parameter("input_path")) as file:
        temperature = file["air_temperature"]
        # Times are in the middle of the year, counted in hours since 1970.
        years = (1970 + file["time"][:] // HOURS_PER_YEAR).astype(int).tolist()
        header = {
            "scenario": temperature.attrs["Model scenario"].decode(),
            "quantity": "air temperature",
            "units": temperature.attrs["units"].decode(),
            "latitude": file["latitude"][:].tolist(),
            "longitude": file["longitude"][:].tolist(),
            "tile": tile,
        }
        writer = MapWriter(sys.stdout.buffer, header, "<f4")
        for index, year in enumerate(years):
            if hold_until and year == years[-1]:
                wait_for(Path(hold_until), float(parameter("hold_timeout", "60")))
            writer.write({"year": year}, np.tile(temperature[index], (1, tile)))


if __name__ == "__main__":
    main()

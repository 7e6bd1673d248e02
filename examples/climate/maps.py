"""The stream that the operators hand on: one header, then one map for each year.

    {"scenario": "A1B", "units": "K", "latitude": [...], "longitude": [...], ...}\n
    {"year": 1860}\n  followed by the map, rows of numbers from south to north, no separator
    {"year": 1861}\n  ...

Lines of JSON, so that `head -1` shows what is coming; maps as raw little-endian numbers, so that
the large ones cost a copy and not a conversion. Every record is flushed: whoever reads gets a
year as soon as it exists.
"""

import json
import os
import sys

import numpy as np


def parameter(name, default=None):
    """A parameter is an environment variable; one without a default has to be there."""
    value = os.environ.get(name, "")
    if value:
        return value
    if default is None:
        sys.exit(f"the parameter {name} is missing")
    return default


class MapReader:
    """Iterates over (record, map); holds one map at a time."""

    def __init__(self, stream):
        self.stream = stream
        line = stream.readline()
        if not line:
            sys.exit("the stream ended before its header")
        self.header = json.loads(line)
        self.latitude = np.array(self.header["latitude"])
        self.dtype = np.dtype(self.header["dtype"])
        # A tiled map is the same one, repeated from west to east (read.py, `tile`).
        columns = len(self.header["longitude"]) * self.header["tile"]
        self.shape = (len(self.latitude), columns)
        self.size = self.dtype.itemsize * columns * len(self.latitude)

    def __iter__(self):
        while line := self.stream.readline():
            record = json.loads(line)
            data = self.stream.read(self.size)
            if len(data) < self.size:
                sys.exit(f"the map of {record['year']} is cut short")
            yield record, np.frombuffer(data, self.dtype).reshape(self.shape)


class MapWriter:
    """Writes the header at once and each map with a flush."""

    def __init__(self, stream, header, dtype):
        self.stream = stream
        self.dtype = np.dtype(dtype)
        self._line(header | {"dtype": self.dtype.str})
        stream.flush()

    def write(self, record, values):
        self._line(record)
        self.stream.write(np.ascontiguousarray(values, self.dtype).data)
        self.stream.flush()

    def _line(self, value):
        self.stream.write(json.dumps(value).encode() + b"\n")


def area_mean(values, latitude):
    """The mean over a map whose cells shrink towards the pole with the cosine of the latitude."""
    return float(np.average(values.mean(axis=1), weights=np.cos(np.radians(latitude))))

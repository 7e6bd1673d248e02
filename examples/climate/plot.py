"""Joins the trends of two scenarios, year by year, in one picture: a map of each and their series.

first_path    the first scenario's stream
second_path   the second's; both are read at the same time, so neither waits for the other's end
output_path   the picture (PNG), written once at the end
numbers_path  what was drawn, as JSON; nothing where it is empty
frames        a folder for pictures of the way there; none where it is empty
frame_every   one such frame after this many years (20)
"""

import json
import os
import queue
import sys
import threading
from pathlib import Path

from maps import MapReader, parameter
from picture import draw

AHEAD = 2  # years that one scenario may be ahead of the other, in memory


class Scenario:
    """One stream, read ahead by a thread, and what is kept of it."""

    def __init__(self, path):
        self.years, self.anomaly, self.trend = [], [], []
        self.header = self.map = None
        self.queue = queue.Queue(maxsize=AHEAD)
        # Opening a named pipe waits for its writer, so that is the thread's work as well.
        threading.Thread(target=self._read, args=[path], daemon=True).start()

    def _read(self, path):
        try:
            with open(path, "rb") as stream:
                reader = MapReader(stream)
                self.queue.put(reader.header)
                for item in reader:
                    self.queue.put(item)
            self.queue.put(None)
        except (SystemExit, Exception) as error:  # the main thread ends the program
            self.queue.put(error)

    def _next(self):
        item = self.queue.get()
        if isinstance(item, BaseException):
            sys.exit(f"an input failed: {item}")
        return item

    def advance(self):
        """Takes one more year; False at the end."""
        self.header = self.header or self._next()
        item = self._next()
        if item is None:
            return False
        record, values = item
        self.years.append(record["year"])
        self.anomaly.append(record["mean"])
        self.trend.append(record["trend"])
        # Of a tiled map the first tile is what there is to see.
        self.map = values[:, : len(self.header["longitude"])]
        return True

    @property
    def name(self):
        return self.header["scenario"]

    def numbers(self):
        return {
            "years": self.years,
            "anomaly": self.anomaly,
            "trend": self.trend,
            "trend_map": self.map.tolist(),
        }


def main():
    output_path = parameter("output_path")
    numbers_path = parameter("numbers_path", "")
    frames = parameter("frames", "")
    frame_every = int(parameter("frame_every", "20"))
    if frames:
        os.makedirs(frames, exist_ok=True)

    scenarios = [Scenario(parameter("first_path")), Scenario(parameter("second_path"))]
    # One year of each in turn: the threads keep both streams moving meanwhile.
    while True:
        more = [scenario.advance() for scenario in scenarios]
        if more[0] != more[1] or scenarios[0].years[-1:] != scenarios[1].years[-1:]:
            sys.exit("the two scenarios do not have the same years")
        if not more[0]:
            break
        if frames and len(scenarios[0].years) % frame_every == 0:
            # Renamed, so that a frame which can be seen is whole.
            path = Path(frames, f"{scenarios[0].years[-1]}.png")
            path.with_suffix(".part").write_bytes(draw(scenarios))
            path.with_suffix(".part").rename(path)
    if not scenarios[0].years:
        sys.exit("no years came")

    with open(output_path, "wb") as output:
        output.write(draw(scenarios))
    if numbers_path:
        with open(numbers_path, "w") as output:
            json.dump({scenario.name: scenario.numbers() for scenario in scenarios}, output)


if __name__ == "__main__":
    main()

"""Turns the readings of a weather station from Fahrenheit into Celsius.

input_path    a CSV file with a column temperature_f
output_path   the same with temperature_c in its place

An ordinary script: it opens two paths, reads the one from the front and writes the other.
"""

import csv
import os

with open(os.environ["input_path"], newline="") as source:
    with open(os.environ["output_path"], "w", newline="") as target:
        readings = csv.DictReader(source)
        names = [name.replace("temperature_f", "temperature_c") for name in readings.fieldnames]
        table = csv.DictWriter(target, names, lineterminator="\n")
        table.writeheader()
        for reading in readings:
            fahrenheit = float(reading.pop("temperature_f"))
            table.writerow(reading | {"temperature_c": f"{(fahrenheit - 32) / 1.8:.1f}"})

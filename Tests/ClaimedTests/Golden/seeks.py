"""Formats that are not read from the front."""
import os
import h5py
import pandas as pd
input_path = os.environ.get('input_path')
table_path = os.environ.get('table_path')
twice_path = os.environ.get('twice_path')
output_path = os.environ.get('output_path')
with h5py.File(input_path) as cube:
    print(cube)
size = os.path.getsize(table_path)
table = pd.read_csv(table_path)
for _ in range(2):
    pass
a, b = open(twice_path), open(twice_path)
table.to_parquet(output_path)

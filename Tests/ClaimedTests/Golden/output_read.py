"""Reads what C3 takes for an output."""
import os
source = os.environ['input_path']
os.environ['result'] = source

"""Ends with a command whose status nobody asks for."""
import os
import subprocess
command = 'convert ' + os.getenv('input_path') + ' ' + os.getenv('output_path')
subprocess.run(['true'])
subprocess.run(['true'], check=True)
status = os.system('true')
if status != 0:
    raise SystemExit(status)
os.system(command)

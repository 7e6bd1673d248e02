"""
Counts the words of a text.
"""

# pip install numpy pandas
import os

# path of the text
input_path = os.environ.get('input_path')
# path of the table
output_path = os.getenv("output_path", "counts.csv")
# at least so many
least = int(os.getenv('least', '2'))
# share of the total
share = float(os.environ.get('share', 0.5))
# with a header
header = bool(os.getenv('header', False))

with open(input_path) as source, open(output_path, 'w') as target:
    target.write(str(len(source.read().split())))

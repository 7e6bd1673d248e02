"""A call over several lines."""
import os
# how many
count = int(
    os.getenv(
        'count',  # a whole number
        '7',
    )
)
path = os.environ.get(
    "input_path", os.path.join('data',
                               'in.csv'))

"""Inside of f-strings."""
import os
where = f"{os.environ['data_dir']}/{os.getenv('file_name', 'x.csv')}"
text = f'{{os.getenv("no")}} {os.getenv("yes", "1"):>{int(os.getenv("width", "8"))}}'

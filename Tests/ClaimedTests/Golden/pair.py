"""A folder and a file's name."""
import os
# folder of the data
data_dir = os.environ.get('data_dir', './data/')
# name of the file in it
file_name = os.environ.get('file_name', 'data.csv')
target_dir = os.getenv('target_dir')
target_name = os.getenv('target_name')
with open(os.path.join(data_dir, file_name)) as source:
    with open(target_dir + target_name, 'w') as target:
        target.write(source.read())

"""Names that are computed."""
import os
for name in ('a', 'b'):
    print(os.environ[name])
c = os.getenv('prefix_' + 'c')
d = os.getenv(f'{c}')
e = os.getenv('e' 'f', '1')

"""Benchmarks/notes.md: what people have written on the figures, into the page of each run.

`{{WORK | CONTESTANT | METRIC}}` there is that median of the run, and `{{WORK | CONTESTANT / OTHER |
METRIC}}` the ratio of two; a name that ends in `*` is the best of all that begin so.
"""

import re

from processes import ROOT
from svg import short

FILE = ROOT / "Benchmarks/notes.md"
_FIGURE = re.compile(r"\{\{([^|{}]+)\|([^|{}]+)\|([^|{}]+)\}\}")
# What the file says of itself, to those who edit it.
_COMMENT = re.compile(r"<!--.*?-->\s*", re.DOTALL)


def text(it):
    """With the figures of the run."""
    return _FIGURE.sub(lambda match: _figure(it, *map(str.strip, match.groups())),
                       _COMMENT.sub("", FILE.read_text())).strip()


def _figure(it, work, name, metric):
    ours, _, other = name.partition(" / ")
    value = it.ratio(work, other, metric, ours=ours) if other else it.of(work, ours, metric)
    # The run may have been of other works.
    return "(not measured in this run)" if value is None else short(value)

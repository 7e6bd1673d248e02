"""The rows that a run ends in, as a table of text or Markdown and as JSON."""

import dataclasses

from measure import OURS, Result, Work
from svg import short


@dataclasses.dataclass
class Row:
    work: str
    name: str
    figures: dict  # metric: Figure
    ratio: float | None  # of the deciding metric: theirs to ours
    error: str
    is_ours: bool


def rows(works, results):
    made = []
    for work in works:
        of_work = results[work.key]
        ours = next((name for name in of_work if name == OURS), None)
        decisive = work.metrics[0]
        base = of_work[ours].figure(decisive) if ours else None
        for name, result in of_work.items():
            figures = {metric: figure for metric in work.metrics if (figure := result.figure(metric))}
            figure = figures.get(decisive)
            ratio = figure.median / base.median if figure and base and base.median else None
            made.append(Row(work.key, name, figures, ratio, result.error, name == ours))
    return made


def words_of(figure):
    return f"{short(figure.median)} [{short(figure.low)} .. {short(figure.high)}]"


def text(works, all_rows):
    """One table for standard output."""
    lines = []
    for work in works:
        lines += ["", f"{work.title}"]
        for row in (each for each in all_rows if each.work == work.key):
            if row.error:
                lines.append(f"  {row.name:<44} broke: {row.error}")
                continue
            cells = "  ".join(f"{metric} {words_of(figure)}" for metric, figure in row.figures.items())
            ratio = "" if row.ratio is None else f"  {row.ratio:.2f} of ours"
            lines.append(f"  {row.name:<44} {cells}{ratio}")
    return "\n".join(lines)


def markdown(work, all_rows):
    of_work = [row for row in all_rows if row.work == work.key]
    if len(of_work) == 1:
        # There is nobody to compare with.
        head = [*work.metrics]
    else:
        head = [*work.metrics, f"{work.metrics[0]}, to ours"]
    lines = [f"| | {' | '.join(head)} |", "|---|" + "---|" * len(head)]
    for row in of_work:
        name = f"**{row.name}**" if row.is_ours else row.name
        if row.error:
            lines.append(f"| {name} | broke: {row.error} |" + " |" * (len(head) - 1))
            continue
        cells = [words_of(row.figures[metric]) if metric in row.figures else "–"
                 for metric in work.metrics]
        if len(of_work) > 1:
            cells.append("–" if row.ratio is None else f"{row.ratio:.2f}")
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def as_json(settings, works, results):
    return {
        **settings,
        "works": [
            {"key": work.key, "title": work.title, "metrics": work.metrics,
             "results": [
                 {"name": name, "error": result.error or None, "samples": result.samples}
                 for name, result in results[work.key].items()]}
            for work in works],
    }


def from_json(run):
    """The settings, the works (which nobody does any more) and the results of `as_json`."""
    works = [Work(each["key"], each["title"], each["metrics"], []) for each in run["works"]]
    results = {each["key"]: {one["name"]: Result(one["samples"], one["error"] or "")
                             for one in each["results"]} for each in run["works"]}
    return {name: value for name, value in run.items() if name != "works"}, works, results

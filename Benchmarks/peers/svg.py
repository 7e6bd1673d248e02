"""Bars with their spread, as SVG: all the plotting that the page needs."""

from xml.sax.saxutils import escape

ROW, LEFT, RIGHT, TOP, WIDTH = 24, 250, 110, 46, 820
OURS_FILL, PEER_FILL, SPREAD = "#1f6feb", "#a9b1bc", "#30363d"


def bars(title, unit, groups):
    """`groups`: [(heading, [(label, median, low, high, is_ours)])]; a scale from 0 for each group."""
    groups = [(heading, rows) for heading, rows in groups if rows]
    y, parts = TOP, []
    for heading, rows in groups:
        scale = (WIDTH - LEFT - RIGHT) / (max(row[3] for row in rows) or 1)
        parts.append(_text(12, y + 16, heading, weight="bold"))
        y += ROW
        for label, median, low, high, is_ours in rows:
            middle = y + ROW / 2
            parts.append(_text(LEFT - 8, middle + 4, label, anchor="end"))
            parts.append(f'<rect x="{LEFT}" y="{y + 4}" width="{median * scale:.1f}" '
                         f'height="{ROW - 8}" fill="{OURS_FILL if is_ours else PEER_FILL}"/>')
            parts.append(f'<line x1="{LEFT + low * scale:.1f}" x2="{LEFT + high * scale:.1f}" '
                         f'y1="{middle}" y2="{middle}" stroke="{SPREAD}" stroke-width="1.5"/>')
            parts.append(_text(LEFT + max(high, median) * scale + 6, middle + 4, short(median)))
            y += ROW
        y += 8
    head = (f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{y + 8}" '
            f'viewBox="0 0 {WIDTH} {y + 8}" font-family="sans-serif" font-size="12">'
            f'<rect width="100%" height="100%" fill="white"/>')
    return "\n".join([head, _text(12, 24, f"{title} ({unit})", size=15, weight="bold"), *parts,
                      "</svg>", ""])


def short(value):
    """Three digits that count."""
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def _text(x, y, text, anchor="start", weight="normal", size=12):
    return (f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-weight="{weight}" '
            f'font-size="{size}" fill="#1b1f24">{escape(text)}</text>')

"""Draws the picture of what plot.py has so far: two maps above, two series below.

What is drawn only needs the stream's header, the years, their anomalies and the latest map.
"""

import io

import matplotlib

matplotlib.use("Agg")  # a file is all there is to draw on
import numpy as np
from matplotlib import pyplot as plt
from matplotlib.collections import LineCollection

from coast import COAST

LIMIT = 4.0  # kelvin per century, at both ends of the colours
INK, PALE = "#22303c", "#8a97a3"
COLOURS = ["#c2403a", "#2f6f9f"]
LABELS = {"A1B": "A1B · emissions go on", "E1": "E1 · emissions fall"}


def project(longitude, latitude):
    """Albers' conic projection of North America: equal areas, as the means weigh them."""
    south, north, centre = np.radians([25.0, 52.0, 38.0])
    n = (np.sin(south) + np.sin(north)) / 2
    c = np.cos(south) ** 2 + 2 * n * np.sin(south)
    radius = np.sqrt(c - 2 * n * np.sin(np.radians(latitude))) / n
    angle = n * np.radians(np.asarray(longitude) + 90)
    return radius * np.sin(angle), np.sqrt(c - 2 * n * np.sin(centre)) / n - radius * np.cos(angle)


def edges(centres):
    """The borders of cells that are as wide as they are apart."""
    half = (centres[1] - centres[0]) / 2
    return np.append(centres - half, centres[-1] + half)


def draw_map(axes, scenario, colour):
    header = scenario.header
    longitude = edges(np.array(header["longitude"]) - 360)
    latitude = edges(np.array(header["latitude"]))
    x, y = project(*np.meshgrid(longitude, latitude))
    mesh = axes.pcolormesh(
        x, y, scenario.map, cmap="RdBu_r", vmin=-LIMIT, vmax=LIMIT, rasterized=True
    )
    west, east, south, north = longitude[0], longitude[-1], latitude[0], latitude[-1]
    side = np.linspace(0, 1, 60)
    around = np.concatenate([
        np.column_stack(project(west + (east - west) * side, np.full(60, south))),
        np.column_stack(project(np.full(60, east), south + (north - south) * side)),
        np.column_stack(project(east + (west - east) * side, np.full(60, north))),
        np.column_stack(project(np.full(60, west), north + (south - north) * side)),
    ])
    frame = plt.Polygon(around, closed=True, fill=False, edgecolor=PALE, linewidth=0.8)
    axes.add_patch(frame)
    mesh.set_clip_path(frame)
    meridians = [
        np.column_stack(project(np.full(60, lon), south + (north - south) * side))
        for lon in range(-130, -45, 20)
    ]
    parallels = [
        np.column_stack(project(west + (east - west) * side, np.full(60, lat)))
        for lat in range(20, 60, 10)
    ]
    coast = [np.column_stack(project(*np.array(line).T)) for line in COAST]
    for lines, width, tint in [(meridians + parallels, 0.4, "#22303c30"), (coast, 0.8, INK)]:
        collection = LineCollection(lines, colors=tint, linewidths=width, capstyle="round")
        axes.add_collection(collection)
        collection.set_clip_path(frame)
    axes.set_aspect("equal")
    axes.margins(0.01)
    axes.axis("off")
    axes.set_title(
        LABELS.get(scenario.name, scenario.name), color=colour, fontsize=12, weight="bold", pad=4
    )
    return mesh


def draw_series(axes, scenarios):
    base = scenarios[0].header["base"]
    axes.axhline(0, color=PALE, linewidth=0.8)
    axes.axvspan(base[0] - 0.5, base[1] + 0.5, color="#eef1f4", linewidth=0)
    axes.text(sum(base) / 2, 0.97, "base period", transform=axes.get_xaxis_transform(),
              ha="center", va="top", color=PALE, fontsize=8.5)
    ends = []
    for scenario, colour in zip(scenarios, COLOURS):
        years, anomaly = np.array(scenario.years), np.array(scenario.anomaly)
        axes.plot(years, anomaly, color=colour, linewidth=0.8, alpha=0.45)
        # A running mean of eleven years, as far as there are years on both sides.
        if len(years) > 11:
            smooth = np.convolve(anomaly, np.ones(11) / 11, mode="valid")
            axes.plot(years[5:-5], smooth, color=colour, linewidth=2.2, solid_capstyle="round")
        ends.append((anomaly[-11:].mean(), scenario, colour))
    apart = abs(ends[0][0] - ends[1][0]) > 0.5
    for level, scenario, colour in ends if apart else []:
        axes.annotate(f"{scenario.name}  {level:+.1f} K", (scenario.years[-1], level),
                      xytext=(6, 0), textcoords="offset points", va="center", color=colour,
                      fontsize=11, weight="bold", annotation_clip=False)
    axes.set_xlim(1858, 2101)
    axes.set_ylim(-1.2, 5.8)
    axes.set_ylabel("K above the base period", color=INK, fontsize=9)
    axes.tick_params(colors=INK, labelsize=9, length=3)
    axes.yaxis.grid(True, color="#e3e7eb", linewidth=0.6)
    axes.set_axisbelow(True)
    for side, spine in axes.spines.items():
        spine.set_visible(side == "bottom")
        spine.set_color(PALE)


def draw(scenarios):
    """The picture of all years so far, as PNG."""
    figure = plt.figure(figsize=(10, 6.4), dpi=110, facecolor="white")
    first, last = scenarios[0].years[0], scenarios[0].years[-1]
    figure.text(0.03, 0.955, f"Air temperature over North America, {first} to {last}",
                fontsize=16, weight="bold", color=INK, va="center")
    figure.text(0.03, 0.915, "One model, two futures: above the linear trend of each cell, below "
                "the mean over the area, year by year", fontsize=10, color=PALE, va="center")
    for index, (scenario, colour) in enumerate(zip(scenarios, COLOURS)):
        mesh = draw_map(figure.add_axes([0.03 + index * 0.45, 0.43, 0.43, 0.43]), scenario, colour)
    bar = figure.colorbar(mesh, cax=figure.add_axes([0.945, 0.46, 0.011, 0.29]), extend="both")
    bar.set_ticks([-4, -2, 0, 2, 4])
    bar.outline.set_visible(False)
    bar.ax.tick_params(colors=INK, labelsize=8.5, length=0)
    bar.ax.set_title("K per\ncentury", fontsize=8.5, color=INK, pad=8)
    draw_series(figure.add_axes([0.06, 0.06, 0.81, 0.34]), scenarios)
    png = io.BytesIO()
    figure.savefig(png, format="png")
    plt.close(figure)
    return png.getvalue()

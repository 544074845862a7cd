"""The picture of an evaluation: nDCG by model, and the hit rate by how much was known of the user."""

from pathlib import Path

from recommender_service.infrastructure.learning.evaluation.report import OURS, Report


class NoPlotting(Exception):
    """What draws is not installed."""


def draw(report: Report, file: Path) -> None:
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise NoPlotting("a plot needs matplotlib: pip install 'reelmesh[evaluation]'") from None
    figure = Figure(figsize=(11, 4.5), layout="constrained")
    by_model, by_likes = figure.subplots(1, 2)
    colours = ["tab:blue" if row.name.startswith(OURS) else "silver" for row in report.rows]
    bars = by_model.barh([row.name for row in report.rows], [row.figures["ndcg@10"] for row in report.rows], color=colours)
    by_model.bar_label(bars, fmt="%.3f", padding=3)
    by_model.set_xlabel("nDCG@10")
    by_model.margins(x=0.15)
    for row in report.rows:
        ours = row.name.startswith(OURS)
        points = [str(least) for least, _, _ in row.by_likes]
        rates = [rate for _, rate, _ in row.by_likes]
        by_likes.plot(points, rates, marker="o" if ours else None, linewidth=2 if ours else 1, label=row.name)
    by_likes.set_xlabel("known likes, from")
    by_likes.set_ylabel("hit rate at 10")
    by_likes.set_ylim(bottom=0)
    by_likes.legend(fontsize="x-small")
    figure.suptitle(f"{report.data}, {report.protocol}, mean of {report.seeds} seeds")
    figure.savefig(file, dpi=120)

"""`python -m recommender_service.infrastructure.learning.evaluation PATH`: what `reelmesh evaluate` runs."""

import argparse
import json
import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table

from movielens.errors import NoDataSet
from recommender_service.infrastructure.learning.errors import ArtefactNotWritten, NothingToLearn
from recommender_service.infrastructure.learning.evaluation.movielens_data import read
from recommender_service.infrastructure.learning.evaluation.plot import NoPlotting, draw
from recommender_service.infrastructure.learning.evaluation.protocols import PROTOCOLS
from recommender_service.infrastructure.learning.evaluation.report import OURS, Report, evaluate

_COLUMNS = ("ndcg@10", "recall@20", "map@10", "hr@10", "coverage@10", "novelty@10", "train_seconds")


def main() -> int:
    parser = argparse.ArgumentParser(prog="reelmesh evaluate")
    parser.add_argument("path", type=Path)
    parser.add_argument("--protocol", choices=[*PROTOCOLS], default="user80")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--plot", type=Path)
    parser.add_argument("--without-baselines", action="store_true")
    options = parser.parse_args()
    told = Console(stderr=True, highlight=False)
    try:
        with told.status("reading") as status:
            data = read(options.path)
            if data.skipped:
                told.print(f"{data.skipped:,} ratings could not be read and are left out")
            report = evaluate(data, options.protocol, options.seeds, status.update, baselines=not options.without_baselines)
        if options.plot is not None:
            draw(report, options.plot)
    except (NoDataSet, NothingToLearn, ArtefactNotWritten, NoPlotting, OSError) as error:
        told.print(f"reelmesh: {error}", soft_wrap=True)
        return 1
    except KeyboardInterrupt:
        return 130
    if options.json:
        print(json.dumps(report.as_json(), indent=2))
    else:
        Console().print(_table(report))
    return 0


def _table(report: Report) -> Table:
    table = Table(title=f"{report.data}, {report.protocol}, mean of {report.seeds} seeds", title_justify="left")
    table.add_column("model")
    for column in _COLUMNS:
        table.add_column(column.replace("_", " "), justify="right")
    for row in report.rows:
        digits = [f"{row.figures[column]:.1f}" if column == "train_seconds" else f"{row.figures[column]:.3f}" for column in _COLUMNS]
        table.add_row(row.name, *digits, style="bold" if row.name == OURS else None)
    return table


if __name__ == "__main__":
    sys.exit(main())

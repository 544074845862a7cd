"""The recommender against its targets: how well it foretells MovieLens, how quickly it answers and learns.

`python -m bench.recsys [--seeds 3] [--latest-small PATH] [--json FILE]`. MovieLens 100k is downloaded once into build/bench;
latest-small is taken from PATH, $REELMESH_MOVIELENS or a copy of shared/ beside the project, and left out without. Ten minutes or so.
"""

import argparse
from pathlib import Path

from threadpoolctl import threadpool_limits

from bench.measuring import show
from bench.recommender.datasets import latest_small, movielens_100k
from bench.recommender.foretelling import foretelling
from bench.recommender.speed import serving, training_a_million

_HUNDRED_K = {"ndcg@10": 0.202, "recall@20": 0.284, "map@10": 0.109, "coverage@10": 0.30}
_SMALL = {"ndcg@10": 0.130, "recall@20": 0.195, "map@10": 0.064}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--latest-small", type=Path, metavar="PATH")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    # A list is too little work to be shared between threads, and the two towers of a training are threads themselves.
    with threadpool_limits(1):
        figures = foretelling(movielens_100k(), "ml-100k", options.seeds, _HUNDRED_K, whole=True)
        if small := latest_small(options.latest_small):
            figures += foretelling(small, "ml-latest-small", options.seeds, _SMALL, whole=False)
        figures += training_a_million()
        figures += serving()
    show(f"Recommender, mean of {options.seeds} seeds", figures, options.json)


if __name__ == "__main__":
    main()

"""The features of movies as a sparse matrix: a row for each movie, a column for each name, ones."""

from collections.abc import Sequence

import numpy as np
import scipy.sparse as sp

from recommender_service.infrastructure.learning.data import Catalogue, Features

_NONE = Features()


def feature_table(items: Sequence[str], catalogue: Catalogue) -> tuple[tuple[str, ...], sp.csr_matrix]:
    """The names of the columns, and the matrix."""
    columns: dict[str, int] = {}
    ends, found = [0], []
    for item in items:
        names = dict.fromkeys(catalogue.features.get(item, _NONE).names)
        found += [columns.setdefault(name, len(columns)) for name in names]
        ends.append(len(found))
    return tuple(columns), ones(np.array(ends, np.int32), np.array(found, np.int32), len(columns))


def ones(ends: np.ndarray, columns: np.ndarray, width: int) -> sp.csr_matrix:
    return sp.csr_matrix((np.ones(len(columns), np.float32), columns, ends), shape=(len(ends) - 1, width))


def with_identity(features: sp.csr_matrix) -> sp.csr_matrix:
    """What LightFM takes: a column for each movie itself, then its features."""
    return sp.hstack([sp.identity(features.shape[0], dtype=np.float32, format="csr"), features], format="csr", dtype=np.float32)

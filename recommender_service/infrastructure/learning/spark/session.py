"""A Spark session, and what it found as arrays.

Arrays come as bytes from the workers: rows as Python objects would take ten times as much.
"""

import os
import shutil
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import numpy as np
from numpy.typing import DTypeLike, NDArray

from recommender_service.infrastructure.learning.errors import BackendMissing

_LOOPBACK: Final = "127.0.0.1"


@contextmanager
def session(master: str) -> Iterator[Any]:
    """Everything else (memory, executors) is said by Spark's own configuration, in `SPARK_CONF_DIR`. Raises BackendMissing."""
    try:
        from pyspark.sql import SparkSession
    except ImportError as error:
        raise BackendMissing("pyspark is not installed: pip install 'reelmesh[spark]'") from error
    if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
        raise BackendMissing("Spark needs Java, and there is none")
    os.environ["PYSPARK_PYTHON"] = os.environ["PYSPARK_DRIVER_PYTHON"] = sys.executable
    builder = (
        SparkSession.builder.appName("reelmesh training")
        .master(master)
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
    )
    if master.startswith("local"):
        builder = builder.config("spark.driver.bindAddress", _LOOPBACK).config("spark.driver.host", _LOOPBACK)
        builder = builder.config("spark.sql.shuffle.partitions", 2 * (os.cpu_count() or 1))
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    try:
        yield spark
    finally:
        spark.stop()


def columns(frame: Any, *kinds: DTypeLike) -> Sequence[NDArray[Any]]:
    """The columns of a frame of numbers, in no order of rows. An array of numbers in a column makes a row of an array with two axes."""

    def packed(rows: Iterable[Any]) -> Iterator[list[tuple[bytes, tuple[int, ...]]]]:
        found = [np.array(column, kind) for column, kind in zip(zip(*rows, strict=True), kinds, strict=False)]
        if found:
            yield [(each.tobytes(), each.shape) for each in found]

    parts = frame.rdd.mapPartitions(packed).collect()
    found = []
    for column, kind in enumerate(kinds):
        arrays = [np.frombuffer(part[column][0], kind).reshape(part[column][1]) for part in parts]
        found.append(np.concatenate(arrays) if arrays else np.zeros(0, kind))
    return found

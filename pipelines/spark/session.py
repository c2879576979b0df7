"""A session of Spark's with the settings that translated SQL relies on.

pyspark and Java are optional, so both are looked for here, when a session is asked for.
"""

from __future__ import annotations

import importlib.util
import shutil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

SETTINGS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.timestampType": "TIMESTAMP_NTZ",
    # Overflow and bad casts are errors, not nulls.
    "spark.sql.ansi.enabled": "true",
    # Otherwise the scale of a product of decimals shrinks where its precision is large.
    "spark.sql.decimalOperations.allowPrecisionLoss": "false",
    # A view of many CASEs ran the optimizer out of memory.
    "spark.sql.constraintPropagation.enabled": "false",
    # Spark 4.1 makes an invalid plan with it where a CTE is read twice in a union (int_identity_links__collected).
    "spark.sql.optimizer.excludedRules": "org.apache.spark.sql.catalyst.optimizer.RemoveRedundantAliases",
}


class SparkMissingError(RuntimeError):
    """Java or pyspark is not installed; the message says which, and how to install it."""


def missing() -> str | None:
    """What is missing to run Spark on this machine, and how to install it; None where nothing is."""
    if importlib.util.find_spec("pyspark") is None:
        return 'pyspark is not installed: run `pip install "ai-workforce-scorecard[spark]"`.'
    if shutil.which("java") is None:
        return "no `java` is on the PATH: install Java 17, such as Debian's openjdk-17-jre-headless."
    return None


def session(master: str, memory: str = "1g", cores: int = 2) -> SparkSession:
    """The session of this process on the cluster `master`, such as `local[2]` or `spark://host:7077`.

    `memory` is the driver's, as Java writes it; `cores` is how many parts a shuffle has.

    Raises:
        SparkMissingError: pyspark or Java is not installed.
    """
    if reason := missing():
        raise SparkMissingError(reason)
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.master(master).appName("ai-workforce-scorecard")
    builder = builder.config("spark.driver.memory", memory).config("spark.ui.enabled", "false")
    builder = builder.config("spark.sql.shuffle.partitions", str(cores)).config("spark.log.level", "ERROR")
    for key, value in SETTINGS.items():
        builder = builder.config(key, value)
    return builder.getOrCreate()

"""10 million predictions with labels, and 10 million rows of 20 features: the accuracy and drift marts together.

The two halves are `bench.quality` and `bench.drift`, each with its peer; here they are timed as one, which is what
a day of a model that is watched for both costs beside the bare scans of its logs.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from bench import Figure, drift, quality, ratio
from pipelines.settings import Settings

PAIRS = 3
RATIO = 3.0


def run() -> Iterator[Figure]:
    """The ratio of both pipelines to bare SQL over the files of both."""
    with TemporaryDirectory(prefix="bench-ten-million-") as folder:
        labelled, watched = quality.home(Path(folder) / "quality"), drift.home(Path(folder) / "drift")

        def ours(_: Settings) -> None:
            quality.pipeline(labelled)
            drift.pipeline(watched)

        def peer(_: Settings) -> None:
            quality.by_hand(labelled)
            drift.by_hand(watched)

        yield ratio(
            "accuracy and drift marts together, against bare SQL",
            ours,
            peer,
            labelled,
            RATIO,
            PAIRS,
            f"{quality.ROWS:,} predictions with labels, {drift.ROWS:,} rows of {drift.FEATURES} features",
        )

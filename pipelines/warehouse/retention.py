"""Removal of file versions that were read by former versions of their source and that nothing needs any more.

Old publications go when a new one is made (`publish`), Dagster's history by `orchestration.retention`.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterable

from pipelines.settings import Settings
from pipelines.sources.spec import Source
from pipelines.warehouse.connect import writer
from pipelines.warehouse.intake import version_of


def collect(settings: Settings, sources: Iterable[Source]) -> int:
    """Remove file versions read by a former version of their source; returns how many.

    Kept are those that a table still shows, those of a present file until it is read again, and all others for
    `history_days`: going back to last week's code does not read every file again.
    """
    oldest = time.time() - settings.history_days * 86_400
    removed = 0
    with writer(settings, "removing former file versions") as connection:
        needed = set(
            connection.execute(
                "select source, reader_version, content_id from ledger.files where status = 'loaded' "
                "union select source, reader_version, content_id from ledger.external_days"
            ).fetchall()
        )
        for source in sources:
            for folder in (settings.warehouse_dir / "intake" / source.name).glob("*/*"):
                version = folder.parent.name
                if version == version_of(source) or (source.name, version, folder.name) in needed:
                    continue
                if folder.stat().st_mtime < oldest:
                    shutil.rmtree(folder)
                    removed += 1
    return removed

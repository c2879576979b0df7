"""Landing assets: a source's files, ingested once per file version. One unpartitioned asset per source.

A file may hold any days; which ones it made stale, the ledger knows afterwards.
"""

import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

import dagster as dg

from pipelines.orchestration.describe import owners, table
from pipelines.orchestration.pulls import pull_keys
from pipelines.orchestration.retries import retried
from pipelines.orchestration.warehouse import WAREHOUSE
from pipelines.settings import Settings
from pipelines.sources.spec import Source
from pipelines.warehouse.connect import writer
from pipelines.warehouse.incomplete import incomplete_sentences
from pipelines.warehouse.intake import take_in
from pipelines.warehouse.ledger import FileReport
from pipelines.warehouse.status import Freshness, RejectedFile, freshness, rejected_files

log = logging.getLogger(__name__)

GROUP = "landing"
CHECK = "files_readable"
FRESH = "data_fresh"


def landing_key(source: str) -> dg.AssetKey:
    """`landing/<source>`."""
    return dg.AssetKey([GROUP, source])


def landing_asset(settings: Settings, source: Source) -> dg.AssetsDefinition:
    """The asset of the source's landing files."""
    key = landing_key(source.name)

    @dg.asset(
        key=key,
        deps=pull_keys(settings, source.name),
        group_name=GROUP,
        description=f"{source.title}: the files in the landing folder.\n\n{source.description}",
        owners=owners(source.owner),
        kinds={form.container for form in source.formats},
        tags={"source": source.name},
        metadata={
            "landing folder": str(settings.place_of(source.name)),
            "files": ", ".join(settings.globs(source.name, source.glob)),
            "formats": ", ".join(form.name for form in source.formats),
        },
        freshness_policy=dg.FreshnessPolicy.time_window(fail_window=source.fresh_within),
        required_resource_keys={WAREHOUSE},
        check_specs=[
            dg.AssetCheckSpec(
                CHECK, asset=key, description="Every file in the landing folder is readable and matches a format."
            ),
            dg.AssetCheckSpec(
                FRESH, asset=key, description=f"The newest day ended no more than {_hours(source.fresh_within)} ago."
            ),
        ],
    )
    def landing(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[None]]:
        with retried(context):
            reports = take_in(settings, source)
            with writer(settings, f"looking for rejected files of {source.name}") as connection:
                rejected = rejected_files(connection, settings, [source])
                age = freshness(connection, source, datetime.now(UTC))
                incomplete = incomplete_sentences(connection, settings, source)
        for file in rejected:
            context.log.error(f"{file.status}: {file.message}")
        for line in incomplete:
            context.log.warning(line)
            log.warning(line)
        yield _materialized(source, reports, rejected, age, incomplete)

    return landing


def _materialized(
    source: Source,
    reports: Sequence[FileReport],
    rejected: Sequence[RejectedFile],
    age: Freshness,
    incomplete: Sequence[str],
) -> dg.MaterializeResult[None]:
    """The result for the files, with its two checks: none rejected, none too old."""
    broken = table(["file", "status", "why, and what to do"], [(f.path, f.status, f.message) for f in rejected])
    return dg.MaterializeResult(
        metadata={
            "files new or changed": len(reports),
            "rows read": sum(r.rows_read for r in reports),
            "rows loaded": sum(r.rows_loaded for r in reports),
            "rows quarantined": sum(r.rows_quarantined for r in reports),
            "rows skipped": sum(r.rows_skipped for r in reports),
            **({"why rows were skipped": _skipped(reports)} if any(r.rows_skipped for r in reports) else {}),
            "newest day": str(age.newest_day or "none"),
            **({"rejected files": broken} if rejected else {}),
            **({"incomplete exports": _lines(incomplete)} if incomplete else {}),
        },
        check_results=[
            dg.AssetCheckResult(
                passed=not rejected,
                check_name=CHECK,
                severity=dg.AssetCheckSeverity.ERROR,
                description="; ".join(f.message for f in rejected) or None,
                metadata={"rejected files": broken} if rejected else {},
            ),
            dg.AssetCheckResult(
                passed=age.is_fresh is not False,
                check_name=FRESH,
                severity=dg.AssetCheckSeverity.WARN,
                description=f"The newest day is {age.newest_day or 'none'}, expected one that ended no more than "
                f"{_hours(source.fresh_within)} ago. Is the export still running?"
                if age.is_fresh is False
                else None,
                metadata={"newest day": str(age.newest_day or "none")},
            ),
        ],
    )


def _lines(texts: Sequence[str]) -> dg.MetadataValue:
    return table(["what, and what to do"], [[text] for text in texts])


def _skipped(reports: Sequence[FileReport]) -> dg.MetadataValue:
    reasons = sum((Counter(report.skip_reasons) for report in reports), Counter[str]())
    return table(["reason", "rows"], reasons.most_common())


def _hours(span: timedelta) -> str:
    return f"{span / timedelta(hours=1):g} hours"

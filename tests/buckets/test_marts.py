"""A company has the same marts, whether its exports are in a folder, or in a bucket and a folder."""

from __future__ import annotations

import shutil
from pathlib import Path

from pipelines.catalog.load import load_catalog
from pipelines.settings import Settings
from pipelines.sources import all_sources
from pipelines.warehouse.connect import kept_open, writer
from pipelines.warehouse.days import replace_days
from pipelines.warehouse.incomplete import incomplete_sentences
from pipelines.warehouse.intake import take_in
from pipelines.warehouse.status import companions, status
from pipelines.warehouse.transform import build
from tests.buckets.servers import S3
from tests.cases.case import Case
from tests.cases.home import build_shared
from tests.integration.conftest import failures

CASES = [
    Case(name)
    for name in (
        "aws-part-that-did-not-arrive",
        "jira-moved-to-another-project",
        "log-environment-is-a-folder",
        "pagerduty-reopened",
        "typeform-form-by-folder",
    )
]
"""Of what is read from paths, manifests and links between systems."""


def marts(settings: Settings) -> dict[str, list[tuple[object, ...]]]:
    with writer(settings, "reading the marts") as connection:
        names = connection.execute(
            "select table_name from duckdb_tables() where schema_name = 'marts' order by 1"
        ).fetchall()
        return {
            name: connection.execute(f"select columns(*)::varchar from marts.{name} order by all").fetchall()
            for (name,) in names
        }


def test_a_bucket_gives_the_marts_that_a_folder_gives_and_is_not_read_twice(s3: S3, tmp_path: Path) -> None:
    local = build_shared(CASES, tmp_path / "local")
    bucket_bytes = 0
    for path in sorted(p for p in local.landing_dir.rglob("*") if p.is_file() and "pagerduty" not in p.parts):
        s3.put(f"acme/{path.relative_to(local.landing_dir).as_posix()}", path.read_bytes())
        bucket_bytes += path.stat().st_size
    shutil.copytree(tmp_path / "local" / "catalog", tmp_path / "remote" / "catalog")
    remote = s3.settings(tmp_path / "remote", "acme", sources={"pagerduty": {"landing": local.landing_dir}})
    sources = {name: all_sources()[name] for name in sorted({name for case in CASES for name in case.sources})}
    s3.forget()
    with kept_open(remote, "building from a bucket"):
        for source in sources.values():
            take_in(remote, source)
            replace_days(remote, source)
        assert s3.body_bytes() == bucket_bytes, "each object once"
        built = build(remote, load_catalog(remote.catalog_dir))
    assert built.success, failures(built)
    assert sum(map(len, marts(local).values())) > 100
    assert marts(remote) == marts(local)
    assert companions(remote, sources) == companions(local, sources) != []
    with writer(remote, "comparing") as here, writer(local, "comparing") as there:
        for source in sources.values():
            assert incomplete_sentences(here, remote, source) == incomplete_sentences(there, local, source)
    s3.forget()
    assert status(remote, load_catalog(remote.catalog_dir), sources).changed == {}
    for source in sources.values():
        assert take_in(remote, source) == []
    assert (s3.body_bytes(), s3.fetched()) == (0, [])

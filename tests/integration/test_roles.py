"""A second source of a role counts beside the first: its rows, its days, and the names that the catalog has in it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import pytest

from pipelines.catalog.catalog import Catalog
from pipelines.catalog.domains.members import AiMember
from pipelines.catalog.load import load_catalog
from pipelines.settings import DBT_PROJECT, Settings
from pipelines.sources import all_sources
from pipelines.warehouse.connect import writer
from pipelines.warehouse.dbt_sources import roles_sql, sources_yml
from tests.integration import quality

FORMER = {"gateway": "serving_logs", "invoices": "cloud_billing"}
"""Made-up source → the one that it is like."""
KNOWN = {
    **all_sources(),
    **{
        name: replace(all_sources()[former], name=name, title=name.title(), glob=(f"{name}/**/*",))
        for name, former in FORMER.items()
    },
}
MEMBER = """id: {id}
kind: model
name: {id}
description: Logged and billed by the made-up sources.
business_unit: Any
identifiers:
  - {{source: {logs}, kind: model_name, value: ranker}}
  - {{source: {bills}, kind: tag, key: app, value: ranker}}
"""
LOG = "timestamp,model_name,status\n"
BILL = (
    "BillingAccountId,SubAccountId,ResourceId,BillingPeriodStart,BillingPeriodEnd,ChargePeriodStart,ChargePeriodEnd,"
    "ChargeCategory,BilledCost,EffectiveCost,BillingCurrency,ServiceCategory,ServiceName,Tags\n"
)


def charge(day: int, cost: int) -> str:
    """A line of a bill in January."""
    span = f"2026-01-{day:02}T00:00:00Z,2026-01-{day + 1:02}T00:00:00Z"
    tags = '"{""app"": ""ranker"", ""stage"": ""serving""}"'
    return f"a,s,r,2026-01-01T00:00:00Z,2026-02-01T00:00:00Z,{span},Usage,{cost},{cost},USD,Compute,SageMaker,{tags}\n"


def write_project(folder: Path) -> Path:
    """A copy of the dbt project that knows the made-up sources, with staging models like those of the real ones."""
    shutil.copytree(DBT_PROJECT, folder, ignore=shutil.ignore_patterns("target", "logs"))
    (folder / "models" / "staging" / "sources.yml").write_text(sources_yml(KNOWN.values()))
    (folder / "macros" / "roles.sql").write_text(roles_sql(KNOWN.values()))
    for name, former in FORMER.items():
        for model in (DBT_PROJECT / "models" / "staging" / former).glob("*.sql"):
            target = folder / "models" / "staging" / name / model.name.replace(former, name)
            target.parent.mkdir(exist_ok=True)
            target.write_text(model.read_text().replace(f"'{former}'", f"'{name}'"))
    return folder


@pytest.fixture
def known(tmp_path: Path) -> Iterator[None]:
    """While it lasts the pipeline has two sources more, and the catalog names models in them."""
    made_up = {former: name for name, former in FORMER.items()}

    def moved(member: AiMember) -> AiMember:
        theirs = tuple(item.model_copy(update={"source": made_up[item.source]}) for item in member.identifiers)
        return member.model_copy(update={"identifiers": theirs})

    def catalog_of(folder: Path) -> Catalog:
        catalog = load_catalog(folder)
        members = tuple(moved(member) if member.id == "of-the-second" else member for member in catalog.members)
        return catalog.model_copy(update={"members": members})

    with ExitStack() as stack:
        for target, value in {
            "pipelines.warehouse.transform.DBT_PROJECT": write_project(tmp_path / "project"),
            "tests.integration.quality.all_sources": lambda: KNOWN,
            "tests.integration.quality.load_catalog": catalog_of,
        }.items():
            stack.enter_context(patch(target, value))
        yield


@pytest.mark.usefixtures("known")
def test_a_second_source_of_requests_and_of_bills_counts_beside_the_first(settings: Settings) -> None:
    members = settings.catalog_dir / "workforce"
    members.mkdir(parents=True)
    (settings.catalog_dir / "company.yaml").write_text("name: Any\n")
    (members / "first.yaml").write_text(MEMBER.format(id="of-the-first", logs="serving_logs", bills="cloud_billing"))
    # The same names, in other systems. They are moved there when the catalog is read, which knows real sources only.
    second = MEMBER.format(id="of-the-second", logs="serving_logs", bills="cloud_billing")
    (members / "second.yaml").write_text(second.replace("value: ranker", "value: ranker2"))
    for path, text in {
        "serving_logs/a.csv": LOG + "2026-01-05T10:00:00Z,ranker,success\n" * 2,
        "gateway/a.csv": LOG + "2026-01-05T10:00:00Z,ranker2,success\n" * 3 + "2026-01-06T10:00:00Z,ranker2,success\n",
        "cloud_billing/a.csv": BILL + charge(5, 4) + charge(6, 9),
        "invoices/a.csv": BILL + (charge(5, 6) + charge(6, 8)).replace("ranker", "ranker2"),
    }.items():
        (settings.landing_dir / path).parent.mkdir(parents=True, exist_ok=True)
        (settings.landing_dir / path).write_text(text)

    models = ("int_throughput__summed", "int_cost_per_prediction__summed", "mart_cost_per_prediction_daily")
    quality.run(settings, tests=True, sources=("serving_logs", "gateway", "cloud_billing", "invoices"), marts=models)

    with writer(settings, "a test") as connection:
        cost = connection.execute(
            "select model_id, strftime(period_start_date, '%d'), numerator, denominator "
            "from intermediate.int_cost_per_prediction__summed where period = 'day' order by all"
        ).fetchall()
        throughput = connection.execute(
            "select model_id, strftime(period_start_date, '%d'), numerator "
            "from intermediate.int_throughput__summed where period = 'day' and model_id <> 'unmapped' order by all"
        ).fetchall()
    assert cost == [
        ("of-the-first", "05", 4.0, 2.0),
        # Another system's logs of the day say nothing of this one's requests.
        ("of-the-first", "06", None, None),
        ("of-the-second", "05", 6.0, 3.0),
        ("of-the-second", "06", 8.0, 1.0),
    ]
    assert throughput == [
        ("of-the-first", "05", 2.0),
        ("of-the-first", "06", None),
        ("of-the-second", "05", 3.0),
        ("of-the-second", "06", 1.0),
    ]


def test_a_source_of_a_role_with_an_order_says_its_place_in_it() -> None:
    known = all_sources()
    unsaid = replace(known["jira"], precedence=None)
    with pytest.raises(ValueError, match=r"^jira: found no `precedence`, .*incident_io 2, pagerduty 1\)"):
        roles_sql([*(source for source in known.values() if source.name != "jira"), unsaid])

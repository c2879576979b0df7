"""Bills, what they cost whom, and the cost of a prediction."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from decimal import Decimal

import yaml

from pipelines.settings import SAMPLE_CATALOG
from tests.integration.conftest import Company
from tests.integration.planted.register import Facts, exact, in_warehouse, keyed, quarantined

COSTS = "sum(billed_cost{0}), sum(effective_cost{0}), sum(list_cost{0}), sum(contracted_cost{0})"
BASES = ("billed", "effective", "listed", "contracted")


@exact("bills: four cost bases by provider, currency and day")
def bills(company: Company) -> tuple[Facts, Facts]:
    """To the last digit."""
    found = keyed(
        company.rows(
            f"select provider_name, billing_currency, event_date::varchar, {COSTS.format('')} "
            "from mart_cost_allocation_daily group by all"
        ),
        3,
    )
    return {
        (bill["provider"], bill["currency"], bill["day"]): tuple(Decimal(bill[basis]) for basis in BASES)
        for bill in company.truth["billing"]["bills"]
    }, found


@exact("what each owner caused: four cost bases by category and day")
def owners(company: Company) -> tuple[Facts, Facts]:
    """In dollars, to the last digit; the shared cluster as one owner."""
    found = keyed(
        company.rows(
            "select case when pool_id = 'gpu-a' then pool_id else model_id end, category, event_date::varchar, "
            f"{COSTS.format('_usd')} from mart_cost_allocation_daily group by all"
        ),
        3,
    )
    return {
        (cost["owner"], cost["category"], cost["day"]): tuple(Decimal(cost[basis]) for basis in BASES)
        for cost in company.truth["billing"]["allocated"]
    }, found


@exact("compute cost by model and day")
def compute_cost(company: Company) -> tuple[Facts, Facts]:
    """In dollars, to the last digit."""
    found = company.rows(
        "select model_id, event_date::varchar, sum(compute_cost_usd) from mart_cost_per_prediction_daily group by all"
    )
    planted = company.truth["billing"]["compute_usd"]
    return {(row["model"], row["day"]): (Decimal(row["effective"]),) for row in planted}, keyed(found, 2)


@exact("the recommender's cost per prediction, before and after its move to cheaper machines")
def unit_cost(company: Company) -> tuple[Facts, Facts]:
    """By day."""
    truth = company.truth["billing"]["recommender"]
    found = company.rows(
        "select period_start_date, value from mart_scorecard "
        "where model_id = 'recommender' and kpi_id = 'cost_per_prediction' and period = 'day'"
    )
    return {date.fromisoformat(day): float(cost) for day, cost in truth["cost_per_prediction"].items()}, dict(found)


@exact("energy by model and day")
def energy(company: Company) -> tuple[Facts, Facts]:
    """kWh: the planted hours times the factors that the sample company's catalog declares."""
    declared = yaml.safe_load((SAMPLE_CATALOG / "company.yaml").read_text())["energy"]["instances"]
    factors = {row["instance_type"]: Decimal(str(row["kwh_per_hour"])) for row in declared}
    planted: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for row in company.truth["billing"]["serving_hours"]:
        planted[row["model"], row["day"]] += Decimal(row["hours"]) * factors[row["instance_type"]]
    found = company.rows(
        "select model_id, period_start_date::varchar, energy_kwh from mart_energy_per_prediction "
        "where period = 'day' and energy_kwh is not null"
    )
    return {key: (float(amount),) for key, amount in planted.items()}, keyed(found, 2)


@exact("charges that were superseded or are broken")
def set_aside(company: Company) -> tuple[Facts, Facts]:
    """How many, and what the superseded ones cost."""
    ((rows, cost),) = in_warehouse(
        company,
        "select count(*), sum(effective_cost) from staging.stg_cloud_billing__charges "
        "anti join intermediate.int_charges__current using (content_id, row_number)",
    )
    truth = company.truth["billing"]
    planted = {
        "rows": truth["superseded_rows"],
        "cost": Decimal(truth["superseded_effective_usd"]),
        "quarantined": truth["quarantined_rows"],
    }
    aside = quarantined(company, "cloud_billing").get("cloud_billing", 0)
    return planted, {"rows": rows, "cost": cost, "quarantined": aside}

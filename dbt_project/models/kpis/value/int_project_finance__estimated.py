"""What each project is worth in each state of knowledge: `pipelines.estimates.finance` over its flows."""

import pyarrow as pa

from pipelines.estimates.finance import value

SCHEMA = pa.schema(
    [
        ("project_id", pa.string()),
        ("known_from_date", pa.date32()),
        ("npv_usd", pa.float64()),
        ("irr", pa.float64()),
        ("irr_count", pa.int64()),
        ("payback_months", pa.float64()),
        ("discounted_payback_months", pa.float64()),
    ]
)


def model(dbt, session):
    """One row per project and state whose flows all convert and whose discount rate is declared."""
    dbt.config(materialized="table")
    rows = []
    for state in dbt.ref("int_project_finance__reduced").to_arrow_table().to_pylist():
        if state["annual_discount"] is None or state["used_unconverted_count"]:
            continue
        worth = value(state["flows"], state["annual_discount"])
        rows.append(
            {
                "project_id": state["project_id"],
                "known_from_date": state["known_from_date"],
                "npv_usd": worth.npv_usd,
                "irr": worth.irr,
                "irr_count": worth.irr_count,
                "payback_months": worth.payback_months,
                "discounted_payback_months": worth.discounted_payback_months,
            }
        )
    return pa.Table.from_pylist(rows, schema=SCHEMA)

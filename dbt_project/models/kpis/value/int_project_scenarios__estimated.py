"""What each project would be worth otherwise: `pipelines.estimates.finance` over its newest flows and its drivers."""

from collections import defaultdict

import numpy as np
import pyarrow as pa

from pipelines.estimates.finance import Category, Drivers, Uncertain, chance, tornado, valued_under

SCHEMA = pa.schema(
    [
        ("project_id", pa.string()),
        ("known_from_date", pa.date32()),
        ("kind", pa.string()),
        ("name", pa.string()),
        ("npv_usd", pa.float64()),
        ("irr", pa.float64()),
        ("irr_count", pa.int64()),
        ("payback_months", pa.float64()),
        ("discounted_payback_months", pa.float64()),
        ("low_input", pa.float64()),
        ("high_input", pa.float64()),
        ("low_npv_usd", pa.float64()),
        ("high_npv_usd", pa.float64()),
        ("positive_share", pa.float64()),
        ("positive_share_low", pa.float64()),
        ("positive_share_high", pa.float64()),
        ("npv_p05_usd", pa.float64()),
        ("npv_median_usd", pa.float64()),
        ("npv_p95_usd", pa.float64()),
        ("draw_count", pa.int64()),
    ]
)
PARAMETERS = {
    "triangular": ("shape_low", "shape_mode", "shape_high"),
    "uniform": ("shape_low", "shape_high"),
    "normal": ("shape_mean", "shape_sd"),
}


def model(dbt, session):
    """One row per project and scenario, and one per project and bar of its tornado; the chance is base's."""
    dbt.config(materialized="table")
    scenarios, inputs, categories = defaultdict(list), defaultdict(list), defaultdict(list)
    for row in dbt.source("catalog", "project_scenarios").to_arrow_table().to_pylist():
        scenarios[row["project_id"]].append(row)
    for row in dbt.source("catalog", "project_inputs").to_arrow_table().to_pylist():
        inputs[row["project_id"]].append(
            Uncertain(
                row["driver"],
                row["low"],
                row["high"],
                row["shape"],
                tuple(row[name] for name in PARAMETERS.get(row["shape"], ())),
            )
        )
    for row in dbt.ref("int_project_scenarios__reduced").to_arrow_table().to_pylist():
        categories[row["project_id"]].append(row)
    rows = []
    for project_id, parts in sorted(categories.items()):
        if parts[0]["annual_discount"] is None or parts[0]["used_unconverted_count"]:
            continue
        about = {"project_id": project_id, "known_from_date": parts[0]["known_from_date"]}
        plan = {
            part["category"]: Category(
                part["is_benefit"],
                part["is_volume_driven"],
                *(np.array(part[flows]) for flows in ("actual", "planned", "low", "high")),
            )
            for part in sorted(parts, key=lambda part: part["category"])
        }
        futures = {row["scenario"]: _drivers(row, parts[0]["annual_discount"]) for row in scenarios[project_id]}
        ordered = sorted(inputs[project_id], key=lambda one: one.driver)
        for name, drivers in sorted(futures.items()):
            told = chance(plan, drivers, ordered, seed=project_id) if name == "base" else None
            rows.append({**about, "kind": "scenario", "name": name, **_worth(valued_under(plan, drivers), told)})
        rows += [
            {
                **about,
                "kind": "input",
                "name": bar.name,
                "low_input": bar.low_input,
                "high_input": bar.high_input,
                "low_npv_usd": bar.low_npv_usd,
                "high_npv_usd": bar.high_npv_usd,
            }
            for bar in tornado(plan, futures["base"], ordered)
        ]
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def _worth(worth, told):
    """The columns of a scenario's value, and of its chance where that was drawn."""
    row = {
        "npv_usd": worth.npv_usd,
        "irr": worth.irr,
        "irr_count": worth.irr_count,
        "payback_months": worth.payback_months,
        "discounted_payback_months": worth.discounted_payback_months,
    }
    if told is not None:
        row |= {
            "positive_share": told.rate,
            "positive_share_low": told.low,
            "positive_share_high": told.high,
            "npv_p05_usd": told.npv_p05_usd,
            "npv_median_usd": told.npv_median_usd,
            "npv_p95_usd": told.npv_p95_usd,
            "draw_count": told.draws,
        }
    return row


def _drivers(row, annual_discount):
    rate = annual_discount if row["discount_rate"] is None else row["discount_rate"]
    return Drivers(rate, row["uplift"], row["volume"], row["cost"])

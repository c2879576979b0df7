"""Features and windows that drifted."""

from __future__ import annotations

from tests.integration.conftest import Company
from tests.integration.planted.register import Facts, exact, in_warehouse


@exact("windows that drifted, and those that did not", is_verdict=True)
def drifted(company: Company) -> tuple[Facts, Facts]:
    """By model, feature and day."""
    planted = {(row["model_id"], row["feature"], row["day"]) for row in company.truth["features"]["drifted"]}
    found = company.rows(
        "select model_id, feature, strftime(window_start_at, '%Y-%m-%d'), is_drifted from mart_drift_windows "
        "where is_drifted is not null"
    )
    keys = planted | {row[:3] for row in found}
    return {key: key in planted for key in keys}, {row[:3]: row[3] for row in found}


@exact("feature values logged, unmapped and set aside")
def feature_values(company: Company) -> tuple[Facts, Facts]:
    """How many."""
    truth = company.truth["features"]
    ((raw,),) = in_warehouse(company, "select sum(value_count)::bigint from staging.stg_features__bins_hourly")
    counted = dict(
        in_warehouse(
            company,
            "select model_id = 'unmapped', sum(value_count)::bigint from marts.fct_feature_values_daily group by 1",
        )
    )
    ((aside,),) = in_warehouse(
        company, "select count(distinct row_number) from raw.quarantine where source = 'features'"
    )
    five = 5  # features a row
    return {"all": raw, "unmapped": truth["unmapped_rows"] * five, "quarantined": truth["quarantined_rows"]}, {
        "all": sum(counted.values()),
        "unmapped": counted[True],
        "quarantined": aside,
    }

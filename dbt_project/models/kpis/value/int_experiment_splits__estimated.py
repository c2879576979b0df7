"""Whether users fell on an experiment's variants as declared, as of the end of each day with exposures."""

from collections import defaultdict

import pyarrow as pa

from pipelines.estimates.experiments import sample_ratio

SCHEMA = pa.schema(
    [
        ("experiment_id", pa.string()),
        ("exposed_date", pa.date32()),
        ("split", pa.string()),
        ("srm_p_value", pa.float64()),
        ("is_invalid", pa.bool_()),
    ]
)


def model(dbt, session):
    """One row per experiment and day on which a counted user met it first."""
    dbt.config(materialized="table")
    weights = defaultdict(dict)
    for variant in dbt.source("catalog", "experiment_variations").order("variation_id").to_arrow_table().to_pylist():
        weights[variant["experiment_id"]][variant["variation_id"]] = variant["weight"]
    counted = dbt.ref("fct_experiment_users_daily").filter("inclusion_status = 'counted'")
    entered = defaultdict(lambda: defaultdict(dict))
    for row in counted.to_arrow_table().to_pylist():
        entered[row["experiment_id"]][row["first_exposed_date"]][row["variation_id"]] = row["user_count"]

    found = []
    for experiment_id, days in sorted(entered.items()):
        variants = weights[experiment_id]
        split = dict.fromkeys(variants, 0)
        for day, units in sorted(days.items()):
            split = {variant: count + units.get(variant, 0) for variant, count in split.items()}
            ratio = sample_ratio(list(split.values()), list(variants.values()))
            found.append(
                {
                    "experiment_id": experiment_id,
                    "exposed_date": day,
                    "split": ", ".join(
                        f"{variant} {count:,} (weight {variants[variant]:g})" for variant, count in split.items()
                    ),
                    "srm_p_value": ratio.p_value,
                    "is_invalid": ratio.is_mismatch,
                }
            )
    return pa.Table.from_pylist(found, schema=SCHEMA)

"""Hands each model's exposed volumes and measured uplifts to the statistics: value by day and period."""

from collections import defaultdict
from datetime import date, timedelta

import pyarrow as pa

from pipelines.estimates.intervals import Estimate
from pipelines.estimates.value import Exposed, over_time, remaining

SCHEMA = pa.schema(
    [
        ("model_id", pa.string()),
        ("grade", pa.string()),
        ("period", pa.string()),
        ("period_start_date", pa.date32()),
        *(
            (name, pa.float64())
            for name in (
                "value_usd", "value_ci_low_usd", "value_ci_high_usd",
                "cumulative_value_usd", "cumulative_value_ci_low_usd", "cumulative_value_ci_high_usd",
                "reached_volume", "unit_value_usd", "effect", "effect_ci_low", "effect_ci_high",
            )
        ),
    ]
)  # fmt: skip
PERIODS = {
    "week": lambda day: day - timedelta(days=day.weekday()),
    "month": lambda day: day.replace(day=1),
    "quarter": lambda day: date(day.year, (day.month - 1) // 3 * 3 + 1, 1),
}


def rows_of(relation):
    """A relation's rows as dictionaries."""
    return relation.to_arrow_table().to_pylist()


def exposed_of(row, effects):
    """The row's volume and the key of its uplift, which is entered into `effects`."""
    if row["grade"] == "declared":
        key, effect = row["stream_id"], Estimate(row["declared_uplift"])
    else:
        # Streams on one uplift err together.
        key = row["experiment_id"], row["metric_id"], row["variation_id"], row["uplift"]
        effect = Estimate(row["lift"], None, row["lift_ci_low"], row["lift_ci_high"])
    effects[key] = effect
    return Exposed(
        day=row["event_date"],
        effect=key,
        volume=row["exposed_volume"] / row["volume_per_unit"],
        unit_value=row["unit_value_usd"] * (-1 if row["direction"] == "saving" else 1),
        remaining=remaining(row["age_days"], half_life_days=row["half_life_days"]),
    )


def factors_of(exposed, effects):
    """What the value is the product of, where it is one effect: volume × dollars of a unit × effect per unit.

    Of a saving, the effect is what is spared: the sign and the ends of its interval change places.
    """
    keys = {row.effect for row in exposed}
    volume = sum(row.volume * row.remaining for row in exposed)
    dollars = sum(row.volume * row.remaining * row.unit_value for row in exposed)
    if len(keys) != 1 or not volume or not dollars:
        return {}
    effect = effects[keys.pop()]
    ends = effect.value, effect.ci_low, effect.ci_high
    if dollars < 0:
        ends = tuple(None if end is None else -end for end in (ends[0], ends[2], ends[1]))
    return {
        "reached_volume": volume,
        "unit_value_usd": abs(dollars) / volume,
        **dict(zip(("effect", "effect_ci_low", "effect_ci_high"), ends, strict=True)),
    }


def model(dbt, session):
    """One row per model, grade, period and its first day."""
    dbt.config(materialized="table")
    (window,) = rows_of(dbt.ref("int_trailing_months__dated"))

    def start_of_window(day):
        is_within = window["month_count"] and window["first_date"] <= day <= window["last_date"]
        return window["first_date"] if is_within else None

    streams = defaultdict(list)
    for row in rows_of(dbt.ref("int_value_streams__graded").filter("is_counted")):
        streams[row["model_id"], row["grade"] == "declared"].append(row)

    found = []
    for (model_id, is_declared), rows in sorted(streams.items()):
        effects = {}
        exposed = [exposed_of(row, effects) for row in rows]
        grade = "declared" if is_declared else "measured"
        for day in over_time(exposed, effects):
            found.append(
                {
                    "model_id": model_id,
                    "grade": grade,
                    "period": "day",
                    "period_start_date": day.day,
                    "value_usd": day.value.value,
                    "value_ci_low_usd": day.value.ci_low,
                    "value_ci_high_usd": day.value.ci_high,
                    "cumulative_value_usd": day.cumulative.value,
                    "cumulative_value_ci_low_usd": day.cumulative.ci_low,
                    "cumulative_value_ci_high_usd": day.cumulative.ci_high,
                }
            )
        for period, start_of in {**PERIODS, "trailing": start_of_window}.items():
            parts = defaultdict(list)
            for part in exposed:
                parts[start_of(part.day)].append(part)
            parts.pop(None, None)
            for start, its in sorted(parts.items()):
                total = over_time(its, effects)[-1].cumulative
                found.append(
                    {
                        "model_id": model_id,
                        "grade": grade,
                        "period": period,
                        "period_start_date": start,
                        "value_usd": total.value,
                        "value_ci_low_usd": total.ci_low,
                        "value_ci_high_usd": total.ci_high,
                        **(factors_of(its, effects) if period == "trailing" else {}),
                    }
                )
    return pa.Table.from_pylist(found, schema=SCHEMA)

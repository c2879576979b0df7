"""FOCUS exports of any vendor: the columns are the table's own."""

from __future__ import annotations

from pipelines.sources.cloud_billing.charges import CHARGES, all_but, members, select
from pipelines.sources.spec import Format, Writing

_FOCUS_REQUIRES = (
    "BilledCost",
    "EffectiveCost",
    "BillingCurrency",
    "BillingAccountId",
    "ChargeCategory",
    "ChargePeriodStart",
)
_FOCUS_OPTIONAL = all_but(CHARGES.column_names, _FOCUS_REQUIRES)
_PAIRS = """from_json(to_json("{}"), '[{{"key": "VARCHAR", "value": "VARCHAR"}}]')"""
_FOCUS = {name: f'"{name}"' for name in CHARGES.column_names}
# AWS writes maps into its Parquet, others lists of key and value, Azure JSON text: all become JSON text.
_FOCUS_NESTED = {
    name: f"""case when typeof("{name}") = 'VARCHAR' then cast("{name}" as varchar)
        when typeof("{name}") like 'STRUCT(%key% VARCHAR, %value% VARCHAR)[]' then {members(_PAIRS.format(name))}
        else cast(to_json("{name}") as varchar) end"""
    for name in (
        "Tags",
        "AllocatedTags",
        "AllocatedMethodDetails",
        "SkuPriceDetails",
        "x_SkuDetails",
        "x_Credits",
    )
}

FORMATS = (
    Format(
        name="focus_csv",
        container="csv",
        writing=Writing("."),
        requires=_FOCUS_REQUIRES,
        optional=_FOCUS_OPTIONAL,
        null_text=("", "NULL"),
        select=select(_FOCUS),
    ),
    Format(
        name="focus_parquet",
        container="parquet",
        requires=_FOCUS_REQUIRES,
        optional=_FOCUS_OPTIONAL,
        select=select({**_FOCUS, **_FOCUS_NESTED}),
    ),
)

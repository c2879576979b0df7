"""FOCUS exports of any vendor: the columns are the table's own, and those of versions before 1.0 become them."""

from __future__ import annotations

from pipelines.sources.cloud_billing.charges import CHARGES, all_but, members, one_of, select
from pipelines.sources.spec import Format, Notation

_FOCUS_REQUIRES = (
    "BilledCost",
    "EffectiveCost",
    "BillingCurrency",
    "BillingAccountId",
    "ChargeCategory",
    "ChargePeriodStart",
)
# What versions before 1.0 called a column. Azure goes on exporting 1.0-preview where it was set up.
_FORMERLY = {
    "ProviderName": "Provider",
    "PublisherName": "Publisher",
    "InvoiceIssuerName": "InvoiceIssuer",
    "ConsumedQuantity": "UsageQuantity",
    "ConsumedUnit": "UsageUnit",
    "ContractedCost": "x_OnDemandCost",
    "RegionName": "Region",
}
_FOCUS_OPTIONAL = (
    *all_but(CHARGES.column_names, _FOCUS_REQUIRES),
    *_FORMERLY.values(),
    "ChargeSubcategory",
)
_PAIRS = """from_json(to_json("{}"), '[{{"key": "VARCHAR", "value": "VARCHAR"}}]')"""
_COMMITMENT = """nullif(cast("CommitmentDiscountId" as varchar), '')"""
_FOCUS = {
    **{name: f'"{name}"' for name in CHARGES.column_names},
    **{name: f'coalesce("{name}", "{former}")' for name, former in _FORMERLY.items()},
    "RegionId": """coalesce("RegionId", replace(lower("Region"), ' ', ''))""",
    "ChargeCategory": f"""case
        when "ChargeSubcategory" = 'Credit' then 'Credit'
        when "ChargeSubcategory" = 'Refund' and {_COMMITMENT} is not null then 'Purchase'
        else "ChargeCategory" end""",
    "ChargeClass": """coalesce("ChargeClass", case when "ChargeSubcategory" = 'Refund' then 'Correction' end)""",
    "CommitmentDiscountStatus": """coalesce("CommitmentDiscountStatus", case "ChargeSubcategory"
        when 'Used Commitment' then 'Used' when 'Unused Commitment' then 'Unused' end)""",
    "PricingCategory": one_of(
        '"PricingCategory"', {"On-Demand": "Standard", "Commitment-Based": "Committed"}, '"PricingCategory"'
    ),
    # What the purchase covers bears its cost. FOCUS demands 0; Azure's savings plans have what was billed.
    "EffectiveCost": f"""case
        when ("ChargeCategory" = 'Purchase' or "ChargeSubcategory" = 'Refund') and {_COMMITMENT} is not null then '0'
        else "EffectiveCost" end""",
}
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
        writing=Notation("."),
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

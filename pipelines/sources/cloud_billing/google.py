"""Google Cloud's billing export from BigQuery, mapped onto FOCUS columns."""

from __future__ import annotations

from pipelines.sources.cloud_billing.charges import MONEY, all_but, members, one_of, select
from pipelines.sources.spec import Format

_GCP_COLUMNS = (
    "billing_account_id",
    "service",
    "usage_start_time",
    "cost",
    "currency",
    "sku",
    "usage_end_time",
    "project",
    "labels",
    "tags",
    "export_time",
    "system_labels",
    "location",
    "usage",
    "credits",
    "invoice",
    "cost_type",
    "adjustment_info",
    "price",
    "cost_at_list",
    "resource",
    "seller_name",
)
_GCP_REQUIRES = _GCP_COLUMNS[:5]
_GCP_SERVICES = {
    "Compute Engine": "Compute",
    "Kubernetes Engine": "Compute",
    "Cloud Run": "Compute",
    "Vertex AI": "AI and Machine Learning",
    "Cloud Storage": "Storage",
    "Networking": "Networking",
    "Cloud SQL": "Databases",
    "BigQuery": "Analytics",
    "Cloud Dataflow": "Analytics",
    "Cloud Logging": "Management and Governance",
    "Cloud Monitoring": "Management and Governance",
}


def _pairs(path: str) -> str:
    """A list of labels, `[{"key": …, "value": …}]`, as DuckDB structs."""
    return f"""from_json(doc -> '{path}', '[{{"key": "VARCHAR", "value": "VARCHAR"}}]')"""


_GCP_CREDITS = f"""coalesce(list_sum(list_transform(
    from_json(doc -> '$.credits', '[{{"amount": "VARCHAR"}}]'),
    lambda c: try_cast(c.amount as {MONEY}))), 0)"""
# Credits are netted into the row they are given for, whatever their sign: one that exceeds its cost leaves a
# negative charge. One exported row stays one charge, and what was netted is kept beside it.
_GCP_NET = f"""coalesce(
    cast(try_cast(doc ->> '$.cost' as {MONEY}) + {_GCP_CREDITS} as varchar), doc ->> '$.cost')"""
_GCP_MACHINE = f"""list_filter({_pairs("$.system_labels")},
    lambda l: l.key = 'compute.googleapis.com/machine_spec')[1].value"""
_GCP = {
    "BilledCost": _GCP_NET,
    "EffectiveCost": _GCP_NET,
    "ListCost": "coalesce(doc ->> '$.cost_at_list', doc ->> '$.cost')",
    "ContractedCost": "doc ->> '$.cost'",
    "ListUnitPrice": "doc ->> '$.price.list_price'",
    "ContractedUnitPrice": "doc ->> '$.price.effective_price'",
    "BillingCurrency": "doc ->> '$.currency'",
    "BillingAccountId": "doc ->> '$.billing_account_id'",
    "SubAccountId": "doc ->> '$.project.id'",
    "SubAccountName": "doc ->> '$.project.name'",
    "BillingPeriodStart": "cast(try_strptime(doc ->> '$.invoice.month', '%Y%m') as varchar)",
    "BillingPeriodEnd": "cast(try_strptime(doc ->> '$.invoice.month', '%Y%m') + interval 1 month as varchar)",
    "ChargePeriodStart": "replace(doc ->> '$.usage_start_time', ' UTC', 'Z')",
    "ChargePeriodEnd": "replace(doc ->> '$.usage_end_time', ' UTC', 'Z')",
    "ChargeCategory": """case coalesce(doc ->> '$.cost_type', 'regular')
        when 'regular' then 'Usage' when 'tax' then 'Tax' else 'Adjustment' end""",
    "ChargeClass": """case when (doc ->> '$.adjustment_info.type') is not null
        and replace(substr(doc ->> '$.usage_start_time', 1, 7), '-', '') < (doc ->> '$.invoice.month')
        then 'Correction' end""",
    "ChargeDescription": "doc ->> '$.sku.description'",
    "ChargeFrequency": "'Usage-Based'",
    "PricingCategory": "'Standard'",
    "PricingQuantity": "doc ->> '$.usage.amount_in_pricing_units'",
    "PricingUnit": "doc ->> '$.usage.pricing_unit'",
    "ConsumedQuantity": "doc ->> '$.usage.amount'",
    "ConsumedUnit": "doc ->> '$.usage.unit'",
    "ProviderName": "'Google Cloud'",
    "PublisherName": "coalesce(doc ->> '$.seller_name', 'Google Cloud')",
    "ServiceCategory": one_of("(doc ->> '$.service.description')", _GCP_SERVICES, "'Other'"),
    "ServiceName": "doc ->> '$.service.description'",
    "SkuId": "doc ->> '$.sku.id'",
    "SkuMeter": "doc ->> '$.sku.description'",
    "SkuPriceDetails": f"""case when {_GCP_MACHINE} is not null
        then cast(json_object('InstanceType', {_GCP_MACHINE}) as varchar) end""",
    "RegionId": "doc ->> '$.location.region'",
    "RegionName": "doc ->> '$.location.location'",
    "AvailabilityZone": "doc ->> '$.location.zone'",
    "ResourceId": "coalesce(doc ->> '$.resource.global_name', doc ->> '$.resource.name')",
    "ResourceName": "doc ->> '$.resource.name'",
    # A label on the resource overrides one its project hands down, and both a tag, which is inherited from anywhere.
    "Tags": f"""nullif(cast(json_merge_patch(
        cast(coalesce({members(_pairs("$.tags"))}, '{{}}') as json),
        cast(coalesce({members(_pairs("$.project.labels"))}, '{{}}') as json),
        cast(coalesce({members(_pairs("$.labels"))}, '{{}}') as json)) as varchar), '{{}}')""",
    "x_Credits": "cast(doc -> '$.credits' as varchar)",
    "x_ExportTime": "replace(doc ->> '$.export_time', ' UTC', 'Z')",
}
# The Parquet export's nested columns become the JSON the other export has: one mapping for both.
_GCP_FROM_PARQUET = " ".join(
    [
        "(select _row, _raw, json_object(",
        ", ".join(f"'{name}', {name}" for name in _GCP_COLUMNS),
        ") as doc from rows)",
    ]
)

FORMATS = (
    Format(
        name="gcp_jsonl",
        container="json",
        requires=tuple(f"$.{name}" for name in _GCP_REQUIRES),
        deliveries="append",
        select=select(_GCP),
    ),
    Format(
        name="gcp_parquet",
        container="parquet",
        requires=_GCP_REQUIRES,
        deliveries="append",
        optional=all_but(_GCP_COLUMNS, _GCP_REQUIRES),
        select=select(_GCP, _GCP_FROM_PARQUET),
    ),
)

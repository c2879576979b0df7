"""Anthropic's own bill: pages of the cost report of its Admin API, mapped onto FOCUS columns.

Documented at https://platform.claude.com/docs/en/api/admin/cost_report: a bucket is a UTC day, and an amount is a
decimal in cents. Costs of the default workspace have no workspace; costs of the Priority Tier are not in the report.
The usage report has pages of the same shape, with tokens and without costs: it is skipped.
"""

from __future__ import annotations

from pipelines.sources.cloud_billing.charges import MONEY
from pipelines.sources.cloud_billing.model_apis import from_model_api, report_pages

# Exact: DuckDB divides decimals as doubles. What is no number keeps its unit, so that nobody reads cents as dollars.
_DOLLARS = f"""coalesce(
    cast(cast(try_cast(amount as decimal(30, 14)) * cast(0.01 as decimal(3, 2)) as {MONEY}) as varchar),
    amount || ' cents')"""
_REPORT = {
    "BilledCost": _DOLLARS,
    "EffectiveCost": _DOLLARS,
    "BillingCurrency": "currency",
    "BillingAccountId": "coalesce(nullif(organization_id, ''), 'Anthropic')",
    "SubAccountId": "workspace_id",
    "SubAccountType": "'Workspace'",
    "ChargePeriodStart": "starting_at",
    "ChargePeriodEnd": "ending_at",
    "ChargeDescription": "description",
    "ResourceId": "model",
    "ResourceType": "case when model is not null then 'Model' end",
    "SkuMeter": "coalesce(description, cost_type)",
    **from_model_api("Anthropic"),
}
_PAGES = """(
    select
        _row,
        cast(result as varchar) as _raw,
        doc ->> '$.starting_at' as starting_at,
        doc ->> '$.ending_at' as ending_at,
        doc ->> '$.organization_id' as organization_id,
        result ->> '$.amount' as amount,
        result ->> '$.currency' as currency,
        result ->> '$.workspace_id' as workspace_id,
        result ->> '$.description' as description,
        result ->> '$.cost_type' as cost_type,
        result ->> '$.model' as model
    from (select _row, doc, unnest(json_extract(doc, '$.results[*]')) as result from rows)
    where not json_exists(result, '$.uncached_input_tokens')
)"""

FORMATS = (report_pages("anthropic_cost_report", ("starting_at", "ending_at"), _REPORT, _PAGES, "tokens"),)

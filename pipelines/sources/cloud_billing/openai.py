"""OpenAI's own bill: pages of the Costs API and the CSV of its dashboard, mapped onto FOCUS columns.

Documented at https://developers.openai.com/api/reference/resources/admin (Costs): a bucket is a UTC day, an amount is
in dollars, and a project or line item is null where the costs were not grouped by it. Of all that OpenAI reports, costs
alone reconcile with the invoice: usage, in pages of the same shape, is skipped.
"""

from __future__ import annotations

from pipelines.sources.cloud_billing.charges import select
from pipelines.sources.cloud_billing.model_apis import from_model_api, report_pages
from pipelines.sources.spec import Format, Notation

_COSTS = {
    "BilledCost": "amount_value",
    "EffectiveCost": "amount_value",
    "BillingCurrency": "amount_currency",
    "BillingAccountId": "coalesce(nullif(organization_id, ''), 'OpenAI')",
    "BillingAccountName": "organization_name",
    "SubAccountId": "project_id",
    "SubAccountName": "project_name",
    "SubAccountType": "'Project'",
    "ChargePeriodStart": "start_time",
    "ChargePeriodEnd": "end_time",
    "ChargeDescription": "line_item",
    "ConsumedQuantity": "quantity",
    "ConsumedUnit": "quantity_unit",
    "SkuMeter": "line_item",
    **from_model_api("OpenAI"),
}
_PAGES = """(
    select
        _row,
        cast(result as varchar) as _raw,
        doc ->> '$.start_time' as start_time,
        doc ->> '$.end_time' as end_time,
        result ->> '$.amount.value' as amount_value,
        result ->> '$.amount.currency' as amount_currency,
        coalesce(result ->> '$.organization_id', doc ->> '$.organization_id') as organization_id,
        result ->> '$.organization_name' as organization_name,
        result ->> '$.project_id' as project_id,
        result ->> '$.project_name' as project_name,
        result ->> '$.line_item' as line_item,
        result ->> '$.quantity' as quantity,
        result ->> '$.quantity_unit' as quantity_unit
    from (select _row, doc, unnest(json_extract(doc, '$.results[*]')) as result from rows)
    where not starts_with(coalesce(result ->> '$.object', ''), 'organization.usage.')
)"""
_CSV_REQUIRES = ("start_time", "end_time", "amount_value", "amount_currency", "line_item")
_CSV_OPTIONAL = ("project_id", "project_name", "organization_id", "organization_name", "quantity", "quantity_unit")
_IS_QUIET = "nullif(trim(amount_value), '') is null and nullif(trim(amount_currency), '') is null"

FORMATS = (
    report_pages("openai_costs", ("start_time", "end_time"), _COSTS, _PAGES, "requests and tokens"),
    Format(
        name="openai_costs_csv",
        container="csv",
        writing=Notation("."),
        requires=_CSV_REQUIRES,
        optional=_CSV_OPTIONAL,
        select=select(_COSTS, f"(select * from rows where not ({_IS_QUIET}))"),
        skips=f"select _row, 'nothing was billed on the day' as _reason from rows where {_IS_QUIET}",
    ),
)

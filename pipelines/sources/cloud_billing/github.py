"""GitHub's bill, Copilot's part of it above all: the CSV usage reports, and pages of the billing usage API.

Documented at https://docs.github.com/billing/reference/billing-reports: a day is in UTC, an amount in dollars, and
gross less discount is net. The AI usage report has a row per user and model; the summarized and the detailed usage
report, and the API, have the same spend without the model, beside seats and other products. So that a report replaces
no more of another than the same spend, each SKU is a bill of its own. Users are not read: no rejected row has one.
"""

from __future__ import annotations

from collections.abc import Mapping

from pipelines.sources import values
from pipelines.sources.cloud_billing.charges import select
from pipelines.sources.spec import Format, Notation

_REQUIRED = ("date", "sku", "quantity", "gross_amount", "discount_amount", "net_amount")
_OPTIONAL = (
    "product", "model", "unit_type", "applied_cost_per_quantity", "organization", "repository", "cost_center_name",
)  # fmt: skip
_OF_API = {
    "date": "date", "sku": "sku", "quantity": "quantity", "gross_amount": "grossAmount",
    "discount_amount": "discountAmount", "net_amount": "netAmount", "product": "product", "model": "model",
    "unit_type": "unitType", "applied_cost_per_quantity": "pricePerUnit", "organization": "organizationName",
    "repository": "repositoryName", "cost_center_name": "costCenterName",
}  # fmt: skip
"""Column of a report → field of the API."""

# The reports write copilot_ai_credit where the API writes Copilot AI Credit.
_SKU = "replace(lower(trim(sku)), ' ', '_')"
_IS_COPILOT = f"(lower(trim(product)) = 'copilot' or model is not null or starts_with({_SKU}, 'copilot'))"
_CHARGES = {
    "BilledCost": "net_amount",
    "EffectiveCost": "net_amount",
    "ListCost": "gross_amount",
    "ListUnitPrice": "applied_cost_per_quantity",
    "BillingCurrency": "'USD'",
    "BillingAccountId": f"'GitHub ' || {_SKU}",
    "SubAccountId": "organization",
    "SubAccountType": "'Organization'",
    "ChargePeriodStart": "date",
    "ChargePeriodEnd": f"cast({values.instant('date')} + interval 1 day as varchar)",
    "ChargeCategory": "'Usage'",
    "ChargeFrequency": "'Usage-Based'",
    "ChargeDescription": "sku",
    "PricingCategory": "'Standard'",
    "PricingQuantity": "quantity",
    "PricingUnit": "unit_type",
    "ConsumedQuantity": "quantity",
    "ConsumedUnit": "unit_type",
    "ProviderName": "'GitHub'",
    "PublisherName": "'GitHub'",
    "InvoiceIssuerName": "'GitHub'",
    "ServiceCategory": f"case when {_IS_COPILOT} then 'AI and Machine Learning' else 'Developer Tools' end",
    "ServiceName": f"case when {_IS_COPILOT} then 'GitHub Copilot' else 'GitHub ' || lower(trim(product)) end",
    "SkuId": _SKU,
    "SkuMeter": _SKU,
    "ResourceId": "coalesce(model, repository)",
    "ResourceType": "case when model is not null then 'Model' when repository is not null then 'Repository' end",
    "Tags": "case when cost_center_name is not null then to_json({'cost_center_name': cost_center_name}) end",
}


def _relation(read: Mapping[str, str]) -> str:
    texts = ", ".join(
        f"{sql} as {name}" if name in _REQUIRED else f"nullif({sql}, '') as {name}" for name, sql in read.items()
    )
    nobody = """json_merge_patch(cast(_raw as json), '{"username": null, "user": null}')"""
    return f"(select _row, cast({nobody} as varchar) as _raw, {texts} from rows)"


FORMATS = (
    Format(
        name="github_usage_csv",
        container="csv",
        writing=Notation("."),
        requires=_REQUIRED,
        optional=_OPTIONAL,
        select=select(_CHARGES, _relation({name: f'"{name}"' for name in (*_REQUIRED, *_OPTIONAL)})),
    ),
    Format(
        name="github_usage_api",
        container="json",
        records=("$.usageItems",),
        requires=tuple(f"$.{_OF_API[name]}" for name in _REQUIRED),
        optional=tuple(f"$.{_OF_API[name]}" for name in _OPTIONAL),
        select=select(_CHARGES, _relation({name: f"(doc ->> '$.{field}')" for name, field in _OF_API.items()})),
    ),
)

"""What the bills of model vendors have in common: pages of days (buckets), each with a list of results.

What a vendor's result means is in the vendor's own module.
"""

from __future__ import annotations

from collections.abc import Mapping

from pipelines.sources.cloud_billing.charges import select
from pipelines.sources.spec import Format, Paging


def from_model_api(vendor: str) -> dict[str, str]:
    """What is the same of every charge on a model vendor's own bill."""
    return {
        "ChargeCategory": "'Usage'",
        "ChargeFrequency": "'Usage-Based'",
        "PricingCategory": "'Standard'",
        "ProviderName": f"'{vendor}'",
        "PublisherName": f"'{vendor}'",
        "InvoiceIssuerName": f"'{vendor}'",
        "ServiceCategory": "'AI and Machine Learning'",
        "ServiceSubcategory": "'Generative AI'",
        "ServiceName": f"'{vendor} API'",
    }


def report_pages(name: str, period: tuple[str, str], charges: Mapping[str, str], results: str, usage: str) -> Format:
    """The format of a cost report's pages.

    Args:
        name: The format's.
        period: The fields of a bucket with the day's start and end.
        charges: Column of `charges` → SQL over a result.
        results: The relation of the results, those of a usage report left out.
        usage: What a usage report of the same shape counts.
    """
    return Format(
        name=name,
        container="json",
        records=("$.data",),
        requires=(*(f"$.{field}" for field in period), "$.results"),
        optional=("$.organization_id",),
        select=select(charges, results),
        skips=f"""select _row, case
                when json_type(doc -> '$.results') is distinct from 'ARRAY' then 'a bucket without a list of results'
                when json_array_length(doc -> '$.results') = 0 then 'nothing was billed on the day'
                else 'a usage report: counts of {usage}, and no cost' end as _reason
            from rows""",
        paging=Paging(is_last="not try_cast(page ->> '$.has_more' as boolean)"),
    )

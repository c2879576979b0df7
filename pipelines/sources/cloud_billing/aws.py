"""AWS: the legacy Cost and Usage Report and CUR 2.0 (Data Exports), mapped onto FOCUS columns."""

from __future__ import annotations

import re
from collections.abc import Callable

from pipelines.sources.cloud_billing.charges import MONEY, all_but, members, one_of, renamed, select
from pipelines.sources.spec import Format, Notation

_AWS_COLUMNS = (
    "lineItem/LineItemType",
    "lineItem/UnblendedCost",
    "lineItem/UnblendedRate",
    "lineItem/NetUnblendedCost",
    "lineItem/CurrencyCode",
    "lineItem/UsageStartDate",
    "lineItem/UsageEndDate",
    "lineItem/UsageAccountId",
    "lineItem/UsageAmount",
    "lineItem/UsageType",
    "lineItem/ProductCode",
    "lineItem/ResourceId",
    "lineItem/AvailabilityZone",
    "lineItem/LineItemDescription",
    "lineItem/LegalEntity",
    "bill/BillingPeriodStartDate",
    "bill/BillingPeriodEndDate",
    "bill/InvoiceId",
    "bill/InvoicingEntity",
    "bill/PayerAccountId",
    "product/ProductName",
    "product/instanceType",
    "product/productFamily",
    "product/regionCode",
    "product/location",
    "product/sku",
    "pricing/publicOnDemandCost",
    "pricing/publicOnDemandRate",
    "pricing/unit",
    "pricing/RateCode",
    "reservation/ReservationARN",
    "reservation/EffectiveCost",
    "reservation/NetEffectiveCost",
    "reservation/NetUnusedAmortizedUpfrontFeeForBillingPeriod",
    "reservation/NetUnusedRecurringFee",
    "reservation/UnusedAmortizedUpfrontFeeForBillingPeriod",
    "reservation/UnusedRecurringFee",
    "savingsPlan/SavingsPlanARN",
    "savingsPlan/SavingsPlanEffectiveCost",
    "savingsPlan/NetSavingsPlanEffectiveCost",
    "savingsPlan/TotalCommitmentToDate",
    "savingsPlan/UsedCommitment",
    "splitLineItem/ParentResourceId",
)
_AWS_REQUIRES = (
    "lineItem/LineItemType",
    "lineItem/UnblendedCost",
    "lineItem/CurrencyCode",
    "lineItem/UsageStartDate",
    "bill/PayerAccountId",
)
_AWS_SERVICES = {
    "AmazonEC2": "Compute",
    "AmazonECS": "Compute",
    "AmazonEKS": "Compute",
    "AWSLambda": "Compute",
    "AmazonSageMaker": "AI and Machine Learning",
    "AmazonBedrock": "AI and Machine Learning",
    "AmazonS3": "Storage",
    "AmazonEFS": "Storage",
    "AmazonGlacier": "Storage",
    "AWSDataTransfer": "Networking",
    "AmazonVPC": "Networking",
    "AmazonCloudFront": "Networking",
    "AWSELB": "Networking",
    "AmazonRoute53": "Networking",
    "AmazonRDS": "Databases",
    "AmazonDynamoDB": "Databases",
    "AmazonElastiCache": "Databases",
    "AmazonAthena": "Analytics",
    "AmazonRedshift": "Analytics",
    "AWSGlue": "Analytics",
    "AmazonKinesis": "Analytics",
    "AmazonCloudWatch": "Management and Governance",
    "AWSCloudTrail": "Management and Governance",
}


def _snake(name: str) -> str:
    """`savingsPlan/SavingsPlanARN` as AWS writes it in Parquet: `savings_plan_savings_plan_a_r_n`."""
    return "_".join(re.sub(r"(?<!^)([A-Z])", r"_\1", part).lower() for part in name.split("/"))


def _amount(*columns: str) -> str:
    """The first of the columns that has a number."""
    return f"coalesce({', '.join(f'try_cast({column} as {MONEY})' for column in columns)})"


_UNUSED = f"""(try_cast(savings_plan_total_commitment_to_date as {MONEY})
            - try_cast(savings_plan_used_commitment as {MONEY}))"""
# The unused part has the discount of the fee that it is a part of.
_UNUSED_PLAN = f"""{_UNUSED} - coalesce(cast({_UNUSED} * (1 - try_cast(line_item_net_unblended_cost as double)
            / nullif(try_cast(line_item_unblended_cost as double), 0)) as {MONEY}), 0)"""
_UNUSED_UPFRONT = _amount(
    "reservation_net_unused_amortized_upfront_fee_for_billing_period",
    "reservation_unused_amortized_upfront_fee_for_billing_period",
)
_UNUSED_RECURRING = _amount("reservation_net_unused_recurring_fee", "reservation_unused_recurring_fee")
# A report of an account with negotiated discounts has lines that take them off, without tags, and beside every cost the
# net one. What lines bear net, those lines bear no more: the sum is the same, and each model has its own discount.
_DISCOUNTS = "('EdpDiscount', 'PrivateRateDiscount', 'BundledDiscount', 'Discount')"

_AWS = {
    # Covered usage carries its on-demand cost here and a negation line takes it back. FOCUS bills neither;
    # both being 0 leaves the invoice's sum as it is and no model's bill inflated.
    "BilledCost": """case
        when line_item_line_item_type in ('SavingsPlanCoveredUsage', 'SavingsPlanNegation') then '0'
        else line_item_unblended_cost end""",
    "EffectiveCost": f"""case
        when line_item_line_item_type = 'SavingsPlanCoveredUsage'
            then coalesce(savings_plan_net_savings_plan_effective_cost, savings_plan_savings_plan_effective_cost)
        when line_item_line_item_type = 'SavingsPlanRecurringFee' then cast({_UNUSED_PLAN} as varchar)
        when line_item_line_item_type in ('SavingsPlanNegation', 'SavingsPlanUpfrontFee') then '0'
        when line_item_line_item_type = 'DiscountedUsage'
            then coalesce(reservation_net_effective_cost, reservation_effective_cost)
        when line_item_line_item_type = 'RIFee' then cast(
            {_UNUSED_UPFRONT} + {_UNUSED_RECURRING} as varchar)
        when line_item_line_item_type = 'Fee' and reservation_reservation_a_r_n is not null then '0'
        when line_item_line_item_type = 'Refund' and (savings_plan_savings_plan_a_r_n is not null
            or starts_with(line_item_line_item_description, 'Refund for one-time fee for Savings Plan')) then '0'
        when line_item_line_item_type in {_DISCOUNTS} and has_net = 'true'
            then coalesce(line_item_net_unblended_cost, '0')
        else coalesce(line_item_net_unblended_cost, line_item_unblended_cost) end""",
    "ListCost": """case
        when line_item_line_item_type = 'SavingsPlanNegation' then '0'
        else coalesce(pricing_public_on_demand_cost, line_item_unblended_cost) end""",
    "ContractedCost": """case
        when line_item_line_item_type = 'SavingsPlanNegation' then '0'
        when line_item_line_item_type = 'DiscountedUsage'
            then coalesce(pricing_public_on_demand_cost, line_item_unblended_cost)
        else line_item_unblended_cost end""",
    "ListUnitPrice": "pricing_public_on_demand_rate",
    "ContractedUnitPrice": "line_item_unblended_rate",
    "BillingCurrency": "line_item_currency_code",
    "BillingAccountId": "bill_payer_account_id",
    "SubAccountId": "line_item_usage_account_id",
    "BillingPeriodStart": "bill_billing_period_start_date",
    "BillingPeriodEnd": "bill_billing_period_end_date",
    "ChargePeriodStart": "line_item_usage_start_date",
    "ChargePeriodEnd": "line_item_usage_end_date",
    "ChargeCategory": """case
        when line_item_line_item_type in
            ('Usage', 'DiscountedUsage', 'SavingsPlanCoveredUsage', 'SavingsPlanNegation') then 'Usage'
        when line_item_line_item_type in ('Fee', 'RIFee', 'SavingsPlanUpfrontFee', 'SavingsPlanRecurringFee')
            then 'Purchase'
        when line_item_line_item_type in ('Tax', 'Credit') then line_item_line_item_type
        when line_item_line_item_type is not null then 'Adjustment' end""",
    "ChargeDescription": "line_item_line_item_description",
    "ChargeFrequency": """case
        when line_item_line_item_type in ('RIFee', 'SavingsPlanRecurringFee') then 'Recurring'
        when line_item_line_item_type in ('Usage', 'DiscountedUsage', 'SavingsPlanCoveredUsage')
            then 'Usage-Based'
        else 'One-Time' end""",
    "PricingCategory": """case
        when line_item_line_item_type in ('SavingsPlanCoveredUsage', 'DiscountedUsage') then 'Committed'
        when contains(line_item_usage_type, 'Spot') then 'Dynamic'
        when line_item_line_item_type = 'Usage' then 'Standard' end""",
    "PricingQuantity": "line_item_usage_amount",
    "PricingUnit": "pricing_unit",
    # The line that takes covered usage back repeats its hours.
    "ConsumedQuantity": """case when line_item_line_item_type in
        ('Usage', 'DiscountedUsage', 'SavingsPlanCoveredUsage') then line_item_usage_amount end""",
    "ConsumedUnit": "pricing_unit",
    "CommitmentDiscountId": "coalesce(reservation_reservation_a_r_n, savings_plan_savings_plan_a_r_n)",
    "CommitmentDiscountType": """case
        when savings_plan_savings_plan_a_r_n is not null then 'Savings Plan'
        when reservation_reservation_a_r_n is not null then 'Reserved Instance' end""",
    # What a recurring fee leaves in EffectiveCost is the part nobody used.
    "CommitmentDiscountStatus": """case
        when line_item_line_item_type in ('SavingsPlanCoveredUsage', 'DiscountedUsage') then 'Used'
        when line_item_line_item_type in ('SavingsPlanRecurringFee', 'RIFee') then 'Unused' end""",
    "ProviderName": "'AWS'",
    "PublisherName": "line_item_legal_entity",
    "InvoiceIssuerName": "bill_invoicing_entity",
    "InvoiceId": "bill_invoice_id",
    "ServiceCategory": "case product_product_family when 'Data Transfer' then 'Networking'"
    f" when 'Storage' then 'Storage' else {one_of('line_item_product_code', _AWS_SERVICES, repr('Other'))} end",
    "ServiceName": "coalesce(product_product_name, line_item_product_code)",
    "SkuId": "product_sku",
    "SkuPriceId": "pricing_rate_code",
    "SkuMeter": "line_item_usage_type",
    "SkuPriceDetails": """case when product_instance_type is not null
        then cast(json_object('InstanceType', product_instance_type) as varchar) end""",
    "RegionId": "product_region_code",
    "RegionName": "product_location",
    "AvailabilityZone": "line_item_availability_zone",
    "ResourceId": "line_item_resource_id",
    "Tags": "tags",
    "x_UsageType": "line_item_usage_type",
}


def _aws(written: Callable[[str], str], *tags: str) -> dict[str, str]:
    """The mapping for one spelling of the columns; each of `tags` gives a JSON object of tags, the first one wins.

    The user's tags come under the keys the user gave them: AWS writes `user:` or `user_` before those, and the column's
    name. A tag of the caller (`iamPrincipal/`) keeps its prefix, and has the bare key too where nothing else has it.
    """
    # An empty text and a missing one mean the same in both generations.
    columns = {_snake(name): f"nullif(cast(\"{written(name)}\" as varchar), '')" for name in _AWS_COLUMNS}
    found = [f"tags_{number}" for number in range(len(tags))]
    given = ", ".join(f"{of} as {name}" for of, name in zip(tags, found, strict=True))
    # The later of two objects wins in a merge.
    merged = [f"cast(coalesce({_tags(name)}, '{{}}') as json)" for name in reversed(found)]
    has_net = f"exists(select 1 from rows where {columns[_snake('lineItem/NetUnblendedCost')]} is not null)"
    columns["has_net"] = "has_net"
    columns["tags"] = f"cast(json_merge_patch('{{}}'::json, {', '.join(merged)}) as varchar)"
    # What AWS says of the share that a pod or a task had in a machine: the machine's own line bears the cost.
    rows = f"(select *, {given}, {has_net} as has_net from rows)"
    return select(_AWS, f"{renamed(columns, rows)} where split_line_item_parent_resource_id is null")


def _split(written: Callable[[str], str]) -> str:
    parent = written("splitLineItem/ParentResourceId")
    return (
        "select _row, 'the share of a pod or task: the line of its machine bears the cost' as _reason "
        f"from rows where nullif(cast(\"{parent}\" as varchar), '') is not null"
    )


_AWS_PREFIX = "^(resource_?[tT]ags[/_:])?(user[:_])?"
_PRINCIPAL = "iamPrincipal/"


def _tags(of: str) -> str:
    value = f"json_extract_string({of}, '/' || replace(replace(k, '~', '~0'), '/', '~1'))"
    entries = (
        f"list_transform(list_filter(json_keys({of}), lambda k: {value} <> ''),"
        f" lambda k: {{'key': regexp_replace(k, '{_AWS_PREFIX}', ''), 'value': {value}}})"
    )
    bare = (
        f"list_transform(list_filter({entries}, lambda e: starts_with(e.key, '{_PRINCIPAL}')),"
        f" lambda e: {{'key': regexp_replace(e.key, '^{_PRINCIPAL}(user[:_])?', ''), 'value': e.value}})"
    )
    return f"case when {of} is not null then {members(f'list_concat({bare}, {entries})')} end"


def _object(column: str) -> str:
    """A column that holds a map, or the text of an object, as JSON; null where it holds neither."""
    text = f"cast({column} as varchar)"
    return f"""case when typeof({column}) <> 'VARCHAR' then to_json({column})
        when json_valid({text}) and starts_with(trim({text}), '{{') then cast({text} as json) end"""


# A legacy report has a column per activated tag. Declaring one makes the pattern find at least one.
_AWS_CSV_TAG = "resourceTags/user:Name"
_AWS_PARQUET_TAG = "resource_tags_user_name"
_CUR2_MAPS = ("resource_tags", "tags")
_CUR2_TAGS = [_object(column) for column in _CUR2_MAPS]

FORMATS = (
    Format(
        name="aws_cur_csv",
        container="csv",
        writing=Notation("."),
        requires=_AWS_REQUIRES,
        optional=(*all_but(_AWS_COLUMNS, _AWS_REQUIRES), _AWS_CSV_TAG),
        deliveries="replace a period",
        select=_aws(str, "to_json(struct_pack(*COLUMNS('^resourceTags/')))"),
        skips=_split(str),
    ),
    Format(
        name="aws_cur2_csv",
        container="csv",
        writing=Notation("."),
        requires=tuple(map(_snake, _AWS_REQUIRES)),
        optional=(*map(_snake, all_but(_AWS_COLUMNS, _AWS_REQUIRES)), *_CUR2_MAPS),
        deliveries="replace a period",
        select=_aws(_snake, *_CUR2_TAGS),
        skips=_split(_snake),
    ),
    # The legacy report's Parquet, with a column per tag, and CUR 2.0's, with maps.
    Format(
        name="aws_cur_parquet",
        container="parquet",
        requires=tuple(map(_snake, _AWS_REQUIRES)),
        optional=(*map(_snake, all_but(_AWS_COLUMNS, _AWS_REQUIRES)), *_CUR2_MAPS, _AWS_PARQUET_TAG),
        deliveries="replace a period",
        select=_aws(_snake, *_CUR2_TAGS, "to_json(struct_pack(*COLUMNS('^resource_tags_')))"),
        skips=_split(_snake),
    ),
)

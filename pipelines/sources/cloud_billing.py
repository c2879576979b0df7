"""Cloud bills: FOCUS, and the four native exports (AWS CUR, Azure, GCP) mapped onto FOCUS columns.

Here: the `charges` table, and what each vendor's column means in FOCUS terms. Not here: which delivery of a
restated bill stands, whose cost a charge is, or in what currency it is reported; those are rules, in dbt.

Three cost bases are kept for every charge, signs untouched. Where a vendor's export knows only one of them,
the mapping fills the others so that BilledCost still sums to the invoice and EffectiveCost to the amortised
cost of what was used.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import timedelta

from pipelines.sources.spec import Column, Deliveries, Expectation, Format, Names, Rule, Source, Table, Writing

_MONEY = "DECIMAL(38,12)"

_COLUMNS = (
    Column("BilledCost", _MONEY, "What is invoiced for the charge, in the billing currency.", required=True),
    Column(
        "EffectiveCost",
        _MONEY,
        "The amortised cost: commitments spread over what used them, discounts netted.",
        required=True,
    ),
    Column("ListCost", _MONEY, "List unit price times quantity: what it would cost without any discount."),
    Column("ContractedCost", _MONEY, "Contracted unit price times quantity, before commitment discounts."),
    Column("ListUnitPrice", _MONEY, "Published price of one pricing unit."),
    Column("ContractedUnitPrice", _MONEY, "Agreed price of one pricing unit."),
    Column("BillingCurrency", "VARCHAR", "ISO 4217 currency of the cost columns.", required=True),
    Column("PricingCurrency", "VARCHAR", "Currency the price list is in, where it differs."),
    Column("PricingCurrencyEffectiveCost", _MONEY, "Effective cost in the pricing currency."),
    Column("PricingCurrencyListUnitPrice", _MONEY, "List unit price in the pricing currency."),
    Column("PricingCurrencyContractedUnitPrice", _MONEY, "Contracted unit price in the pricing currency."),
    Column("BillingAccountId", "VARCHAR", "Account the invoice goes to.", required=True),
    Column("BillingAccountName", "VARCHAR", "Its display name."),
    Column("BillingAccountType", "VARCHAR", "The vendor's kind of billing account."),
    Column("SubAccountId", "VARCHAR", "Account, subscription or project that used the resource."),
    Column("SubAccountName", "VARCHAR", "Its display name."),
    Column("SubAccountType", "VARCHAR", "The vendor's kind of sub account."),
    Column("BillingPeriodStart", "TIMESTAMP", "Start of the period invoiced, inclusive."),
    Column("BillingPeriodEnd", "TIMESTAMP", "End of the period invoiced, exclusive."),
    Column("ChargePeriodStart", "TIMESTAMP", "Start of the charge, inclusive: its day.", required=True),
    Column("ChargePeriodEnd", "TIMESTAMP", "End of the charge, exclusive."),
    Column("ChargeCategory", "VARCHAR", "Usage, Purchase, Tax, Credit or Adjustment.", required=True),
    Column("ChargeClass", "VARCHAR", "Correction when it corrects a period already invoiced, else null."),
    Column("ChargeDescription", "VARCHAR", "The vendor's own words.", free=True),
    Column("ChargeFrequency", "VARCHAR", "One-Time, Recurring or Usage-Based."),
    Column("PricingCategory", "VARCHAR", "Standard, Dynamic, Committed or Other."),
    Column("PricingQuantity", _MONEY, "Quantity in pricing units."),
    Column("PricingUnit", "VARCHAR", "Unit the price is for."),
    Column("ConsumedQuantity", _MONEY, "Quantity used."),
    Column("ConsumedUnit", "VARCHAR", "Unit of the quantity used."),
    Column("CommitmentDiscountId", "VARCHAR", "Reservation or savings plan that priced the charge."),
    Column("CommitmentDiscountName", "VARCHAR", "Its display name."),
    Column("CommitmentDiscountCategory", "VARCHAR", "Spend or Usage."),
    Column("CommitmentDiscountType", "VARCHAR", "The vendor's kind of commitment."),
    Column("CommitmentDiscountStatus", "VARCHAR", "Used, or Unused for the part nobody used."),
    Column("CommitmentDiscountQuantity", _MONEY, "Amount of the commitment purchased or used."),
    Column("CommitmentDiscountUnit", "VARCHAR", "Unit of that amount."),
    Column("CapacityReservationId", "VARCHAR", "Capacity reservation the charge belongs to."),
    Column("CapacityReservationStatus", "VARCHAR", "Used or Unused."),
    Column("ProviderName", "VARCHAR", "Who made the service available (FOCUS up to 1.3)."),
    Column("PublisherName", "VARCHAR", "Who produced the service (FOCUS up to 1.3)."),
    Column("ServiceProviderName", "VARCHAR", "Who made the service available (FOCUS from 1.3)."),
    Column("HostProviderName", "VARCHAR", "Whose infrastructure it runs on (FOCUS from 1.3)."),
    Column("InvoiceIssuerName", "VARCHAR", "Who sends the invoice."),
    Column("InvoiceId", "VARCHAR", "Invoice the charge stands on, once issued."),
    Column("ServiceCategory", "VARCHAR", "FOCUS's broad kind of service: Compute, Storage, Networking, …"),
    Column("ServiceSubcategory", "VARCHAR", "The finer kind."),
    Column("ServiceName", "VARCHAR", "The vendor's name of the service."),
    Column("SkuId", "VARCHAR", "The priced item."),
    Column("SkuPriceId", "VARCHAR", "The price of the item, with its terms."),
    Column("SkuMeter", "VARCHAR", "What the item measures."),
    Column("SkuPriceDetails", "VARCHAR", "JSON object of the item's properties, such as InstanceType."),
    Column("RegionId", "VARCHAR", "Region the resource runs in."),
    Column("RegionName", "VARCHAR", "Its display name."),
    Column("AvailabilityZone", "VARCHAR", "Zone within the region."),
    Column("ResourceId", "VARCHAR", "The resource charged for."),
    Column("ResourceName", "VARCHAR", "Its display name."),
    Column("ResourceType", "VARCHAR", "Its kind."),
    Column("Tags", "VARCHAR", "JSON object of the tags on it, in the owner's own keys."),
    Column("AllocatedMethodId", "VARCHAR", "How the provider split a shared charge (FOCUS from 1.3)."),
    Column("AllocatedMethodDetails", "VARCHAR", "JSON of that split's elements."),
    Column("AllocatedResourceId", "VARCHAR", "Resource the provider split the charge to."),
    Column("AllocatedResourceName", "VARCHAR", "Its display name."),
    Column("AllocatedTags", "VARCHAR", "JSON object of that resource's tags."),
    Column("x_UsageType", "VARCHAR", "AWS: usage type, which names the instance type in FOCUS 1.0."),
    Column("x_SkuDetails", "VARCHAR", "Azure: JSON of the item, which names the instance type in FOCUS 1.0."),
    Column("x_Credits", "VARCHAR", "GCP: JSON of the credits netted into the cost, by kind."),
)  # fmt: skip

_CHARGES = Table(
    name="charges",
    description=(
        "One row per charge of a delivered bill. Every delivery is kept, so a month exported daily stands "
        "here many times: add up `int_charges__current`, never this table."
    ),
    columns=_COLUMNS,
    # FOCUS gives a charge no id, and two charges may be alike in every column.
    key=("_content_id", "_row"),
    day="ChargePeriodStart",
    rules=(
        Rule(
            "regexp_matches(BillingCurrency, '^[A-Z]{3}$')",
            "BillingCurrency is not an ISO 4217 code",
        ),
        Rule("ChargePeriodEnd >= ChargePeriodStart", "ChargePeriodEnd lies before ChargePeriodStart"),
        Rule(
            "BillingPeriodEnd > BillingPeriodStart",
            "BillingPeriodEnd is not after BillingPeriodStart",
        ),
    ),
    expectations=(
        Expectation(
            "effective_cost_in_proportion",
            "cast(sum(abs(EffectiveCost)) as double)"
            " / nullif(cast(sum(greatest(abs(BilledCost), abs(ListCost), abs(ContractedCost))) as double), 0)",
            "the day's effective cost exceeds a hundred times its billed, list and contracted cost: cents for "
            "dollars, or a shifted column",
            high=100.0,
        ),
        Expectation(
            "largest_charge",
            "cast(max(abs(BilledCost)) as double)",
            "a single charge above a hundred million: a decimal mark was lost",
            high=1e8,
        ),
    ),
    covers_range=True,
    parts=("BillingAccountId", "cast(coalesce(BillingPeriodStart, date_trunc('month', ChargePeriodStart)) as date)"),
)

_DATE = (
    r"(?:19|20)[0-9]{2}[-_/]?(?:0[1-9]|1[0-2])"
    r"(?:[-_/]?(?:0[1-9]|[12][0-9]|3[01])(?:[t_-]?[0-2][0-9][-_:]?[0-5][0-9](?:[-_:]?[0-5][0-9])?z?)?)?"
)
# Dates, run ids and GUIDs first, or the day of `2026-01-02.csv` would pass for a part. Dates twice: two of them share
# the character between them.
_DELIVERIES = Deliveries(
    (
        (r"(^|/)((?:year|month|day|hour|date|dt|run|run_id|billing_period)=[^/]*)", r"\1<\2>"),
        (r"([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})", r"<\1>"),
        *((rf"(^|[^0-9<=])({_DATE})([^0-9>]|$)", r"\1<\2>\3"),) * 2,
        (r"(^|[-_/])(run[-_]?[0-9]+)", r"\1<\2>"),
        (r"(part|chunk|shard)[-_]?[0-9]+(?:[-_][0-9]+)*", r"\1"),
        (r"([-_./])(?:[0-9]{1,6}|0[0-9]{6,11})((?:\.[a-z][a-z0-9]*)+)$", r"\1\2"),
    )
)


def _select(expressions: Mapping[str, str], relation: str = "rows") -> dict[str, str]:
    """The query that gives `charges` from `relation`; columns without an expression are null."""
    stray = expressions.keys() - set(_CHARGES.column_names)
    if stray:
        raise KeyError(f"not columns of charges: {sorted(stray)}")
    columns = [f'{expressions.get(name, "null")} as "{name}"' for name in _CHARGES.column_names]
    return {"charges": " ".join(["select", ",\n".join(["_row", "_raw", *columns]), "from", relation])}


def _renamed(columns: Mapping[str, str], relation: str = "rows") -> str:
    """A relation whose columns are `columns`, all text, so that a mapping is written once for every spelling."""
    texts = [f"cast({expression} as varchar) as {name}" for name, expression in columns.items()]
    return " ".join(["(select", ", ".join(["_row", "_raw", *texts]), "from", relation, ")"])


def _one_of(expression: str, values: Mapping[str, str], otherwise: str) -> str:
    whens = " ".join(f"when '{key}' then '{value}'" for key, value in values.items())
    return f"case {expression} {whens} else {otherwise} end"


def _members(entries: str) -> str:
    """JSON text of a list of (key, value) structs; unlike a map it bears a key that comes twice."""
    member = "cast(to_json(e.key) as varchar) || ':' || cast(to_json(e.value) as varchar)"
    return f"'{{' || array_to_string(list_transform({entries}, lambda e: {member}), ',') || '}}'"


def _except(columns: tuple[str, ...], requires: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(column for column in columns if column not in requires)


_FOCUS_REQUIRES = (
    "BilledCost",
    "EffectiveCost",
    "BillingCurrency",
    "BillingAccountId",
    "ChargeCategory",
    "ChargePeriodStart",
)
_FOCUS_OPTIONAL = _except(_CHARGES.column_names, _FOCUS_REQUIRES)
_FOCUS = {name: f'"{name}"' for name in _CHARGES.column_names}
# AWS writes maps into its Parquet, Azure JSON text: both become JSON text.
_FOCUS_NESTED = {
    name: f"""case when typeof("{name}") = 'VARCHAR' then cast("{name}" as varchar)
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

_AWS_COLUMNS = (
    "lineItem/LineItemType",
    "lineItem/UnblendedCost",
    "lineItem/UnblendedRate",
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
    "reservation/UnusedAmortizedUpfrontFeeForBillingPeriod",
    "reservation/UnusedRecurringFee",
    "savingsPlan/SavingsPlanARN",
    "savingsPlan/SavingsPlanEffectiveCost",
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
    """`savingsPlan/SavingsPlanARN` as AWS spells it in Parquet: `savings_plan_savings_plan_a_r_n`."""
    return "_".join(re.sub(r"(?<!^)([A-Z])", r"_\1", part).lower() for part in name.split("/"))


_AWS = {
    # Covered usage carries its on-demand cost here and a negation line takes it back. FOCUS bills neither;
    # both being 0 leaves the invoice's sum as it is and no model's bill inflated.
    "BilledCost": """case
        when line_item_line_item_type in ('SavingsPlanCoveredUsage', 'SavingsPlanNegation') then '0'
        else line_item_unblended_cost end""",
    "EffectiveCost": f"""case
        when line_item_line_item_type = 'SavingsPlanCoveredUsage' then savings_plan_savings_plan_effective_cost
        when line_item_line_item_type = 'SavingsPlanRecurringFee' then cast(
            try_cast(savings_plan_total_commitment_to_date as {_MONEY})
            - try_cast(savings_plan_used_commitment as {_MONEY}) as varchar)
        when line_item_line_item_type in ('SavingsPlanNegation', 'SavingsPlanUpfrontFee') then '0'
        when line_item_line_item_type = 'DiscountedUsage' then reservation_effective_cost
        when line_item_line_item_type = 'RIFee' then cast(
            try_cast(reservation_unused_amortized_upfront_fee_for_billing_period as {_MONEY})
            + try_cast(reservation_unused_recurring_fee as {_MONEY}) as varchar)
        when line_item_line_item_type = 'Fee' and reservation_reservation_a_r_n is not null then '0'
        when line_item_line_item_type = 'Refund' and savings_plan_savings_plan_a_r_n is not null then '0'
        else line_item_unblended_cost end""",
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
    "ConsumedQuantity": "line_item_usage_amount",
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
    f" when 'Storage' then 'Storage' else {_one_of('line_item_product_code', _AWS_SERVICES, repr('Other'))} end",
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


def _aws(spell: Callable[[str], str], tags: str, prefix: str) -> dict[str, str]:
    """The mapping for one spelling of the columns; `tags` gives a JSON object, its keys less `prefix`.

    The user's tags come under the keys the user gave them: AWS writes `user:` or `user_` before those.
    """
    # An empty text and a missing one mean the same in both generations.
    columns = {_snake(name): f"nullif(cast(\"{spell(name)}\" as varchar), '')" for name in _AWS_COLUMNS}
    value = "(tags ->> ('$.\"' || k || '\"'))"
    entries = (
        f"list_transform(list_filter(json_keys(tags), lambda k: {value} <> ''),"
        f" lambda k: {{'key': regexp_replace(k, '{prefix}', ''), 'value': {value}}})"
    )
    columns["tags"] = f"case when tags is not null then {_members(entries)} end"
    relation = _renamed(columns, " ".join(["(select *,", tags, "as tags from rows)"]))
    # What AWS says of the share that a pod or a task had in a machine: the machine's own line bears the cost.
    return _select(_AWS, f"{relation} where split_line_item_parent_resource_id is null")


# A legacy report has a column per activated tag. Declaring one makes the pattern find at least one.
_AWS_CSV_TAG = "resourceTags/user:Name"
_AWS_CSV_TAGS = "to_json(struct_pack(*COLUMNS('^resourceTags/')))"
_AWS_PARQUET_TAG = "resource_tags_user_name"
_AWS_PARQUET_TAGS = "to_json(struct_pack(*COLUMNS('^resource_tags_')))"
_CUR2_TAGS = """case when typeof(resource_tags) <> 'VARCHAR' then to_json(resource_tags)
    when json_valid(cast(resource_tags as varchar)) then cast(cast(resource_tags as varchar) as json) end"""
_CUR2_PREFIX = "^user[_:]"

# The actual cost, amortised cost, EA and MCA files: DuckDB does not mind that they differ in case.
_AZURE_COLUMNS = (
    "Date",
    "CostInBillingCurrency",
    "ChargeType",
    "ResourceId",
    "AdditionalInfo",
    "AvailabilityZone",
    "BenefitId",
    "BenefitName",
    "BillingAccountId",
    "BillingAccountName",
    "BillingCurrency",
    "BillingCurrencyCode",
    "BillingPeriodStartDate",
    "BillingPeriodEndDate",
    "ConsumedService",
    "Frequency",
    "InvoiceId",
    "Location",
    "MeterCategory",
    "MeterId",
    "MeterName",
    "MeterSubCategory",
    "PaygCostInBillingCurrency",
    "PayGPrice",
    "PricingCurrency",
    "PricingModel",
    "ProductName",
    "PublisherName",
    "Quantity",
    "ReservationId",
    "ReservationName",
    "ResourceLocation",
    "ResourceName",
    "ServiceFamily",
    "SubscriptionId",
    "SubscriptionName",
    "Tags",
    "UnitOfMeasure",
    "UnitPrice",
)
_AZURE_REQUIRES = _AZURE_COLUMNS[:4]
_AZURE_FAMILIES = {
    "AI + Machine Learning": "AI and Machine Learning",
    "Compute": "Compute",
    "Containers": "Compute",
    "Storage": "Storage",
    "Networking": "Networking",
    "Databases": "Databases",
    "Analytics": "Analytics",
    "Management and Governance": "Management and Governance",
    "Security": "Security",
}


def _azure_date(column: str, days: int = 0) -> str:
    """US dates (`9/2/2023`) as ISO, shifted by `days`; text that is no date stays, to be quarantined."""
    day = f"coalesce(try_strptime({column}, '%m/%d/%Y'), try_cast({column} as timestamp))"
    return f"coalesce(cast({day} + interval {days} day as varchar), {column})"


_AZURE_COVERED = """(PricingModel in ('Reservation', 'SavingsPlan')
    and ChargeType in ('Usage', 'UnusedReservation', 'UnusedSavingsPlan'))"""
_AZURE_COMMITMENT = "coalesce(ReservationId, BenefitId)"
_AZURE = {
    # A file is the actual or the amortised view and does not say which. What a commitment covers was invoiced
    # with its purchase, and a purchase is amortised over what it covers: both rules hold in both views.
    "BilledCost": f"case when {_AZURE_COVERED} then '0' else CostInBillingCurrency end",
    "EffectiveCost": f"""case when ChargeType in ('Purchase', 'Refund') and {_AZURE_COMMITMENT} is not null then '0'
        else CostInBillingCurrency end""",
    "ListCost": f"""coalesce(
        PaygCostInBillingCurrency,
        case when ChargeType = 'Usage' then cast(
            cast(try_cast(PayGPrice as decimal(18,9)) * try_cast(Quantity as decimal(18,9)) as {_MONEY}) as varchar)
            end,
        CostInBillingCurrency)""",
    "ContractedCost": f"""coalesce(
        case when ChargeType = 'Usage' then cast(
            cast(try_cast(UnitPrice as decimal(18,9)) * try_cast(Quantity as decimal(18,9)) as {_MONEY}) as varchar)
            end,
        CostInBillingCurrency)""",
    "ListUnitPrice": "PayGPrice",
    "ContractedUnitPrice": "UnitPrice",
    "BillingCurrency": "upper(coalesce(BillingCurrencyCode, BillingCurrency))",
    "PricingCurrency": "PricingCurrency",
    "BillingAccountId": "BillingAccountId",
    "BillingAccountName": "BillingAccountName",
    "SubAccountId": "SubscriptionId",
    "SubAccountName": "SubscriptionName",
    "BillingPeriodStart": _azure_date("BillingPeriodStartDate"),
    "BillingPeriodEnd": _azure_date("BillingPeriodEndDate", days=1),
    "ChargePeriodStart": _azure_date('"Date"'),
    "ChargePeriodEnd": _azure_date('"Date"', days=1),
    "ChargeCategory": """case
        when ChargeType in ('Usage', 'UnusedReservation', 'UnusedSavingsPlan') then 'Usage'
        when ChargeType in ('Purchase', 'Tax', 'Credit') then ChargeType
        when ChargeType is not null then 'Adjustment' end""",
    "ChargeDescription": "ProductName",
    "ChargeFrequency": """case Frequency
        when 'UsageBased' then 'Usage-Based' when 'OneTime' then 'One-Time' else Frequency end""",
    "PricingCategory": """case
        when PricingModel in ('OnDemand', 'On Demand') then 'Standard'
        when PricingModel = 'Spot' then 'Dynamic'
        when PricingModel in ('Reservation', 'SavingsPlan') then 'Committed'
        else 'Other' end""",
    "PricingQuantity": "Quantity",
    "PricingUnit": "UnitOfMeasure",
    "ConsumedQuantity": "case when ChargeType = 'Usage' then Quantity end",
    "ConsumedUnit": "case when ChargeType = 'Usage' then UnitOfMeasure end",
    "CommitmentDiscountId": _AZURE_COMMITMENT,
    "CommitmentDiscountName": "coalesce(ReservationName, BenefitName)",
    "CommitmentDiscountType": """case
        when ReservationId is not null then 'Reservation' when BenefitId is not null then 'Savings Plan' end""",
    "CommitmentDiscountStatus": f"""case
        when ChargeType in ('UnusedReservation', 'UnusedSavingsPlan') then 'Unused'
        when {_AZURE_COVERED} then 'Used' end""",
    "ProviderName": "'Microsoft'",
    "PublisherName": "PublisherName",
    "InvoiceId": "InvoiceId",
    "ServiceCategory": _one_of("ServiceFamily", _AZURE_FAMILIES, "'Other'"),
    "ServiceSubcategory": "MeterSubCategory",
    "ServiceName": "MeterCategory",
    "SkuId": "MeterId",
    "SkuMeter": "MeterName",
    "SkuPriceDetails": """case when json_valid(AdditionalInfo) and AdditionalInfo ->> '$.ServiceType' is not null
        then cast(json_object('InstanceType', AdditionalInfo ->> '$.ServiceType') as varchar) end""",
    "RegionId": "coalesce(ResourceLocation, Location)",
    "AvailabilityZone": "AvailabilityZone",
    "ResourceId": "ResourceId",
    "ResourceName": "ResourceName",
    "ResourceType": "ConsumedService",
    # EA writes the members of the object without its braces.
    "Tags": "case when starts_with(trim(Tags), '{') then Tags else '{' || Tags || '}' end",
}
_AZURE_RENAMED = _renamed({f'"{name}"': f"nullif(\"{name}\", '')" for name in _AZURE_COLUMNS})

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
    lambda c: try_cast(c.amount as {_MONEY}))), 0)"""
# Credits are netted into the row they are given for, whatever their sign: one that exceeds its cost leaves a
# negative charge. One exported row stays one charge, and what was netted is kept beside it.
_GCP_NET = f"""coalesce(
    cast(try_cast(doc ->> '$.cost' as {_MONEY}) + {_GCP_CREDITS} as varchar), doc ->> '$.cost')"""
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
    "ServiceCategory": _one_of("(doc ->> '$.service.description')", _GCP_SERVICES, "'Other'"),
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
    # A label on the resource overrides one its project hands down.
    "Tags": f"""nullif(cast(json_merge_patch(
        cast(coalesce({_members(_pairs("$.project.labels"))}, '{{}}') as json),
        cast(coalesce({_members(_pairs("$.labels"))}, '{{}}') as json)) as varchar), '{{}}')""",
    "x_Credits": "cast(doc -> '$.credits' as varchar)",
}
# The Parquet export's nested columns become the JSON the other export has: one mapping for both.
_GCP_FROM_PARQUET = " ".join(
    [
        "(select _row, _raw, json_object(",
        ", ".join(f"'{name}', {name}" for name in _GCP_COLUMNS),
        ") as doc from rows)",
    ]
)

SOURCE = Source(
    name="cloud_billing",
    title="Cloud bills",
    description=(
        "Cost and usage as the clouds and model vendors export it. A bill is restated for weeks: every "
        "delivery is kept, and the newest that covers a day stands."
    ),
    owner="finops",
    glob=("cloud_billing/**/*",),
    tables=(_CHARGES,),
    formats=(
        Format(
            name="focus_csv",
            container="csv",
            writing=Writing("."),
            requires=_FOCUS_REQUIRES,
            optional=_FOCUS_OPTIONAL,
            null_text=("", "NULL"),
            select=_select(_FOCUS),
        ),
        Format(
            name="focus_parquet",
            container="parquet",
            requires=_FOCUS_REQUIRES,
            optional=_FOCUS_OPTIONAL,
            select=_select({**_FOCUS, **_FOCUS_NESTED}),
        ),
        Format(
            name="aws_cur_csv",
            container="csv",
            writing=Writing("."),
            requires=_AWS_REQUIRES,
            optional=(*_except(_AWS_COLUMNS, _AWS_REQUIRES), _AWS_CSV_TAG),
            select=_aws(str, _AWS_CSV_TAGS, "^resourceTags/(user:)?"),
        ),
        Format(
            name="aws_cur2_csv",
            container="csv",
            writing=Writing("."),
            requires=(*map(_snake, _AWS_REQUIRES), "resource_tags"),
            optional=tuple(map(_snake, _except(_AWS_COLUMNS, _AWS_REQUIRES))),
            select=_aws(_snake, _CUR2_TAGS, _CUR2_PREFIX),
        ),
        Format(
            name="aws_cur2_parquet",
            container="parquet",
            requires=(*map(_snake, _AWS_REQUIRES), "resource_tags"),
            optional=tuple(map(_snake, _except(_AWS_COLUMNS, _AWS_REQUIRES))),
            select=_aws(_snake, _CUR2_TAGS, _CUR2_PREFIX),
        ),
        Format(
            name="aws_cur_parquet",
            container="parquet",
            requires=tuple(map(_snake, _AWS_REQUIRES)),
            optional=(*map(_snake, _except(_AWS_COLUMNS, _AWS_REQUIRES)), _AWS_PARQUET_TAG),
            select=_aws(_snake, _AWS_PARQUET_TAGS, "^resource_tags_(user_)?"),
        ),
        Format(
            name="azure_csv",
            container="csv",
            writing=Writing(".", "mdy"),
            requires=_AZURE_REQUIRES,
            optional=_except(_AZURE_COLUMNS, _AZURE_REQUIRES),
            select=_select(_AZURE, _AZURE_RENAMED),
        ),
        Format(
            name="gcp_jsonl",
            container="json",
            requires=tuple(f"$.{name}" for name in _GCP_REQUIRES),
            select=_select(_GCP),
        ),
        Format(
            name="gcp_parquet",
            container="parquet",
            requires=_GCP_REQUIRES,
            optional=_except(_GCP_COLUMNS, _GCP_REQUIRES),
            select=_select(_GCP, _GCP_FROM_PARQUET),
        ),
    ),
    # Clouds close a month some ten days into the next, and correct it until then.
    late=timedelta(days=45),
    fresh_within=timedelta(hours=72),
    day_by="rows",
    deliveries=_DELIVERIES,
    names=(
        Names("charges", "tag", 'coalesce("AllocatedTags", "Tags")', is_keyed=True),
        Names("charges", "resource_id", 'coalesce("AllocatedResourceId", "ResourceId")', is_lower=True),
        Names("charges", "sub_account_id", '"SubAccountId"', label='"SubAccountName"', is_lower=True),
        Names("charges", "service", '"ServiceName"', is_lower=True),
    ),
)

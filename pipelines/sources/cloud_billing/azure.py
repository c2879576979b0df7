"""Azure cost exports, actual and amortised, of Enterprise and Microsoft Customer Agreements, as FOCUS columns."""

from __future__ import annotations

from pipelines.sources.cloud_billing.charges import MONEY, all_but, one_of, renamed, select
from pipelines.sources.spec import Format, Writing

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
            cast(try_cast(PayGPrice as decimal(18,9)) * try_cast(Quantity as decimal(18,9)) as {MONEY}) as varchar)
            end,
        CostInBillingCurrency)""",
    "ContractedCost": f"""coalesce(
        case when ChargeType = 'Usage' then cast(
            cast(try_cast(UnitPrice as decimal(18,9)) * try_cast(Quantity as decimal(18,9)) as {MONEY}) as varchar)
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
    "ServiceCategory": one_of("ServiceFamily", _AZURE_FAMILIES, "'Other'"),
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
_AZURE_RENAMED = renamed({f'"{name}"': f"nullif(\"{name}\", '')" for name in _AZURE_COLUMNS})

FORMATS = (
    Format(
        name="azure_csv",
        container="csv",
        writing=Writing(".", "mdy"),
        requires=_AZURE_REQUIRES,
        optional=all_but(_AZURE_COLUMNS, _AZURE_REQUIRES),
        select=select(_AZURE, _AZURE_RENAMED),
    ),
)

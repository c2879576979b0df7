"""Azure cost exports, actual and amortised, of Enterprise and Microsoft Customer Agreements, as FOCUS columns."""

from __future__ import annotations

from pipelines.sources.cloud_billing.charges import MONEY, all_but, one_of, renamed, select
from pipelines.sources.spec import Container, Format, Notation
from pipelines.sources.values import quick

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
    "CostInPricingCurrency",
    "ExchangeRatePricingToBilling",
)
_CONTAINERS: tuple[Container, ...] = ("csv", "parquet")
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


_DAYS_FIRST = "try_strptime(BillingPeriodEndDate, '%d/%m/%Y') >= date '1990-01-01'"
"""Whether a row writes days before months: the last day of a month is no month's number."""


def _azure_date(column: str, days: int = 0) -> str:
    """US dates (`9/2/2023`), or days first, as ISO, shifted by `days`; other text stays, to be quarantined."""
    days_first, months_first = (f"try_strptime({column}, '{form}')" for form in ("%d/%m/%Y", "%m/%d/%Y"))
    written = f"case when {_DAYS_FIRST} then {days_first} else {months_first} end"
    day = f"coalesce({written}, {quick(column, 'TIMESTAMP')})"
    return f"coalesce(cast({day} + interval {days} day as varchar), {column})"


_AZURE_CURRENCY = "upper(coalesce(BillingCurrencyCode, BillingCurrency))"


def _number(column: str) -> str:
    return f"try_cast({column} as double)"


_AZURE_COVERED = """(PricingModel in ('Reservation', 'SavingsPlan')
    and ChargeType in ('Usage', 'UnusedReservation', 'UnusedSavingsPlan'))"""
_AZURE_COMMITMENT = "coalesce(ReservationId, BenefitId)"
_AZURE_BUYS = f"(ChargeType in ('Purchase', 'Refund') and {_AZURE_COMMITMENT} is not null)"
# An export is of the actual or of the amortised data set and does not say which, but these rows are in one alone.
_AZURE_VIEW = f"""case
    when ChargeType in ('UnusedReservation', 'UnusedSavingsPlan') then 'amortized'
    when {_AZURE_COVERED} then case when {_number("CostInBillingCurrency")} <> 0 then 'amortized' else 'actual' end
    when {_AZURE_BUYS} and {_number("CostInBillingCurrency")} <> 0 then 'actual' end"""
# What a price is for: 100 in `100 Hours`, 10,000 in `10K`.
_AZURE_BLOCK = r"""coalesce(nullif(
    try_cast(replace(regexp_extract(UnitOfMeasure, '^ *([0-9][0-9,.]*)([KM]?)([^A-Za-z].*)?$', 1), ',', '') as double)
    * case regexp_extract(UnitOfMeasure, '^ *([0-9][0-9,.]*)([KM]?)([^A-Za-z].*)?$', 2)
        when 'K' then 1e3 when 'M' then 1e6 else 1 end, 0), 1)"""
_AZURE_RATE = f"""case when PricingCurrency is null or {_AZURE_CURRENCY} = upper(PricingCurrency) then 1
    else coalesce({_number("ExchangeRatePricingToBilling")},
        {_number("CostInBillingCurrency")} / nullif({_number("CostInPricingCurrency")}, 0)) end"""


def _at_price(price: str) -> str:
    """What a usage row costs at `price`, in the billing currency; null where a price or a rate is missing.

    Quantities are in single units in some agreements' files and in blocks in others': an uncovered charge shows
    which, since unit price times quantity must give its cost.
    """
    whole = f"{_number(price)} * {_number('Quantity')} * rate"
    cost, contracted = _number("CostInBillingCurrency"), f"{_number('UnitPrice')} * {_number('Quantity')} * rate"
    return f"""case when ChargeType = 'Usage' then cast(cast(case
        when block = 1 or (not {_AZURE_COVERED}
            and abs({contracted} - {cost}) < abs({contracted} / block - {cost})) then {whole}
        else {whole} / block end as {MONEY}) as varchar) end"""


_AZURE = {
    # A file is the actual or the amortised view and does not say which. What a commitment covers was invoiced
    # with its purchase, and a purchase is amortised over what it covers: both rules hold in both views.
    # What a commitment covers was invoiced with its purchase, and a purchase is amortised over what it covers: both
    # rules hold in both data sets.
    "BilledCost": f"case when {_AZURE_COVERED} then '0' else CostInBillingCurrency end",
    "EffectiveCost": f"case when {_AZURE_BUYS} then '0' else CostInBillingCurrency end",
    "ListCost": f"coalesce(PaygCostInBillingCurrency, {_at_price('PayGPrice')}, CostInBillingCurrency)",
    "ContractedCost": f"coalesce({_at_price('UnitPrice')}, CostInBillingCurrency)",
    "ListUnitPrice": "PayGPrice",
    "ContractedUnitPrice": "UnitPrice",
    "BillingCurrency": _AZURE_CURRENCY,
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
    "x_CostView": _AZURE_VIEW,
}
_AZURE_TEXTS = renamed({f'"{name}"': f"nullif(cast(\"{name}\" as varchar), '')" for name in _AZURE_COLUMNS})
_AZURE_ROWS = f"(select *, {_AZURE_BLOCK} as block, {_AZURE_RATE} as rate from {_AZURE_TEXTS})"

FORMATS = tuple(
    Format(
        name=f"azure_{container}",
        container=container,
        writing=Notation(".", "mdy"),
        requires=_AZURE_REQUIRES,
        optional=all_but(_AZURE_COLUMNS, _AZURE_REQUIRES),
        deliveries="replace a period",
        select=select(_AZURE, _AZURE_ROWS),
    )
    for container in _CONTAINERS
)

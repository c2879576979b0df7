"""The `charges` table, in FOCUS terms, and what the vendors' mappings onto it are written with."""

from __future__ import annotations

from collections.abc import Mapping

from pipelines.sources.spec import Column, Expectation, Rule, Table

MONEY = "DECIMAL(38,12)"

_COLUMNS = (
    Column("BilledCost", MONEY, "What is invoiced for the charge, in the billing currency.", required=True),
    Column(
        "EffectiveCost",
        MONEY,
        "The amortised cost: commitments spread over what used them, discounts netted.",
        required=True,
    ),
    Column("ListCost", MONEY, "List unit price times quantity: what it would cost without any discount."),
    Column("ContractedCost", MONEY, "Contracted unit price times quantity, before commitment discounts."),
    Column("ListUnitPrice", MONEY, "Published price of one pricing unit."),
    Column("ContractedUnitPrice", MONEY, "Agreed price of one pricing unit."),
    Column("BillingCurrency", "VARCHAR", "ISO 4217 currency of the cost columns.", required=True),
    Column("PricingCurrency", "VARCHAR", "Currency the price list is in, where it differs."),
    Column("PricingCurrencyEffectiveCost", MONEY, "Effective cost in the pricing currency."),
    Column("PricingCurrencyListUnitPrice", MONEY, "List unit price in the pricing currency."),
    Column("PricingCurrencyContractedUnitPrice", MONEY, "Contracted unit price in the pricing currency."),
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
    Column("PricingQuantity", MONEY, "Quantity in pricing units."),
    Column("PricingUnit", "VARCHAR", "Unit the price is for."),
    Column("ConsumedQuantity", MONEY, "Quantity used."),
    Column("ConsumedUnit", "VARCHAR", "Unit of the quantity used."),
    Column("CommitmentDiscountId", "VARCHAR", "Reservation or savings plan that priced the charge."),
    Column("CommitmentDiscountName", "VARCHAR", "Its display name."),
    Column("CommitmentDiscountCategory", "VARCHAR", "Spend or Usage."),
    Column("CommitmentDiscountType", "VARCHAR", "The vendor's kind of commitment."),
    Column("CommitmentDiscountStatus", "VARCHAR", "Used, or Unused for the part nobody used."),
    Column("CommitmentDiscountQuantity", MONEY, "Amount of the commitment purchased or used."),
    Column("CommitmentDiscountUnit", "VARCHAR", "Unit of that amount."),
    Column("CapacityReservationId", "VARCHAR", "Capacity reservation the charge belongs to."),
    Column("CapacityReservationStatus", "VARCHAR", "Used or Unused."),
    Column("ProviderName", "VARCHAR", "Who made the service available (FOCUS up to 1.3)."),
    Column("PublisherName", "VARCHAR", "Who produced the service (FOCUS up to 1.3)."),
    Column("ServiceProviderName", "VARCHAR", "Who made the service available (FOCUS from 1.3)."),
    Column("HostProviderName", "VARCHAR", "Company that runs the infrastructure (FOCUS from 1.3)."),
    Column("InvoiceIssuerName", "VARCHAR", "Who sends the invoice."),
    Column("InvoiceId", "VARCHAR", "Invoice that lists the charge, once issued."),
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
    Column("x_ExportTime", "TIMESTAMP", "GCP: when the row was added; distinguishes equal rows."),
    Column("x_CostView", "VARCHAR", "Azure: actual or amortized, where the charge can be of that data set only."),
)  # fmt: skip

CHARGES = Table(
    name="charges",
    description=(
        "One row per charge of a delivered bill. Every delivery is kept, so a month exported daily is here "
        "many times: add up `int_charges__current`, never this table."
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
        *(
            Rule(f"abs({cost}) < 1e9", f"{cost} of a billion or more: a decimal mark was lost")
            for cost in ("BilledCost", "EffectiveCost", "ListCost", "ContractedCost")
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
    ),
    covers_range=True,
    parts=("BillingAccountId", "cast(coalesce(BillingPeriodStart, date_trunc('month', ChargePeriodStart)) as date)"),
)


def select(expressions: Mapping[str, str], relation: str = "rows") -> dict[str, str]:
    """The query that gives `charges` from `relation`; columns without an expression are null."""
    stray = expressions.keys() - set(CHARGES.column_names)
    if stray:
        raise KeyError(f"not columns of charges: {sorted(stray)}")
    written = dict(expressions)
    for name in ("BillingCurrency", "PricingCurrency"):
        if name in written:  # some exports write usd
            written[name] = f"upper(trim(cast({written[name]} as varchar)))"
    columns = [f'{written.get(name, "null")} as "{name}"' for name in CHARGES.column_names]
    return {"charges": " ".join(["select", ",\n".join(["_row", "_raw", *columns]), "from", relation])}


def renamed(columns: Mapping[str, str], relation: str = "rows") -> str:
    """A relation with `columns`, all text, so that a mapping is written once for every spelling."""
    texts = [f"cast({expression} as varchar) as {name}" for name, expression in columns.items()]
    return " ".join(["(select", ", ".join(["_row", "_raw", *texts]), "from", relation, ")"])


def one_of(expression: str, values: Mapping[str, str], otherwise: str) -> str:
    """SQL that looks the expression's text up in `values`."""
    whens = " ".join(f"when '{key}' then '{value}'" for key, value in values.items())
    return f"case {expression} {whens} else {otherwise} end"


def members(entries: str) -> str:
    """JSON text of a list of (key, value) structs; unlike a map it bears a key that comes twice."""
    member = "cast(to_json(e.key) as varchar) || ':' || cast(to_json(e.value) as varchar)"
    return f"'{{' || array_to_string(list_transform({entries}, lambda e: {member}), ',') || '}}'"


def all_but(columns: tuple[str, ...], requires: tuple[str, ...]) -> tuple[str, ...]:
    """Those of `columns` that a format can do without."""
    return tuple(column for column in columns if column not in requires)

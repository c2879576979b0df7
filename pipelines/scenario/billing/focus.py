"""FOCUS files: as AWS delivers and restates them, and as a language model vendor does."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from pipelines.scenario.billing.charge import PRELIMINARY, Charge, Messy, closed, month_starts, next_month, rated
from pipelines.scenario.billing.files import hour_of, iso_day, write_csv
from pipelines.scenario.world import World

FOCUS_1_0 = (
    "AvailabilityZone", "BilledCost", "BillingAccountId", "BillingAccountName", "BillingCurrency", "BillingPeriodEnd",
    "BillingPeriodStart", "ChargeCategory", "ChargeClass", "ChargeDescription", "ChargeFrequency", "ChargePeriodEnd",
    "ChargePeriodStart", "CommitmentDiscountCategory", "CommitmentDiscountId", "CommitmentDiscountName",
    "CommitmentDiscountStatus", "CommitmentDiscountType", "ConsumedQuantity", "ConsumedUnit", "ContractedCost",
    "ContractedUnitPrice", "EffectiveCost", "InvoiceIssuerName", "ListCost", "ListUnitPrice", "PricingCategory",
    "PricingQuantity", "PricingUnit", "ProviderName", "PublisherName", "RegionId", "RegionName", "ResourceId",
    "ResourceName", "ResourceType", "ServiceCategory", "ServiceName", "SkuId", "SkuPriceId", "SubAccountId",
    "SubAccountName", "Tags",
)  # fmt: skip
AWS_EXTRA = ("x_CostCategories", "x_Discounts", "x_Operation", "x_ServiceCode", "x_UsageType")
FOCUS_1_2 = (
    *FOCUS_1_0,
    "BillingAccountType", "CapacityReservationId", "CapacityReservationStatus", "CommitmentDiscountQuantity",
    "CommitmentDiscountUnit", "InvoiceId", "PricingCurrency", "PricingCurrencyContractedUnitPrice",
    "PricingCurrencyEffectiveCost", "PricingCurrencyListUnitPrice", "ServiceSubcategory", "SkuMeter",
    "SkuPriceDetails", "SubAccountType",
)  # fmt: skip


def _focus_row(charge: Charge, provider: str, account: str, region: str) -> dict[str, object]:
    month = charge.billing_month
    return {
        "BilledCost": charge.costs.billed,
        "EffectiveCost": charge.costs.effective,
        "ListCost": charge.costs.listed,
        "ContractedCost": charge.costs.contracted,
        "BillingAccountId": account,
        "BillingAccountName": "Meridian",
        "BillingCurrency": "USD",
        "BillingPeriodStart": iso_day(month),
        "BillingPeriodEnd": iso_day(next_month(month)),
        "ChargePeriodStart": iso_day(charge.day),
        "ChargePeriodEnd": iso_day(charge.day + timedelta(days=1)),
        "ChargeCategory": charge.kind,
        "ChargeClass": "Correction" if charge.corrects else None,
        "ChargeDescription": f"{charge.service}: {charge.meter}",
        "ChargeFrequency": "Recurring" if charge.kind == "Purchase" else "Usage-Based",
        "CommitmentDiscountCategory": "Spend" if charge.commitment else None,
        "CommitmentDiscountId": charge.commitment,
        "CommitmentDiscountStatus": charge.commitment_status,
        "CommitmentDiscountType": "Savings Plan" if charge.commitment else None,
        "ConsumedQuantity": charge.quantity if charge.kind == "Usage" else None,
        "ConsumedUnit": charge.unit if charge.kind == "Usage" else None,
        "PricingCategory": "Committed" if charge.commitment else "Standard",
        "PricingQuantity": charge.quantity,
        "PricingUnit": charge.unit,
        "ProviderName": provider,
        "PublisherName": provider,
        "InvoiceIssuerName": provider,
        "RegionId": region,
        "ResourceId": charge.resource_id,
        "ServiceCategory": charge.service_category,
        "ServiceName": charge.service,
        "SkuMeter": charge.meter,
        "SubAccountId": account,
        "Tags": json.dumps(charge.tags) if charge.tags else None,
        "x_UsageType": charge.meter,
    }


def write_focus(world: World, folder: Path, charges: Sequence[Charge]) -> Messy:
    """FOCUS 1.0 as AWS exports it: month to date on the 16th, the month on the 3rd of the next, restated on the 9th."""
    messy = Messy()

    def deliver(at: datetime, month: date, rows: Sequence[Charge], broken: int) -> None:
        lines = [_focus_row(row, "AWS", "111122223333", "us-east-1") for row in rows]
        # A charge whose cost is no number, and one that ends before it starts.
        for number in range(broken):
            bad: dict[str, object] = (
                {"BilledCost": "n/a"} if number % 2 else {"ChargePeriodEnd": "2020-01-01T00:00:00Z"}
            )
            lines.append(lines[number * 7 % len(rows)] | bad)
        half = (len(lines) + 1) // 2
        run = folder / "focus" / f"BILLING_PERIOD={month:%Y-%m}" / f"{at:%Y-%m-%dT%H-%M-%SZ}"
        for part, piece in enumerate((lines[:half], lines[half:]), 1):
            write_csv(run / f"focus-{part:05}.csv.gz", (*FOCUS_1_0, *AWS_EXTRA), piece, at)

    for month in sorted({charge.billing_month for charge in charges}):
        final = [charge for charge in charges if charge.billing_month == month]
        early = [charge for charge in final if charge.day.day <= 15 and charge.kind == "Usage" and not charge.corrects]
        if any(charge.day.day > 15 and not charge.corrects for charge in final):
            early = [rated(charge, PRELIMINARY) for charge in early]
            deliver(hour_of(month.replace(day=16), 4), month, early, broken=0)
            messy += Messy(len(early), sum((c.costs.effective for c in early), Decimal(0)))
        closing = closed(world, month, 3) + timedelta(hours=4)
        if month == month_starts(world.dates)[0]:
            wrong = [rated(c, Decimal(2)) if c.category == "data" and c.day.day == 9 else c for c in final]
            deliver(closing, month, wrong, broken=0)
            messy += Messy(len(wrong), sum((c.costs.effective for c in wrong), Decimal(0)))
            closing += timedelta(days=6)
        deliver(closing, month, final, broken=3)
        messy += Messy(broken_rows=3)
    return messy


def write_tokens(world: World, folder: Path, charges: Sequence[Charge]) -> None:
    """FOCUS 1.2 from a language model vendor, a file a month."""
    for month in sorted({charge.billing_month for charge in charges}):
        rows: list[dict[str, object]] = [
            _focus_row(charge, "Parley AI", "org-meridian", "global")
            | {"PricingCurrency": "USD", "PricingCurrencyEffectiveCost": charge.costs.effective}
            for charge in charges
            if charge.billing_month == month
        ]
        write_csv(folder / f"parley-focus-{month:%Y-%m}.csv", FOCUS_1_2, rows, closed(world, month, 2))

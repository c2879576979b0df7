"""Azure's amortised cost export."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

from pipelines.scenario.billing.charge import Charge, closed, next_month
from pipelines.scenario.billing.files import write_csv
from pipelines.scenario.world import World

AZURE_EA = (
    "InvoiceSectionName", "AccountName", "AccountOwnerId", "SubscriptionId", "SubscriptionName", "ResourceGroup",
    "ResourceLocation", "Date", "ProductName", "MeterCategory", "MeterSubCategory", "MeterId", "MeterName",
    "MeterRegion", "UnitOfMeasure", "Quantity", "EffectivePrice", "CostInBillingCurrency", "CostCenter",
    "ConsumedService", "ResourceId", "Tags", "OfferId", "AdditionalInfo", "ServiceInfo1", "ServiceInfo2",
    "ResourceName", "ReservationId", "ReservationName", "UnitPrice", "ProductOrderId", "ProductOrderName", "Term",
    "PublisherType", "PublisherName", "ChargeType", "Frequency", "PricingModel", "AvailabilityZone",
    "BillingAccountId", "BillingAccountName", "BillingCurrencyCode", "BillingPeriodStartDate",
    "BillingPeriodEndDate", "BillingProfileId", "BillingProfileName", "InvoiceSectionId", "IsAzureCreditEligible",
    "PartNumber", "PayGPrice", "PlanName", "ServiceFamily", "CostAllocationRuleName", "benefitId", "benefitName",
)  # fmt: skip


def write_azure(world: World, folder: Path, charges: Sequence[Charge]) -> None:
    """An EA amortised cost export, in euros, a run a month."""
    for month in sorted({charge.billing_month for charge in charges}):
        run = uuid.uuid5(uuid.NAMESPACE_OID, f"azure {month}")
        last = next_month(month) - timedelta(days=1)
        rows: list[dict[str, object]] = [
            {
                "SubscriptionId": "5f2d0c1e-7a34-4c7b-9d0e-2b7f6a1c9e10",
                "SubscriptionName": "bank-ml",
                "ResourceGroup": "fraud",
                "ResourceLocation": "westeurope",
                "Date": _us(charge.day),
                "ProductName": f"{charge.service} - {charge.meter}",
                "MeterCategory": charge.service,
                "MeterName": charge.meter,
                "UnitOfMeasure": "1 Hour",
                "Quantity": charge.quantity,
                "EffectivePrice": charge.costs.effective / charge.quantity,
                "CostInBillingCurrency": charge.costs.effective,
                "ConsumedService": "Microsoft.Compute",
                "ResourceId": charge.resource_id or "/subscriptions/5f2d0c1e-7a34-4c7b-9d0e-2b7f6a1c9e10/other",
                "Tags": ",".join(f'"{key}": "{value}"' for key, value in charge.tags.items()),
                "AdditionalInfo": json.dumps({"ServiceType": charge.instance_type}) if charge.instance_type else "",
                "ReservationId": charge.commitment,
                "UnitPrice": charge.costs.contracted / charge.quantity,
                "PublisherName": "Microsoft",
                "ChargeType": "UnusedReservation" if charge.commitment_status == "Unused" else "Usage",
                "Frequency": "UsageBased",
                "PricingModel": "Reservation" if charge.commitment else "OnDemand",
                "BillingAccountId": "7654321",
                "BillingAccountName": "Meridian Bank",
                "BillingCurrencyCode": "EUR",
                "BillingPeriodStartDate": _us(month),
                "BillingPeriodEndDate": _us(last),
                "PayGPrice": charge.costs.listed / charge.quantity,
                "ServiceFamily": charge.service_category,
            }
            for charge in charges
            if charge.billing_month == month
        ]
        path = folder / "amortised" / f"{month:%Y%m%d}-{last:%Y%m%d}" / str(run) / "part_0_0001.csv"
        write_csv(path, AZURE_EA, rows, closed(world, month, 5))


def _us(day: date) -> str:
    return f"{day.month}/{day.day}/{day.year}"

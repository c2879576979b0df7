"""The sample company's cloud bills and exchange rates, and what they truly cost whom.

Here: charges as they were caused, written as five vendors would export them, with restated, late, duplicated
and broken deliveries among them. The truth is reckoned from the charges as caused, in decimals, never from
the files. Volumes come from `world`; what a prediction costs is planted here.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.scenario.world import (
    COST_FALL,
    INSTANCE_CHANGE_DAY,
    MEMBERS,
    POUNDS_PER_USD,
    YEN_PER_USD,
    Member,
    World,
)

UNALLOCATED = "unallocated"
UNUSED = "unused_commitment"
GPU_POOL = "gpu-a"
PLATFORM_POOL = "platform"
FRAUD_WORKSPACE = (
    "/subscriptions/5f2d0c1e-7a34-4c7b-9d0e-2b7f6a1c9e10/resourceGroups/fraud/providers/"
    "Microsoft.MachineLearningServices/workspaces/fraud-ws"
)
# What answering one prediction costs, in the vendor's currency, amortised.
UNIT_COST = {
    "recommender": Decimal("0.001"),
    "fraud-detector": Decimal("0.011"),
    "triage": Decimal("0.018"),
    "route-optimiser": Decimal("0.0009"),
    "support-assistant": Decimal("0.00445"),
    "writing-assistant": Decimal("0.021"),
}
UNIT_COST_AFTER = UNIT_COST["recommender"] * (1 - Decimal(str(COST_FALL)))
PLAN_DISCOUNT = Decimal("0.7")
"""What a savings plan's hour costs of its on-demand price."""
PRELIMINARY = Decimal("1.08")
"""By how much month-to-date exports overstate usage, before the vendor's rating is final."""


class Costs(NamedTuple):
    """A charge's four costs."""

    billed: Decimal
    effective: Decimal
    listed: Decimal
    contracted: Decimal


@dataclass(frozen=True)
class Charge:
    """A charge as it was caused: whose it is, for what, and its four costs in the vendor's currency."""

    day: date
    owner: str
    category: str
    service: str
    service_category: str
    meter: str
    costs: Costs
    tags: dict[str, str] = field(default_factory=dict)
    kind: str = "Usage"
    instance_type: str | None = None
    resource_id: str | None = None
    commitment: str | None = None
    commitment_status: str | None = None
    corrects: bool = False
    quantity: Decimal = Decimal(1)
    unit: str = "Hours"

    @property
    def billing_month(self) -> date:
        """The first day of the month it is invoiced in: a correction comes with the next month's bill."""
        first = self.day.replace(day=1)
        return _next_month(first) if self.corrects else first


def write_billing(world: World, landing: Path) -> dict[str, object]:
    """Write the bills under `landing/cloud_billing`, the rates under `landing/fx_rates`; return the truth."""
    rates = _write_rates(world, landing / "fx_rates")
    folder = landing / "cloud_billing"
    bills: dict[tuple[str, str], list[Charge]] = {
        ("AWS", "USD"): [*_retail_charges(world), *_logistics_charges(world)],
        ("Microsoft", "EUR"): list(_bank_charges(world)),
        ("Google Cloud", "USD"): list(_hospital_charges(world)),
        ("Parley AI", "USD"): list(_token_charges(world)),
    }
    retail, logistics = list(_retail_charges(world)), list(_logistics_charges(world))
    superseded = _write_focus(world, folder / "aws-retail", retail)
    _write_cur2(world, folder / "aws-logistics", logistics)
    _write_azure(world, folder / "azure-bank", bills["Microsoft", "EUR"])
    superseded += _write_gcp(world, folder / "gcp-hospital", bills["Google Cloud", "USD"])
    _write_tokens(world, folder / "parley", bills["Parley AI", "USD"])
    return _truth(world, bills, rates) | superseded.as_truth()


@dataclass(frozen=True)
class _Messy:
    """Rows that must not count: delivered and replaced later, or broken."""

    superseded_rows: int = 0
    superseded_effective_usd: Decimal = Decimal(0)
    broken_rows: int = 0

    def __add__(self, other: _Messy) -> _Messy:
        return _Messy(
            self.superseded_rows + other.superseded_rows,
            self.superseded_effective_usd + other.superseded_effective_usd,
            self.broken_rows + other.broken_rows,
        )

    def as_truth(self) -> dict[str, object]:
        return {
            "superseded_rows": self.superseded_rows,
            "superseded_effective_usd": _plain(self.superseded_effective_usd),
            "quarantined_rows": self.broken_rows,
        }


def _member(member_id: str) -> Member:
    return next(member for member in MEMBERS if member.id == member_id)


def _serving_cost(world: World, member_id: str, day: date) -> Decimal:
    """Predictions of the day times the unit cost: exact, so that the planted fall is."""
    unit = UNIT_COST[member_id]
    if member_id == "recommender" and (day - world.start).days >= INSTANCE_CHANGE_DAY:
        unit = UNIT_COST_AFTER
    return unit * int(world.predictions(_member(member_id), day).sum())


def _dice(world: World, name: str, day: date, mean: str, spread: float = 0.15) -> Decimal:
    """About `mean` dollars, different each day, to the hundredth of a cent."""
    factor = 1.0 + spread * float(world.rng("billing", name, day).uniform(-1, 1))
    return (Decimal(mean) * Decimal(factor)).quantize(Decimal("0.0001"), ROUND_HALF_EVEN)


def _on_demand(cost: Decimal) -> Costs:
    return Costs(cost, cost, cost, cost)


def _month_starts(days: Iterable[date]) -> list[date]:
    return sorted({day.replace(day=1) for day in days})


def _next_month(first: date) -> date:
    return (first + timedelta(days=32)).replace(day=1)


def _retail_charges(world: World) -> Iterator[Charge]:
    """The retailer's AWS account: recommender, writing assistant, the shared GPU cluster, the ML platform."""
    for day in world.dates:
        recs = _serving_cost(world, "recommender", day)
        model = world.instance_type(_member("recommender"), day)
        first = (recs * Decimal("0.6")).quantize(Decimal("0.000001"))
        for number, cost in enumerate((first, recs - first), 1):
            yield Charge(
                day,
                "recommender",
                "serving",
                "Amazon SageMaker",
                "AI and Machine Learning",
                f"USE1-Host:{model}",
                _on_demand(cost),
                tags={"model": "recommender", "env": "prod"},
                instance_type=model,
                resource_id=f"arn:aws:sagemaker:us-east-1:111122223333:endpoint/recs-{number}",
            )
        yield Charge(
            day,
            "recommender",
            "storage",
            "Amazon Simple Storage Service",
            "Storage",
            "USE1-TimedStorage-ByteHrs",
            _on_demand(_dice(world, "recs-storage", day, "3.2")),
            tags={"model": "recommender"},
            unit="GB-Mo",
        )
        yield Charge(
            day,
            "recommender",
            "network",
            "AWS Data Transfer",
            "Networking",
            "USE1-DataTransfer-Out-Bytes",
            _on_demand(_dice(world, "recs-network", day, "1.1")),
            tags={"model": "recommender"},
            unit="GB",
        )
        yield Charge(
            day,
            "recommender",
            "data",
            "AWS Glue",
            "Analytics",
            "USE1-ETL-DPU-Hour",
            _on_demand(_dice(world, "recs-data", day, "2.4")),
            tags={"model": "recommender", "stage": "features"},
            unit="DPU-Hour",
        )
        if day.weekday() == 6:
            yield Charge(
                day,
                "recommender",
                "training",
                "Amazon SageMaker",
                "AI and Machine Learning",
                "USE1-Train:ml.p3.8xlarge",
                _on_demand(_dice(world, "recs-training", day, "48")),
                tags={"model": "recommender", "stage": "training"},
                instance_type="ml.p3.8xlarge",
            )
        yield from _plan_charges(world, day)
        # The nodes of the shared cluster retrain both its models at night; nobody's tag is on them.
        yield Charge(
            day,
            GPU_POOL,
            "training",
            "Amazon Elastic Compute Cloud",
            "Compute",
            "USE1-BoxUsage:p4d.24xlarge",
            _on_demand(_dice(world, "gpu-a", day, "64")),
            tags={"cluster": "gpu-a", "stage": "training"},
            instance_type="p4d.24xlarge",
            resource_id="arn:aws:ec2:us-east-1:111122223333:instance/i-0a1",
        )
        yield Charge(
            day,
            PLATFORM_POOL,
            "platform",
            "AmazonCloudWatch",
            "Management and Governance",
            "USE1-CW:MetricMonitorUsage",
            _on_demand(_dice(world, "platform-metrics", day, "7.3")),
            tags={"cost-center": "ml-platform"},
            unit="Metrics",
        )
        yield Charge(
            day,
            PLATFORM_POOL,
            "network",
            "Elastic Load Balancing",
            "Networking",
            "USE1-LCUUsage",
            _on_demand(_dice(world, "platform-lb", day, "2.9")),
            tags={"cost-center": "ml-platform"},
            unit="LCU-Hours",
        )
        yield Charge(
            day,
            UNALLOCATED,
            "network",
            "Amazon Virtual Private Cloud",
            "Networking",
            "USE1-NatGateway-Hours",
            _on_demand(_dice(world, "nat", day, "1.9")),
        )
        yield Charge(
            day,
            UNALLOCATED,
            "serving",
            "Amazon Elastic Compute Cloud",
            "Compute",
            "USE1-BoxUsage:m6i.large",
            _on_demand(_dice(world, "churn", day, "2.3")),
            tags={"model": "churn-predictor"},
            instance_type="m6i.large",
        )
        if day.day == 12:
            yield Charge(
                day,
                UNALLOCATED,
                "other",
                "AWS Support",
                "Other",
                "Credit",
                _on_demand(Decimal("-25")),
                kind="Credit",
                unit="Credits",
            )
            yield Charge(
                day,
                "recommender",
                "storage",
                "Amazon Simple Storage Service",
                "Storage",
                "USE1-TimedStorage-ByteHrs",
                _on_demand(Decimal("-1.25")),
                tags={"model": "recommender"},
                unit="GB-Mo",
            )
    for month in _month_starts(world.dates)[1:]:
        corrected = month - timedelta(days=3)
        if corrected >= world.start:
            yield Charge(
                corrected,
                "writing-assistant",
                "network",
                "AWS Data Transfer",
                "Networking",
                "USE1-DataTransfer-Out-Bytes",
                _on_demand(Decimal("-3.75")),
                tags={"model": "writing-assistant"},
                unit="GB",
                corrects=True,
            )


def _plan_charges(world: World, day: date) -> Iterator[Charge]:
    """The writing assistant's nodes under a savings plan: its hours used, those nobody used, and its fee."""
    plan = "arn:aws:savingsplans::111122223333:savingsplan/5e9a3c1d-0b61-4a0e-9a58-3a54bd5f2f11"
    used = _serving_cost(world, "writing-assistant", day)
    unused = _dice(world, "plan-unused", day, "4.5")
    listed = (used / PLAN_DISCOUNT).quantize(Decimal("0.000001"))
    yield Charge(
        day,
        "writing-assistant",
        "serving",
        "Amazon Elastic Compute Cloud",
        "Compute",
        "USE1-BoxUsage:p4d.24xlarge",
        Costs(Decimal(0), used, listed, listed),
        tags={"model": "writing-assistant", "cluster": "gpu-a"},
        instance_type="p4d.24xlarge",
        resource_id="arn:aws:ec2:us-east-1:111122223333:instance/i-0a2",
        commitment=plan,
        commitment_status="Used",
    )
    yield Charge(
        day,
        UNUSED,
        "commitment",
        "Savings Plans for AWS Compute usage",
        "Compute",
        "ComputeSP:1yrNoUpfront",
        Costs(Decimal(0), unused, Decimal(0), unused),
        commitment=plan,
        commitment_status="Unused",
    )
    yield Charge(
        day,
        UNALLOCATED,
        "commitment",
        "Savings Plans for AWS Compute usage",
        "Compute",
        "ComputeSP:1yrNoUpfront",
        Costs(used + unused, Decimal(0), used + unused, used + unused),
        kind="Purchase",
        commitment=plan,
    )


def _logistics_charges(world: World) -> Iterator[Charge]:
    """The carrier's AWS account: the route optimiser, half of it under a savings plan, and tax."""
    plan = "arn:aws:savingsplans::444455556666:savingsplan/0d4c7b1a-4a55-4a10-8f16-2c6f0b7a9e01"
    tags = {"model": "route-optimiser"}
    service = ("Amazon Elastic Compute Cloud", "Compute", "EUC1-BoxUsage:c7g.4xlarge")
    for day in world.dates:
        cost = _serving_cost(world, "route-optimiser", day)
        covered = (cost / 2).quantize(Decimal("0.000001"))
        listed = (covered / PLAN_DISCOUNT).quantize(Decimal("0.000001"))
        yield Charge(
            day,
            "route-optimiser",
            "serving",
            *service,
            _on_demand(cost - covered),
            tags=tags,
            instance_type="c7g.4xlarge",
            resource_id="i-0r1",
        )
        yield Charge(
            day,
            "route-optimiser",
            "serving",
            *service,
            Costs(Decimal(0), covered, listed, listed),
            tags=tags,
            instance_type="c7g.4xlarge",
            resource_id="i-0r2",
            commitment=plan,
            commitment_status="Used",
        )
        unused = _dice(world, "route-plan-unused", day, "0.8")
        yield Charge(
            day,
            UNUSED,
            "commitment",
            "ComputeSavingsPlans",
            "Other",
            "ComputeSP:1yrNoUpfront",
            Costs(covered + unused, unused, covered + unused, covered + unused),
            kind="Purchase",
            commitment=plan,
            commitment_status="Unused",
        )
        yield Charge(
            day,
            "route-optimiser",
            "data",
            "Amazon Relational Database Service",
            "Databases",
            "EUC1-InstanceUsage:db.t3",
            _on_demand(_dice(world, "route-db", day, "1.4")),
            tags=tags,
        )
    for first in _month_starts(world.dates):
        days = [day for day in world.dates if day.replace(day=1) == first]
        if first == days[0]:
            yield Charge(
                first,
                UNALLOCATED,
                "tax",
                "AmazonEC2",
                "Other",
                "Tax",
                _on_demand(_dice(world, "tax", first, "31.4")),
                kind="Tax",
            )


def _bank_charges(world: World) -> Iterator[Charge]:
    """The bank's Azure subscription, in euros: the fraud detector, found by its resource or by a tag."""
    for day in world.dates:
        cost = _serving_cost(world, "fraud-detector", day)
        reserved = (cost * Decimal("0.4")).quantize(Decimal("0.000001"))
        common = ("Virtual Machines", "Compute", "NC6s v3")
        yield Charge(
            day,
            "fraud-detector",
            "serving",
            *common,
            _on_demand(cost - reserved),
            instance_type="Standard_NC6s_v3",
            resource_id=FRAUD_WORKSPACE,
        )
        yield Charge(
            day,
            "fraud-detector",
            "serving",
            *common,
            Costs(Decimal(0), reserved, reserved * 2, reserved * 2),
            tags={"model": "fraud-detector", "owner": "bank"},
            instance_type="Standard_NC6s_v3",
            commitment="9b6e0f6a-7c58-4d1d-8c94-1f0ad7a7a111",
            commitment_status="Used",
        )
        unused = _dice(world, "reservation-unused", day, "2.1")
        yield Charge(
            day,
            UNUSED,
            "commitment",
            *common,
            Costs(Decimal(0), unused, unused, unused),
            commitment="9b6e0f6a-7c58-4d1d-8c94-1f0ad7a7a111",
            commitment_status="Unused",
        )
        yield Charge(
            day,
            "fraud-detector",
            "storage",
            "Storage",
            "Storage",
            "Hot LRS Data Stored",
            _on_demand(_dice(world, "fraud-storage", day, "1.7")),
            tags={"model": "fraud-detector"},
        )
        yield Charge(
            day,
            UNALLOCATED,
            "network",
            "Bandwidth",
            "Networking",
            "Standard Data Transfer Out",
            _on_demand(_dice(world, "bank-bandwidth", day, "0.6")),
            tags={"owner": "bank"},
        )


def _hospital_charges(world: World) -> Iterator[Charge]:
    """The hospital's Google Cloud project: triage, with a credit on each of its hours."""
    for day in world.dates:
        cost = _serving_cost(world, "triage", day)
        credit = (cost * Decimal("0.25")).quantize(Decimal("0.0001"))
        yield Charge(
            day,
            "triage",
            "serving",
            "Compute Engine",
            "Compute",
            "G2 Instance Core running in Americas",
            Costs(cost, cost, cost + credit, cost + credit),
            tags={"model": "triage"},
            instance_type="g2-standard-8",
        )
        yield Charge(
            day,
            "triage",
            "storage",
            "Cloud Storage",
            "Storage",
            "Standard Storage US Multi-region",
            _on_demand(_dice(world, "triage-storage", day, "0.9")),
            tags={"model": "triage"},
        )
        if day.weekday() == 2:
            training = _dice(world, "triage-training", day, "22")
            # A promotion larger than the charge: the charge turns negative, and stays so.
            yield Charge(
                day,
                "triage",
                "training",
                "Vertex AI",
                "AI and Machine Learning",
                "Training Nvidia L4",
                Costs(training - 30, training - 30, training, training),
                tags={"model": "triage", "stage": "training"},
                instance_type="g2-standard-24",
            )


def _token_charges(world: World) -> Iterator[Charge]:
    """The language model vendor's bill for the support assistant: tokens in and tokens out."""
    member = _member("support-assistant")
    prompt, completion = member.tokens
    for day in world.dates:
        cost = _serving_cost(world, "support-assistant", day)
        requests = int(world.predictions(member, day).sum())
        inputs = (cost * Decimal("0.505")).quantize(Decimal("0.0000001"))
        for meter, part, tokens in (
            ("Input tokens", inputs, prompt * requests),
            ("Output tokens", cost - inputs, completion * requests),
        ):
            yield Charge(
                day,
                "support-assistant",
                "external_api",
                "Parley API",
                "AI and Machine Learning",
                meter,
                _on_demand(part),
                tags={"model": "support-assistant"},
                quantity=Decimal(tokens),
                unit="Tokens",
            )


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


def _closed(world: World, month: date, day: int) -> datetime:
    """When a month's bill is out: on `day` of the next month, or two days after the world ends within it."""
    if _next_month(month) > world.dates[-1] + timedelta(days=1):
        return _at(world.dates[-1], 72)
    return _at(_next_month(month).replace(day=day))


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
        "BillingPeriodStart": _iso(month),
        "BillingPeriodEnd": _iso(_next_month(month)),
        "ChargePeriodStart": _iso(charge.day),
        "ChargePeriodEnd": _iso(charge.day + timedelta(days=1)),
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


def _write_focus(world: World, folder: Path, charges: Sequence[Charge]) -> _Messy:
    """FOCUS 1.0 as AWS exports it: month to date on the 16th, the month on the 3rd of the next, restated on the 9th."""
    messy = _Messy()

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
            _csv(run / f"focus-{part:05}.csv.gz", (*FOCUS_1_0, *AWS_EXTRA), piece, at)

    for month in sorted({charge.billing_month for charge in charges}):
        final = [charge for charge in charges if charge.billing_month == month]
        early = [charge for charge in final if charge.day.day <= 15 and charge.kind == "Usage" and not charge.corrects]
        if any(charge.day.day > 15 and not charge.corrects for charge in final):
            early = [_rated(charge, PRELIMINARY) for charge in early]
            deliver(_at(month.replace(day=16), 4), month, early, broken=0)
            messy += _Messy(len(early), sum((c.costs.effective for c in early), Decimal(0)))
        closing = _closed(world, month, 3) + timedelta(hours=4)
        if month == _month_starts(world.dates)[0]:
            wrong = [_rated(c, Decimal(2)) if c.category == "data" and c.day.day == 9 else c for c in final]
            deliver(closing, month, wrong, broken=0)
            messy += _Messy(len(wrong), sum((c.costs.effective for c in wrong), Decimal(0)))
            closing += timedelta(days=6)
        deliver(closing, month, final, broken=3)
        messy += _Messy(broken_rows=3)
    return messy


def _rated(charge: Charge, factor: Decimal) -> Charge:
    return replace(charge, costs=Costs(*(cost * factor for cost in charge.costs)))


def _write_cur2(world: World, folder: Path, charges: Sequence[Charge]) -> None:
    """CUR 2.0 in Parquet, a month's file overwritten in place until the month is closed."""
    text = pa.string()
    schema = pa.schema(
        [
            ("identity_line_item_id", text),
            ("identity_time_interval", text),
            ("bill_bill_type", text),
            ("bill_billing_entity", text),
            ("bill_invoice_id", text),
            ("bill_payer_account_id", text),
            ("bill_billing_period_start_date", pa.timestamp("ms")),
            ("bill_billing_period_end_date", pa.timestamp("ms")),
            ("line_item_usage_account_id", text),
            ("line_item_line_item_type", text),
            ("line_item_usage_start_date", pa.timestamp("ms")),
            ("line_item_usage_end_date", pa.timestamp("ms")),
            ("line_item_product_code", text),
            ("line_item_usage_type", text),
            ("line_item_resource_id", text),
            ("line_item_usage_amount", pa.float64()),
            ("line_item_currency_code", text),
            ("line_item_unblended_cost", pa.float64()),
            ("line_item_line_item_description", text),
            ("pricing_public_on_demand_cost", pa.float64()),
            ("pricing_unit", text),
            ("product_instance_type", text),
            ("product_product_family", text),
            ("product_region_code", text),
            ("product", pa.map_(text, text)),
            ("reservation_reservation_a_r_n", text),
            ("savings_plan_savings_plan_a_r_n", text),
            ("savings_plan_savings_plan_effective_cost", pa.float64()),
            ("savings_plan_total_commitment_to_date", pa.float64()),
            ("savings_plan_used_commitment", pa.float64()),
            ("resource_tags", pa.map_(text, text)),
        ]
    )
    for month in sorted({charge.billing_month for charge in charges}):
        lines = [line for c in charges if c.billing_month == month for line in _cur2_lines(c)]
        columns = {name: [line.get(name) for line in lines] for name in schema.names}
        path = folder / "cur2" / f"BILLING_PERIOD={month:%Y-%m}" / "cur2-00001.snappy.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.table(columns, schema=schema), path)
        _stamp(path, _closed(world, month, 4))


def _cur2_lines(charge: Charge) -> Iterator[dict[str, object]]:
    """The line items of a charge: what a plan covers is listed at its price, and taken back by a negation."""
    kind = charge.kind
    if charge.commitment:
        kind = "SavingsPlanCoveredUsage" if charge.commitment_status == "Used" else "SavingsPlanRecurringFee"
    product = {"Compute": "AmazonEC2", "Databases": "AmazonRDS"}.get(charge.service_category, charge.service)
    line: dict[str, object] = {
        "identity_line_item_id": uuid.uuid5(uuid.NAMESPACE_OID, f"{charge.day}{charge.meter}{kind}").hex,
        "identity_time_interval": f"{_iso(charge.day)}/{_iso(charge.day + timedelta(days=1))}",
        "bill_bill_type": "Anniversary",
        "bill_billing_entity": "AWS",
        "bill_payer_account_id": "444455556666",
        "bill_billing_period_start_date": _at(charge.billing_month).replace(tzinfo=None),
        "bill_billing_period_end_date": _at(_next_month(charge.billing_month)).replace(tzinfo=None),
        "line_item_usage_account_id": "444455556666",
        "line_item_line_item_type": kind,
        "line_item_usage_start_date": _at(charge.day).replace(tzinfo=None),
        "line_item_usage_end_date": _at(charge.day, 24).replace(tzinfo=None),
        "line_item_product_code": product,
        "line_item_usage_type": charge.meter,
        "line_item_resource_id": charge.resource_id,
        "line_item_usage_amount": float(charge.quantity),
        "line_item_currency_code": "USD",
        "line_item_unblended_cost": float(charge.costs.billed),
        "line_item_line_item_description": f"{charge.service}: {charge.meter}",
        "pricing_public_on_demand_cost": float(charge.costs.listed),
        "pricing_unit": charge.unit,
        "product_instance_type": charge.instance_type,
        "product_region_code": "eu-central-1",
        "product": [("product_name", charge.service)],
        "savings_plan_savings_plan_a_r_n": charge.commitment,
        "resource_tags": [(f"user_{key}", value) for key, value in charge.tags.items()],
    }
    if kind == "SavingsPlanCoveredUsage":
        effective = {"savings_plan_savings_plan_effective_cost": float(charge.costs.effective)}
        yield line | effective | {"line_item_unblended_cost": float(charge.costs.contracted)}
        taken_back = {
            "line_item_line_item_type": "SavingsPlanNegation",
            "line_item_unblended_cost": -float(charge.costs.contracted),
            "pricing_public_on_demand_cost": None,
            "line_item_resource_id": None,
            "resource_tags": [],
        }
        yield line | taken_back
    elif kind == "SavingsPlanRecurringFee":
        commitment = {
            "savings_plan_total_commitment_to_date": float(charge.costs.billed),
            "savings_plan_used_commitment": float(charge.costs.billed - charge.costs.effective),
        }
        yield line | commitment | {"pricing_public_on_demand_cost": None}
    else:
        yield line


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


def _write_azure(world: World, folder: Path, charges: Sequence[Charge]) -> None:
    """An EA amortised cost export, in euros, a run a month."""
    for month in sorted({charge.billing_month for charge in charges}):
        run = uuid.uuid5(uuid.NAMESPACE_OID, f"azure {month}")
        last = _next_month(month) - timedelta(days=1)
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
                "EffectivePrice": charge.costs.effective,
                "CostInBillingCurrency": charge.costs.effective,
                "ConsumedService": "Microsoft.Compute",
                "ResourceId": charge.resource_id or "/subscriptions/5f2d0c1e-7a34-4c7b-9d0e-2b7f6a1c9e10/other",
                "Tags": ",".join(f'"{key}": "{value}"' for key, value in charge.tags.items()),
                "AdditionalInfo": json.dumps({"ServiceType": charge.instance_type}) if charge.instance_type else "",
                "ReservationId": charge.commitment,
                "UnitPrice": charge.costs.contracted,
                "PublisherName": "Microsoft",
                "ChargeType": "UnusedReservation" if charge.commitment_status == "Unused" else "Usage",
                "Frequency": "UsageBased",
                "PricingModel": "Reservation" if charge.commitment else "OnDemand",
                "BillingAccountId": "7654321",
                "BillingAccountName": "Meridian Bank",
                "BillingCurrencyCode": "EUR",
                "BillingPeriodStartDate": _us(month),
                "BillingPeriodEndDate": _us(last),
                "PayGPrice": charge.costs.listed,
                "ServiceFamily": charge.service_category,
            }
            for charge in charges
            if charge.billing_month == month
        ]
        path = folder / "amortised" / f"{month:%Y%m%d}-{last:%Y%m%d}" / str(run) / "part_0_0001.csv"
        _csv(path, AZURE_EA, rows, _closed(world, month, 5))


def _write_gcp(world: World, folder: Path, charges: Sequence[Charge]) -> _Messy:
    """BigQuery's export as JSON lines, a file a day; one day comes late, another again.

    Rows are never changed there: the second export of a day has those of the first, and what corrects them.
    """
    messy = _Messy()
    for day in world.dates:
        rows = [charge for charge in charges if charge.day == day]
        age = (day - world.start).days
        delivered = _at(day, 24 * (8 if age == 17 else 2))
        if age == 8:
            estimated = [_rated(row, PRELIMINARY) for row in rows]
            _gcp_file(folder, day, 1, estimated, delivered)
            messy += _Messy(len(rows), sum((row.costs.effective for row in estimated), Decimal(0)))
            corrections = [_correction(row, estimate) for row, estimate in zip(rows, estimated, strict=True)]
            corrected = delivered + timedelta(days=4)
            _gcp_file(folder, day, 2, [*estimated, *corrections], corrected, [delivered] * len(rows))
        else:
            _gcp_file(folder, day, 1, rows, delivered)
    return messy


def _estimated(charge: Charge) -> Charge:
    return replace(charge, costs=Costs(*(round(cost * PRELIMINARY, 6) for cost in charge.costs)))


def _correction(charge: Charge, estimate: Charge) -> Charge:
    costs = (cost - estimated for cost, estimated in zip(charge.costs, estimate.costs, strict=True))
    return replace(charge, costs=Costs(*costs))


def _gcp_file(
    folder: Path, day: date, run: int, rows: Sequence[Charge], at: datetime, exported: Sequence[datetime] = ()
) -> None:
    """Write an export; `exported` says when the first rows were added to the table, the others at `at`."""
    lines = [
        {
            "billing_account_id": "01A2B3-C4D5E6-F70819",
            "service": {"id": "6F81-5844-456A", "description": row.service},
            "sku": {"id": "0048-AA73-1F53", "description": row.meter},
            "usage_start_time": f"{day} 00:00:00 UTC",
            "usage_end_time": f"{day + timedelta(days=1)} 00:00:00 UTC",
            "project": {"id": "hospital-ml", "number": "620310", "name": "hospital-ml", "labels": []},
            "labels": [{"key": key, "value": value} for key, value in row.tags.items()],
            "system_labels": [{"key": "compute.googleapis.com/machine_spec", "value": row.instance_type}]
            if row.instance_type
            else [],
            "location": {"location": "us-central1", "country": "US", "region": "us-central1"},
            "export_time": f"{since:%Y-%m-%d %H:%M:%S} UTC",
            "cost": float(row.costs.contracted),
            "cost_at_list": float(row.costs.listed),
            "currency": "USD",
            "currency_conversion_rate": 1.0,
            "usage": {
                "amount": float(row.quantity),
                "unit": "seconds",
                "amount_in_pricing_units": float(row.quantity),
                "pricing_unit": "hour",
            },
            "credits": [
                {
                    "name": "Committed use discount" if row.category == "serving" else "Promotion",
                    "amount": float(row.costs.billed - row.costs.contracted),
                    "type": "COMMITTED_USAGE_DISCOUNT" if row.category == "serving" else "PROMOTION",
                }
            ]
            if row.costs.billed != row.costs.contracted
            else [],
            "invoice": {"month": f"{day:%Y%m}"},
            "cost_type": "regular",
        }
        for row, since in zip(rows, [*exported, *[at] * (len(rows) - len(exported))], strict=True)
    ]
    path = folder / f"day={day}" / f"run={run}" / "000000000000.jsonl.gz"
    _gzip(path, "".join(json.dumps(line) + "\n" for line in lines), at)


def _write_tokens(world: World, folder: Path, charges: Sequence[Charge]) -> None:
    """FOCUS 1.2 from a language model vendor, a file a month."""
    for month in sorted({charge.billing_month for charge in charges}):
        rows: list[dict[str, object]] = [
            _focus_row(charge, "Parley AI", "org-meridian", "global")
            | {"PricingCurrency": "USD", "PricingCurrencyEffectiveCost": charge.costs.effective}
            for charge in charges
            if charge.billing_month == month
        ]
        _csv(folder / f"parley-focus-{month:%Y-%m}.csv", FOCUS_1_2, rows, _closed(world, month, 2))


def _write_rates(world: World, folder: Path) -> dict[date, Decimal]:
    """The ECB's history file for the days needed; returns dollars per euro by day of publication."""
    rates = world.usd_per_eur()
    lines = ["Date,USD,JPY,GBP,CYP,"]
    for day, usd in sorted(rates.items(), reverse=True):
        lines.append(f"{day},{usd},{usd * YEN_PER_USD:.2f},{usd * POUNDS_PER_USD:.5f},N/A,")
    path = folder / "eurofxref-hist.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n")
    _stamp(path, _at(world.dates[-1], 16))
    return rates


def _truth(
    world: World,
    bills: dict[tuple[str, str], list[Charge]],
    rates: dict[date, Decimal],
) -> dict[str, object]:
    """What the marts must find, in dollars at the day's rate; amounts are texts, to keep every digit."""

    def dollars(currency: str, day: date) -> Decimal:
        if currency == "USD":
            return Decimal(1)
        return rates[max(published for published in rates if published <= day)]

    costs: dict[tuple[str, str, str], dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    invoiced: dict[tuple[str, str, str], dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    compute: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for (provider, currency), charges in bills.items():
        for charge in charges:
            rate = dollars(currency, charge.day)
            for basis, amount in charge.costs._asdict().items():
                invoiced[provider, currency, str(charge.day)][basis] += amount
                for owner, share in _shares(world, charge, amount * rate):
                    costs[owner, charge.category, str(charge.day)][basis] += share
            if charge.category in ("serving", "external_api"):
                compute[charge.owner, str(charge.day)] += charge.costs.effective * rate
    return {
        "bills": [
            {"provider": provider, "currency": currency, "day": day, **{k: _plain(v) for k, v in sums.items()}}
            for (provider, currency, day), sums in sorted(invoiced.items())
        ],
        "allocated": [
            {"owner": owner, "category": category, "day": day, **{k: _plain(v) for k, v in sums.items()}}
            for (owner, category, day), sums in sorted(costs.items())
        ],
        "compute_usd": [
            {"model": member.id, "day": str(day), "effective": _plain(compute[member.id, str(day)])}
            for member in MEMBERS
            for day in world.dates
        ],
        "recommender": {
            "instance_change_day": str(world.start + timedelta(days=INSTANCE_CHANGE_DAY)),
            "cost_per_prediction_before": str(UNIT_COST["recommender"]),
            "cost_per_prediction_after": _plain(UNIT_COST_AFTER),
        },
        "shared": {
            GPU_POOL: "under its own name in `allocated`: its split follows the logs' busy seconds",
            PLATFORM_POOL: "split by predictions in `allocated`",
        },
    }


def _shares(world: World, charge: Charge, amount: Decimal) -> Iterator[tuple[str, Decimal]]:
    """Who bears `amount`: its owner, or every member by the day's predictions, remainders to the largest."""
    if charge.owner != PLATFORM_POOL:
        yield charge.owner, amount
        return
    predictions = {member.id: int(world.predictions(member, charge.day).sum()) for member in MEMBERS}
    total = sum(predictions.values())
    sign = -1 if amount < 0 else 1
    units = int(abs(amount).scaleb(12))
    exact = {member: divmod(units * weight, total) for member, weight in predictions.items()}
    left = units - sum(quotient for quotient, _ in exact.values())
    by_remainder = sorted(exact, key=lambda member: (-exact[member][1], member))
    for position, member in enumerate(by_remainder):
        share = exact[member][0] + (1 if position < left else 0)
        yield member, Decimal(sign * share).scaleb(-12)


def _plain(amount: Decimal) -> str:
    return format(amount.normalize(), "f")


def _at(day: date, hours: float = 0) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(hours=hours)


def _iso(day: date) -> str:
    return f"{day}T00:00:00Z"


def _us(day: date) -> str:
    return f"{day.month}/{day.day}/{day.year}"


def _csv(path: Path, columns: Sequence[str], rows: Sequence[dict[str, object]], at: datetime) -> None:
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, restval="", extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows({key: _cell(value) for key, value in row.items()} for row in rows)
    write: Callable[[Path, str, datetime], None] = _gzip if path.suffix == ".gz" else _plain_file
    write(path, text.getvalue(), at)


def _cell(value: object) -> object:
    return format(value, "f") if isinstance(value, Decimal) else value


def _gzip(path: Path, text: str, at: datetime) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    # No time stamp in the archive: the same world gives the same bytes.
    path.write_bytes(gzip.compress(text.encode(), mtime=0))
    _stamp(path, at)


def _plain_file(path: Path, text: str, at: datetime) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    _stamp(path, at)


def _stamp(path: Path, at: datetime) -> None:
    os.utime(path, (at.timestamp(), at.timestamp()))

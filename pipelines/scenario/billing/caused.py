"""The charges that the sample company's members caused, company by company."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import NamedTuple

from pipelines.scenario.billing.charge import (
    GPU_POOL,
    PLATFORM_POOL,
    UNALLOCATED,
    UNUSED,
    WHOLE_DAY,
    Charge,
    Costs,
    member_named,
    month_starts,
    on_demand,
    serving_cost,
    varied,
)
from pipelines.scenario.world import World

FRAUD_WORKSPACE = (
    "/subscriptions/5f2d0c1e-7a34-4c7b-9d0e-2b7f6a1c9e10/resourceGroups/fraud/providers/"
    "Microsoft.MachineLearningServices/workspaces/fraud-ws"
)
PLAN_DISCOUNT = Decimal("0.7")
"""What a savings plan's hour costs of its on-demand price."""
BANK_HOURS = Decimal(20)
"""Hours a day of each of the bank's machines: they rest at night."""
TRIAGE_CORES = 8
"""Cores of the hospital's machine, which Google Cloud meters one by one."""


class _Steady(NamedTuple):
    """A charge that comes on its days, a little different each time."""

    owner: str
    category: str
    service: str
    service_category: str
    meter: str
    name: str
    """The name of its random numbers."""
    mean: str
    """About how much it is, in the vendor's currency."""
    tags: Mapping[str, str] = MappingProxyType({})
    unit: str = "Hours"
    instance_type: str | None = None
    resource_id: str | None = None
    weekday: int | None = None
    """The only day of the week it comes on, from Monday, 0."""


_RECOMMENDER = (
    _Steady(
        "recommender", "storage", "Amazon Simple Storage Service", "Storage", "USE1-TimedStorage-ByteHrs",
        "recs-storage", "3.2", {"model": "recommender"}, "GB-Mo",
    ),
    _Steady(
        "recommender", "network", "AWS Data Transfer", "Networking", "USE1-DataTransfer-Out-Bytes",
        "recs-network", "1.1", {"model": "recommender"}, "GB",
    ),
    _Steady(
        "recommender", "data", "AWS Glue", "Analytics", "USE1-ETL-DPU-Hour",
        "recs-data", "2.4", {"model": "recommender", "stage": "features"}, "DPU-Hour",
    ),
    _Steady(
        "recommender", "training", "Amazon SageMaker", "AI and Machine Learning", "USE1-Train:ml.p3.8xlarge",
        "recs-training", "48", {"model": "recommender", "stage": "training"}, instance_type="ml.p3.8xlarge", weekday=6,
    ),
)  # fmt: skip
_SHARED = (
    # The nodes of the shared cluster retrain both its models at night; nobody's tag is on them.
    _Steady(
        GPU_POOL, "training", "Amazon Elastic Compute Cloud", "Compute", "USE1-BoxUsage:p4d.24xlarge",
        "gpu-a", "64", {"cluster": "gpu-a", "stage": "training"}, instance_type="p4d.24xlarge",
        resource_id="arn:aws:ec2:us-east-1:111122223333:instance/i-0a1",
    ),
    _Steady(
        PLATFORM_POOL, "platform", "AmazonCloudWatch", "Management and Governance", "USE1-CW:MetricMonitorUsage",
        "platform-metrics", "7.3", {"cost-center": "ml-platform"}, "Metrics",
    ),
    _Steady(
        PLATFORM_POOL, "network", "Elastic Load Balancing", "Networking", "USE1-LCUUsage",
        "platform-lb", "2.9", {"cost-center": "ml-platform"}, "LCU-Hours",
    ),
    _Steady(
        UNALLOCATED, "network", "Amazon Virtual Private Cloud", "Networking", "USE1-NatGateway-Hours", "nat", "1.9",
    ),
    _Steady(
        UNALLOCATED, "serving", "Amazon Elastic Compute Cloud", "Compute", "USE1-BoxUsage:m6i.large",
        "churn", "2.3", {"model": "churn-predictor"}, instance_type="m6i.large",
    ),
)  # fmt: skip
_LOGISTICS = (
    _Steady(
        "route-optimiser", "data", "Amazon Relational Database Service", "Databases", "EUC1-InstanceUsage:db.t3",
        "route-db", "1.4", {"model": "route-optimiser"},
    ),
)  # fmt: skip
_BANK = (
    _Steady(
        "fraud-detector", "storage", "Storage", "Storage", "Hot LRS Data Stored",
        "fraud-storage", "1.7", {"model": "fraud-detector"},
    ),
    _Steady(
        UNALLOCATED, "network", "Bandwidth", "Networking", "Standard Data Transfer Out",
        "bank-bandwidth", "0.6", {"owner": "bank"},
    ),
)  # fmt: skip
_HOSPITAL = (
    _Steady(
        "triage", "storage", "Cloud Storage", "Storage", "Standard Storage US Multi-region",
        "triage-storage", "0.9", {"model": "triage"},
    ),
)  # fmt: skip


def _steady(world: World, day: date, rows: Iterable[_Steady]) -> Iterator[Charge]:
    for row in rows:
        if row.weekday in (None, day.weekday()):
            yield Charge(
                day,
                row.owner,
                row.category,
                row.service,
                row.service_category,
                row.meter,
                on_demand(varied(world, row.name, day, row.mean)),
                tags=dict(row.tags),
                instance_type=row.instance_type,
                resource_id=row.resource_id,
                unit=row.unit,
            )


def retail_charges(world: World) -> Iterator[Charge]:
    """The retailer's AWS account: recommender, writing assistant, the shared GPU cluster, the ML platform."""
    for day in world.dates:
        yield from _recommender_serving(world, day)
        yield from _steady(world, day, _RECOMMENDER)
        yield from _plan_charges(world, day)
        yield from _steady(world, day, _SHARED)
        if day.day == 12:
            yield from _taken_back(day)
    for month in month_starts(world.dates)[1:]:
        corrected = month - timedelta(days=3)
        if corrected >= world.start:
            yield Charge(
                corrected,
                "writing-assistant",
                "network",
                "AWS Data Transfer",
                "Networking",
                "USE1-DataTransfer-Out-Bytes",
                on_demand(Decimal("-3.75")),
                tags={"model": "writing-assistant"},
                unit="GB",
                corrects=True,
            )


def _recommender_serving(world: World, day: date) -> Iterator[Charge]:
    """Two endpoints, which share the day's predictions six to four."""
    cost = serving_cost(world, "recommender", day)
    model = world.instance_type(member_named("recommender"), day)
    first = (cost * Decimal("0.6")).quantize(Decimal("0.000001"))
    for number, part in enumerate((first, cost - first), 1):
        yield Charge(
            day,
            "recommender",
            "serving",
            "Amazon SageMaker",
            "AI and Machine Learning",
            f"USE1-Host:{model}",
            on_demand(part),
            tags={"model": "recommender", "env": "prod"},
            instance_type=model,
            resource_id=f"arn:aws:sagemaker:us-east-1:111122223333:endpoint/recs-{number}",
            quantity=WHOLE_DAY,
        )


def _taken_back(day: date) -> Iterator[Charge]:
    """A support credit that is nobody's, and a storage charge below zero."""
    yield Charge(
        day,
        UNALLOCATED,
        "other",
        "AWS Support",
        "Other",
        "Credit",
        on_demand(Decimal("-25")),
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
        on_demand(Decimal("-1.25")),
        tags={"model": "recommender"},
        unit="GB-Mo",
    )


def _plan_charges(world: World, day: date) -> Iterator[Charge]:
    """The writing assistant's nodes under a savings plan: its hours used, those nobody used, and its fee."""
    plan = "arn:aws:savingsplans::111122223333:savingsplan/5e9a3c1d-0b61-4a0e-9a58-3a54bd5f2f11"
    used = serving_cost(world, "writing-assistant", day)
    unused = varied(world, "plan-unused", day, "4.5")
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
        quantity=WHOLE_DAY,
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


def logistics_charges(world: World) -> Iterator[Charge]:
    """The carrier's AWS account: the route optimiser, half of it under a savings plan, and tax."""
    plan = "arn:aws:savingsplans::444455556666:savingsplan/0d4c7b1a-4a55-4a10-8f16-2c6f0b7a9e01"
    tags = {"model": "route-optimiser"}
    service = ("Amazon Elastic Compute Cloud", "Compute", "EUC1-BoxUsage:c7g.4xlarge")
    for day in world.dates:
        cost = serving_cost(world, "route-optimiser", day)
        covered = (cost / 2).quantize(Decimal("0.000001"))
        listed = (covered / PLAN_DISCOUNT).quantize(Decimal("0.000001"))
        yield Charge(
            day,
            "route-optimiser",
            "serving",
            *service,
            on_demand(cost - covered),
            tags=tags,
            instance_type="c7g.4xlarge",
            resource_id="i-0r1",
            quantity=WHOLE_DAY,
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
            quantity=WHOLE_DAY,
            commitment=plan,
            commitment_status="Used",
        )
        unused = varied(world, "route-plan-unused", day, "0.8")
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
        yield from _steady(world, day, _LOGISTICS)
    for first in month_starts(world.dates):
        days = [day for day in world.dates if day.replace(day=1) == first]
        if first == days[0]:
            yield Charge(
                first,
                UNALLOCATED,
                "tax",
                "AmazonEC2",
                "Other",
                "Tax",
                on_demand(varied(world, "tax", first, "31.4")),
                kind="Tax",
            )


def bank_charges(world: World) -> Iterator[Charge]:
    """The bank's Azure subscription, in euros: the fraud detector, found by its resource or by a tag."""
    for day in world.dates:
        cost = serving_cost(world, "fraud-detector", day)
        reserved = (cost * Decimal("0.4")).quantize(Decimal("0.000001"))
        common = ("Virtual Machines", "Compute", "NC6s v3")
        yield Charge(
            day,
            "fraud-detector",
            "serving",
            *common,
            on_demand(cost - reserved),
            instance_type="Standard_NC6s_v3",
            resource_id=FRAUD_WORKSPACE,
            quantity=BANK_HOURS,
        )
        yield Charge(
            day,
            "fraud-detector",
            "serving",
            *common,
            Costs(Decimal(0), reserved, reserved * 2, reserved * 2),
            tags={"model": "fraud-detector", "owner": "bank"},
            instance_type="Standard_NC6s_v3",
            quantity=BANK_HOURS,
            commitment="9b6e0f6a-7c58-4d1d-8c94-1f0ad7a7a111",
            commitment_status="Used",
        )
        unused = varied(world, "reservation-unused", day, "2.1")
        yield Charge(
            day,
            UNUSED,
            "commitment",
            *common,
            Costs(Decimal(0), unused, unused, unused),
            commitment="9b6e0f6a-7c58-4d1d-8c94-1f0ad7a7a111",
            commitment_status="Unused",
        )
        yield from _steady(world, day, _BANK)


def hospital_charges(world: World) -> Iterator[Charge]:
    """The hospital's Google Cloud project: triage, with a credit on each of its hours."""
    for day in world.dates:
        cost = serving_cost(world, "triage", day)
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
            quantity=TRIAGE_CORES * WHOLE_DAY * 3600,
            unit="seconds",
        )
        yield from _steady(world, day, _HOSPITAL)
        if day.weekday() == 2:
            training = varied(world, "triage-training", day, "22")
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


def token_charges(world: World) -> Iterator[Charge]:
    """The language model vendor's bill for the support assistant: tokens in and tokens out."""
    member = member_named("support-assistant")
    prompt, completion = member.tokens
    for day in world.dates:
        cost = serving_cost(world, "support-assistant", day)
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
                on_demand(part),
                tags={"model": "support-assistant"},
                quantity=Decimal(tokens),
                unit="Tokens",
            )

"""AWS's CUR 2.0 in Parquet."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.scenario.billing.charge import Charge, closed, next_month
from pipelines.scenario.billing.files import hour_of, iso_day, stamp
from pipelines.scenario.world import World


def write_cur2(world: World, folder: Path, charges: Sequence[Charge]) -> None:
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
        stamp(path, closed(world, month, 4))


def _cur2_lines(charge: Charge) -> Iterator[dict[str, object]]:
    """The line items of a charge: what a plan covers is listed at its price, and taken back by a negation."""
    kind = charge.kind
    if charge.commitment:
        kind = "SavingsPlanCoveredUsage" if charge.commitment_status == "Used" else "SavingsPlanRecurringFee"
    product = {"Compute": "AmazonEC2", "Databases": "AmazonRDS"}.get(charge.service_category, charge.service)
    line: dict[str, object] = {
        "identity_line_item_id": uuid.uuid5(uuid.NAMESPACE_OID, f"{charge.day}{charge.meter}{kind}").hex,
        "identity_time_interval": f"{iso_day(charge.day)}/{iso_day(charge.day + timedelta(days=1))}",
        "bill_bill_type": "Anniversary",
        "bill_billing_entity": "AWS",
        "bill_payer_account_id": "444455556666",
        "bill_billing_period_start_date": hour_of(charge.billing_month).replace(tzinfo=None),
        "bill_billing_period_end_date": hour_of(next_month(charge.billing_month)).replace(tzinfo=None),
        "line_item_usage_account_id": "444455556666",
        "line_item_line_item_type": kind,
        "line_item_usage_start_date": hour_of(charge.day).replace(tzinfo=None),
        "line_item_usage_end_date": hour_of(charge.day, 24).replace(tzinfo=None),
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

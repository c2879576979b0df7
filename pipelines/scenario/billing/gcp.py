"""Google Cloud's billing export."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from pipelines.scenario.billing.charge import PRELIMINARY, Charge, Costs, Messy, rated
from pipelines.scenario.billing.files import hour_of, write_gzip
from pipelines.scenario.world import World


def write_gcp(world: World, folder: Path, charges: Sequence[Charge]) -> Messy:
    """BigQuery's export as JSON lines, a file a day; one day comes late, another again.

    Rows are never changed there: the second export of a day has those of the first, and what corrects them.
    """
    messy = Messy()
    for day in world.dates:
        rows = [charge for charge in charges if charge.day == day]
        age = (day - world.start).days
        delivered = hour_of(day, 24 * (8 if age == 17 else 2))
        if age == 8:
            estimated = [rated(row, PRELIMINARY) for row in rows]
            _gcp_file(folder, day, 1, estimated, delivered)
            messy += Messy(len(rows), sum((row.costs.effective for row in estimated), Decimal(0)))
            corrections = [_correction(row, estimate) for row, estimate in zip(rows, estimated, strict=True)]
            corrected = delivered + timedelta(days=4)
            _gcp_file(folder, day, 2, [*estimated, *corrections], corrected, [delivered] * len(rows))
        else:
            _gcp_file(folder, day, 1, rows, delivered)
    return messy


def _correction(charge: Charge, estimate: Charge) -> Charge:
    costs = (cost - estimated for cost, estimated in zip(charge.costs, estimate.costs, strict=True))
    return replace(charge, costs=Costs(*costs), quantity=Decimal(0))


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
                "amount_in_pricing_units": float(row.quantity / 3600),
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
    write_gzip(path, "".join(json.dumps(line) + "\n" for line in lines), at)

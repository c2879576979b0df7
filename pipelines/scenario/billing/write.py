"""The sample company's cloud bills and exchange rates, and what they truly cost whom.

Charges as they were caused (`caused`), written as five vendors would export them, with restated, late, duplicated and
broken deliveries among them. Volumes come from `world`; what a prediction costs is planted in `charge`.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

from pipelines.scenario.billing.azure import write_azure
from pipelines.scenario.billing.caused import (
    bank_charges,
    hospital_charges,
    logistics_charges,
    retail_charges,
    token_charges,
)
from pipelines.scenario.billing.charge import Charge
from pipelines.scenario.billing.cur2 import write_cur2
from pipelines.scenario.billing.files import hour_of, stamp
from pipelines.scenario.billing.focus import write_focus, write_tokens
from pipelines.scenario.billing.gcp import write_gcp
from pipelines.scenario.billing.truth import truth
from pipelines.scenario.world import POUNDS_PER_USD, YEN_PER_USD, World


def write_billing(world: World, landing: Path) -> dict[str, object]:
    """Write the bills under `landing/cloud_billing`, the rates under `landing/fx_rates`; return the truth."""
    rates = _write_rates(world, landing / "fx_rates")
    folder = landing / "cloud_billing"
    bills: dict[tuple[str, str], list[Charge]] = {
        ("AWS", "USD"): [*retail_charges(world), *logistics_charges(world)],
        ("Microsoft", "EUR"): list(bank_charges(world)),
        ("Google Cloud", "USD"): list(hospital_charges(world)),
        ("Parley AI", "USD"): list(token_charges(world)),
    }
    retail, logistics = list(retail_charges(world)), list(logistics_charges(world))
    superseded = write_focus(world, folder / "aws-retail", retail)
    write_cur2(world, folder / "aws-logistics", logistics)
    write_azure(world, folder / "azure-bank", bills["Microsoft", "EUR"])
    superseded += write_gcp(world, folder / "gcp-hospital", bills["Google Cloud", "USD"])
    write_tokens(world, folder / "parley", bills["Parley AI", "USD"])
    return truth(world, bills, rates) | superseded.as_truth()


def _write_rates(world: World, folder: Path) -> dict[date, Decimal]:
    """The ECB's history file for the days needed; returns dollars per euro by day of publication."""
    rates = world.usd_per_eur()
    lines = ["Date,USD,JPY,GBP,CYP,"]
    for day, usd in sorted(rates.items(), reverse=True):
        lines.append(f"{day},{usd},{usd * YEN_PER_USD:.2f},{usd * POUNDS_PER_USD:.5f},N/A,")
    path = folder / "eurofxref-hist.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n")
    stamp(path, hour_of(world.dates[-1], 16))
    return rates

"""Every vendor's bill reads into the same charges: published real exports to the last digit, and their corners."""

from __future__ import annotations

import gzip
import json
import shutil
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.settings import Settings
from pipelines.sources.cloud_billing import SOURCE
from pipelines.sources.fx_rates import SOURCE as FX_RATES
from pipelines.sources.spec import Source
from pipelines.warehouse.connect import writer
from pipelines.warehouse.days import replace_days
from pipelines.warehouse.intake import take_in


def load(settings: Settings, query: str, source: Source = SOURCE) -> list[tuple[Any, ...]]:
    """Ingest what lies in the landing folder and ask raw."""
    take_in(settings, source)
    replace_days(settings, source)
    with writer(settings, "a test's question") as connection:
        return connection.execute(query).fetchall()


def land(settings: Settings, name: str, text: str) -> Path:
    path = settings.landing_dir / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
    return path


def csv(*rows: dict[str, object]) -> str:
    def quoted(value: object) -> str:
        return '"' + str(value).replace('"', '""') + '"' if value is not None else ""

    header = list(rows[0])
    lines = [",".join(header), *(",".join(quoted(row[column]) for column in header) for row in rows)]
    return "\n".join(lines) + "\n"


def focus(**columns: object) -> dict[str, object]:
    charge: dict[str, object] = {
        "BilledCost": "1.5",
        "EffectiveCost": "1.25",
        "ListCost": "2",
        "ContractedCost": "1.5",
        "BillingCurrency": "USD",
        "BillingAccountId": "1",
        "BillingPeriodStart": "2026-01-01 00:00:00",
        "BillingPeriodEnd": "2026-02-01 00:00:00",
        "ChargePeriodStart": "2026-01-05 00:00:00",
        "ChargePeriodEnd": "2026-01-06 00:00:00",
        "ChargeCategory": "Usage",
        "Tags": '{"model": "m"}',
    }
    return charge | columns


def cur(kind: str, cost: str, **columns: object) -> dict[str, object]:
    line: dict[str, object] = {
        "lineItem/LineItemType": kind,
        "lineItem/UnblendedCost": cost,
        "lineItem/CurrencyCode": "USD",
        "lineItem/UsageStartDate": "2026-01-05T00:00:00Z",
        "lineItem/UsageEndDate": "2026-01-05T01:00:00Z",
        "bill/PayerAccountId": "1",
        "pricing/publicOnDemandCost": "",
        "reservation/ReservationARN": "",
        "reservation/EffectiveCost": "",
        "reservation/UnusedAmortizedUpfrontFeeForBillingPeriod": "",
        "reservation/UnusedRecurringFee": "",
        "savingsPlan/SavingsPlanARN": "",
        "savingsPlan/SavingsPlanEffectiveCost": "",
        "savingsPlan/TotalCommitmentToDate": "",
        "savingsPlan/UsedCommitment": "",
        "resourceTags/user:model": "",
        "resourceTags/aws:createdBy": "",
    }
    unknown = columns.keys() - line.keys()
    assert not unknown, unknown
    return line | columns


SUMS = 'select count(*), sum("BilledCost"), sum("EffectiveCost"), sum("ListCost") from raw.cloud_billing__charges'


def test_the_real_focus_export_sums_to_its_published_totals(settings: Settings, real_data: Path) -> None:
    land(settings, "cloud_billing/.keep", "")
    shutil.copy(real_data / "focus" / "focus_sample.csv", settings.landing_dir / "cloud_billing")

    ((rows, *sums),) = load(settings, SUMS)

    assert rows == 1000
    # The published totals are rounded to nine decimals.
    assert [round(value, 9) for value in sums] == [
        Decimal("20.520226729"),
        Decimal("14.976514186"),
        Decimal("20.390905751"),
    ]
    ((texts,),) = load(
        settings, 'select count(*) from raw.cloud_billing__charges where \'NULL\' in ("Tags", "ChargeClass")'
    )
    assert texts == 0


def test_the_real_aws_report_sums_to_its_unblended_cost(settings: Settings, real_data: Path) -> None:
    land(settings, "cloud_billing/.keep", "")
    shutil.copy(real_data / "aws_cur" / "aws_cur_2023-11.csv", settings.landing_dir / "cloud_billing")

    lines = load(
        settings,
        'select "ChargeCategory", count(*), sum("BilledCost"), sum("EffectiveCost") '
        "from raw.cloud_billing__charges group by all order by all",
    )

    assert [(kind, count) for kind, count, *_ in lines] == [("Tax", 12), ("Usage", 1269)]
    assert sum(billed for *_, billed, _ in lines) == Decimal("1.6823086974")
    assert sum(effective for *_, effective in lines) == Decimal("1.6823086974")


def test_the_real_azure_export_sums_to_its_cost_in_its_own_currency(settings: Settings, real_data: Path) -> None:
    land(settings, "cloud_billing/.keep", "")
    shutil.copy(real_data / "azure_cost" / "azure_ea_2023-09.csv", settings.landing_dir / "cloud_billing")

    ((rows, currency, billed, day),) = load(
        settings,
        'select count(*), any_value("BillingCurrency"), sum("BilledCost"), any_value(_day) '
        "from raw.cloud_billing__charges",
    )

    assert (rows, currency, str(day)) == (27, "CAD", "2023-09-02")
    assert round(billed, 11) == Decimal("1.26136926506")
    ((tag,),) = load(settings, "select distinct \"Tags\" ->> '$.tagA' from raw.cloud_billing__charges")
    assert tag == "valueA"


@pytest.mark.parametrize(
    ("line", "billed", "effective", "status"),
    [
        pytest.param(cur("Usage", "2"), "2", "2", None, id="on demand"),
        pytest.param(
            cur("SavingsPlanCoveredUsage", "2", **{"savingsPlan/SavingsPlanEffectiveCost": "1.4"}),
            "0", "1.4", "Used", id="covered by a savings plan",
        ),
        pytest.param(cur("SavingsPlanNegation", "-2"), "0", "0", None, id="its negation"),
        pytest.param(
            cur(
                "SavingsPlanRecurringFee", "3",
                **{"savingsPlan/TotalCommitmentToDate": "3", "savingsPlan/UsedCommitment": "2.25"},
            ),
            "3", "0.75", "Unused", id="the plan's fee keeps what nobody used",
        ),
        pytest.param(cur("SavingsPlanUpfrontFee", "90"), "90", "0", None, id="a plan bought"),
        pytest.param(
            cur("DiscountedUsage", "0", **{"reservation/EffectiveCost": "0.9", "pricing/publicOnDemandCost": "2"}),
            "0", "0.9", "Used", id="reserved",
        ),
        pytest.param(
            cur(
                "RIFee", "5",
                **{
                    "reservation/UnusedAmortizedUpfrontFeeForBillingPeriod": "0.5",
                    "reservation/UnusedRecurringFee": "0.25",
                },
            ),
            "5", "0.75", "Unused", id="the reservation's fee keeps what nobody used",
        ),
        pytest.param(
            cur("Fee", "70", **{"reservation/ReservationARN": "arn:ri"}), "70", "0", None, id="a reservation bought"
        ),
        pytest.param(cur("Refund", "-4"), "-4", "-4", None, id="a refund keeps its sign"),
        pytest.param(cur("Tax", "1.81E-8"), "0.000000018100", "0.000000018100", None, id="exponents"),
    ],
)  # fmt: skip
def test_aws_line_types_become_billed_and_amortised_cost(
    settings: Settings, line: dict[str, object], billed: str, effective: str, status: str | None
) -> None:
    land(settings, "cloud_billing/cur.csv", csv(line))

    assert load(
        settings,
        'select "BilledCost", "EffectiveCost", "CommitmentDiscountStatus" from raw.cloud_billing__charges',
    ) == [(Decimal(billed), Decimal(effective), status)]


def test_aws_tag_columns_become_the_owners_own_keys(settings: Settings) -> None:
    line = cur("Usage", "1", **{"resourceTags/user:model": 'a "b"', "resourceTags/aws:createdBy": "me"})
    land(settings, "cloud_billing/cur.csv.gz", csv(line, cur("Usage", "1")))

    tags = load(settings, 'select "Tags" from raw.cloud_billing__charges order by _row')

    assert [json.loads(tag) for (tag,) in tags] == [{"model": 'a "b"', "aws:createdBy": "me"}, {}]


def test_cur_2_reads_its_map_of_tags(settings: Settings) -> None:
    rows = pa.table(
        {
            "line_item_line_item_type": ["Usage"],
            "line_item_unblended_cost": [0.1],
            "line_item_currency_code": ["USD"],
            "line_item_usage_start_date": pa.array(["2026-01-05"]).cast(pa.timestamp("ms")),
            "bill_payer_account_id": ["1"],
            "product_instance_type": ["c7g.4xlarge"],
            "resource_tags": pa.array([[("user_model", "m")]], pa.map_(pa.string(), pa.string())),
        }
    )
    (settings.landing_dir / "cloud_billing").mkdir()
    pq.write_table(rows, settings.landing_dir / "cloud_billing" / "cur2.parquet")

    ((billed, tags, details),) = load(
        settings, 'select "BilledCost", "Tags", "SkuPriceDetails" from raw.cloud_billing__charges'
    )

    assert billed == Decimal("0.1")
    assert json.loads(tags) == {"model": "m"}
    assert json.loads(details) == {"InstanceType": "c7g.4xlarge"}


def azure(**columns: object) -> dict[str, object]:
    row: dict[str, object] = {
        "date": "01/05/2026",
        "costInBillingCurrency": "9",
        "chargeType": "Usage",
        "ResourceId": "/subscriptions/s",
        "billingAccountId": "1",
        "billingCurrency": "EUR",
        "pricingModel": "OnDemand",
        "reservationId": "",
        "tags": '{"model":"m"}',
    }
    return row | columns


@pytest.mark.parametrize(
    ("row", "billed", "effective", "status"),
    [
        pytest.param(azure(), "9", "9", None, id="on demand"),
        pytest.param(azure(pricingModel="Reservation", reservationId="r"), "0", "9", "Used", id="covered"),
        pytest.param(
            azure(chargeType="UnusedReservation", pricingModel="Reservation", reservationId="r"),
            "0", "9", "Unused", id="unused",
        ),
        pytest.param(
            azure(chargeType="Purchase", pricingModel="Reservation", reservationId="r"), "9", "0", None, id="bought"
        ),
        pytest.param(azure(chargeType="Purchase"), "9", "9", None, id="a marketplace purchase is no commitment"),
        pytest.param(azure(chargeType="Refund", costInBillingCurrency="-9"), "-9", "-9", None, id="refund"),
    ],
)  # fmt: skip
def test_azure_files_of_either_view_keep_billed_and_effective_apart(
    settings: Settings, row: dict[str, object], billed: str, effective: str, status: str | None
) -> None:
    land(settings, "cloud_billing/azure.csv", csv(row))

    assert load(
        settings,
        'select "BilledCost", "EffectiveCost", "CommitmentDiscountStatus" from raw.cloud_billing__charges',
    ) == [(Decimal(billed), Decimal(effective), status)]


GCP = {
    "billing_account_id": "01A",
    "service": {"id": "6F81", "description": "Compute Engine"},
    "sku": {"id": "0048", "description": "G2 core"},
    "usage_start_time": "2026-01-05 10:00:00 UTC",
    "usage_end_time": "2026-01-05 11:00:00 UTC",
    "project": {"id": "p", "labels": [{"key": "team", "value": "care"}, {"key": "model", "value": "old"}]},
    "labels": [{"key": "model", "value": "triage"}],
    "system_labels": [{"key": "compute.googleapis.com/machine_spec", "value": "g2-standard-8"}],
    "cost": 1.5,
    "cost_at_list": 1.75,
    "currency": "USD",
    "cost_type": "regular",
    "credits": [{"name": "CUD", "amount": -0.5}, {"name": "promotion", "amount": -2.0}],
    "invoice": {"month": "202601"},
}


@pytest.mark.parametrize("container", ["jsonl", "parquet"])
def test_gcp_credits_are_netted_and_keep_their_sign(settings: Settings, container: str) -> None:
    if container == "jsonl":
        land(settings, "cloud_billing/gcp.jsonl.gz", json.dumps(GCP) + "\n")
    else:
        (settings.landing_dir / "cloud_billing").mkdir()
        pq.write_table(pa.Table.from_pylist([GCP]), settings.landing_dir / "cloud_billing" / "gcp.parquet")

    ((billed, effective, contracted, listed, tags, details, day),) = load(
        settings,
        'select "BilledCost", "EffectiveCost", "ContractedCost", "ListCost", "Tags", "SkuPriceDetails", _day '
        "from raw.cloud_billing__charges",
    )

    assert (billed, effective) == (Decimal("-1"), Decimal("-1"))
    assert (contracted, listed) == (Decimal("1.5"), Decimal("1.75"))
    assert json.loads(tags) == {"team": "care", "model": "triage"}
    assert json.loads(details) == {"InstanceType": "g2-standard-8"}
    assert str(day) == "2026-01-05"


def test_bad_charges_are_set_aside_and_the_good_ones_load(settings: Settings) -> None:
    land(
        settings,
        "cloud_billing/focus.csv",
        csv(
            *[focus()] * 12,
            focus(BilledCost="n/a"),
            focus(BillingCurrency="$"),
            focus(ChargePeriodEnd="2026-01-04 00:00:00"),
        ),
    )

    assert load(settings, "select count(*) from raw.cloud_billing__charges") == [(12,)]
    reasons = [reason for (reason,) in load(settings, "select reason from raw.quarantine order by row_number")]
    assert [reason.split(":")[0] for reason in reasons] == [
        "BilledCost is missing",
        "BillingCurrency is not an ISO 4217 code",
        "ChargePeriodEnd lies before ChargePeriodStart",
    ]


def test_focus_parquet_may_hold_tags_as_a_map(settings: Settings) -> None:
    charge = focus(ChargePeriodStart="2026-01-05 00:00:00", ServiceProviderName="AWS")
    rows = pa.Table.from_pylist([{key: str(value) for key, value in charge.items() if key != "Tags"}])
    rows = rows.append_column("Tags", pa.array([[("model", "m")]], pa.map_(pa.string(), pa.string())))
    (settings.landing_dir / "cloud_billing").mkdir()
    pq.write_table(rows, settings.landing_dir / "cloud_billing" / "focus.parquet")

    ((tags, provider),) = load(settings, 'select "Tags", "ServiceProviderName" from raw.cloud_billing__charges')

    assert json.loads(tags) == {"model": "m"}
    assert provider == "AWS"


def test_a_day_in_cents_is_rejected(settings: Settings) -> None:
    land(settings, "cloud_billing/focus.csv", csv(focus(EffectiveCost="201")))

    assert load(settings, "select count(*) from raw.cloud_billing__charges") == [(0,)]


def test_the_ecb_file_gives_a_row_per_day_and_currency(settings: Settings) -> None:
    land(
        settings,
        "fx_rates/eurofxref-hist.csv",
        "Date,USD,JPY,CYP,\n2026-01-05,1.1061,162.5,N/A,\n2026-01-02,1.1087,160.5,N/A,\n",
    )
    land(settings, "fx_rates/eurofxref.csv", "Date, USD, JPY, \n06 January 2026, 1.1100, 161.0, \n")

    rates = load(
        settings, "select rate_date::varchar, currency, per_eur from raw.fx_rates__rates order by all", FX_RATES
    )

    assert rates == [
        ("2026-01-02", "JPY", Decimal("160.5")),
        ("2026-01-02", "USD", Decimal("1.1087")),
        ("2026-01-05", "JPY", Decimal("162.5")),
        ("2026-01-05", "USD", Decimal("1.1061")),
        ("2026-01-06", "JPY", Decimal("161")),
        ("2026-01-06", "USD", Decimal("1.11")),
    ]


def test_the_share_of_a_pod_in_a_machine_is_not_added_to_the_machines_cost(settings: Settings) -> None:
    parent = "splitLineItem/ParentResourceId"
    machine, pod = cur("Usage", "3") | {parent: ""}, cur("Usage", "") | {parent: "i-1"}
    fargate = cur("Usage", "2") | {parent: ""}
    land(settings, "cloud_billing/cur.csv", csv(machine, pod, pod, fargate))

    assert load(settings, 'select sum("BilledCost"), count(*) from raw.cloud_billing__charges') == [(5, 2)]
    assert load(settings, "select rows_skipped_count, rows_quarantined_count from ledger.files") == [(2, 0)]

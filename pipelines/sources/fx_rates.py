"""Exchange rates: the European Central Bank's daily reference rates, as its CSV files give them.

Here: one row per day and currency, units of that currency for one euro. Not here: which day's rate a charge
converts at (weekends have none); that is a rule, in dbt.
"""

from __future__ import annotations

from datetime import timedelta

from pipelines.sources.spec import Column, Expectation, Format, Notation, Rule, Source, Table

# A column per currency, and which ones changes over the years. The history file writes `USD` and ISO days;
# the file of the day writes ` USD` and `23 November 2026`. `ZZZ` is no currency: without any column, unpivot fails.
_RATES = """
select
    _row,
    _raw,
    coalesce(cast(cast(try_strptime(day, '%d %B %Y') as date) as varchar), day) as rate_date,
    trim(currency) as currency,
    per_eur
from (
    unpivot (select "Date" as day, null::varchar as "ZZZ", * exclude ("Date") from rows)
    on columns('^ ?[A-Z]{3}$') into name currency value per_eur
)
"""

SOURCE = Source(
    name="fx_rates",
    title="Exchange rates",
    description="ECB euro reference rates (eurofxref-hist.csv or eurofxref.csv), published on working days.",
    owner="finops",
    glob=("fx_rates/**/*",),
    tables=(
        Table(
            name="rates",
            description="One row per publication day and currency.",
            columns=(
                Column("rate_date", "DATE", "Day the rate was published for.", required=True),
                Column("currency", "VARCHAR", "ISO 4217 code.", required=True),
                Column(
                    "per_eur",
                    "DECIMAL(38,12)",
                    "Units of the currency for one euro.",
                    required=True,
                ),
            ),
            key=("rate_date", "currency"),
            day="rate_date",
            rules=(Rule("per_eur > 0", "a rate is not above zero"),),
            expectations=(
                Expectation(
                    "dollar_in_range",
                    "max(cast(per_eur as double)) filter (where currency = 'USD')",
                    "a euro was never worth less than 0.5 or more than 3 dollars",
                    low=0.5,
                    high=3.0,
                ),
            ),
        ),
    ),
    formats=(
        Format(
            name="ecb_csv",
            container="csv",
            writing=Notation("."),
            requires=("Date",),
            null_text=("", "N/A"),
            select={"rates": _RATES},
            skips="select _row, 'no column of a currency has a rate' as _reason from rows",
        ),
    ),
    late=timedelta(days=7),
    fresh_within=timedelta(days=5),
    day_by="rows",
    role="exchange_rates",
)

"""Bills: FOCUS, and the exports of AWS, Azure, Google Cloud, OpenAI, Anthropic and GitHub, mapped onto FOCUS columns.

Here: the `charges` table, and what each vendor's column means in FOCUS terms. Not here: which delivery of a
restated bill is current, which model a charge belongs to, or in what currency it is reported; those are rules, in dbt.

Three cost bases are kept for every charge, signs untouched. Where a vendor's export knows only one of them,
the mapping fills the others so that BilledCost still sums to the invoice and EffectiveCost to the amortised
cost of what was used.
"""

from __future__ import annotations

from datetime import timedelta

from pipelines.sources.cloud_billing import anthropic, aws, azure, focus, github, google, openai
from pipelines.sources.cloud_billing.charges import CHARGES
from pipelines.sources.spec import Deliveries, Names, Source

_DATE = (
    r"(?:19|20)[0-9]{2}[-_/]?(?:0[1-9]|1[0-2])"
    r"(?:[-_/]?(?:0[1-9]|[12][0-9]|3[01])(?:[t_-]?[0-2][0-9][-_:]?[0-5][0-9](?:[-_:]?[0-5][0-9])?z?)?)?"
)
# Dates, run ids and GUIDs first, or the day of `2026-01-02.csv` would pass for a part. Dates twice: two of them share
# the character between them.
_DELIVERIES = Deliveries(
    (
        (r"(^|/)((?:year|month|day|hour|date|dt|run|run_id|billing_period)=[^/]*)", r"\1<\2>"),
        (r"([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})", r"<\1>"),
        *((rf"(^|[^0-9<=])({_DATE})([^0-9>]|$)", r"\1<\2>\3"),) * 2,
        (r"(^|[-_/])(run[-_]?[0-9]+)", r"\1<\2>"),
        (r"(part|chunk|shard)[-_]?[0-9]+(?:[-_][0-9]+)*", r"\1"),
        (r"([-_./])(?:[0-9]{1,6}|0[0-9]{6,11})((?:\.[a-z][a-z0-9]*)+)$", r"\1\2"),
    )
)


def _costing(name: str) -> str:
    """The name of a charge that costs anything: nobody need map what is free, or netted elsewhere."""
    return f'case when "BilledCost" <> 0 or "EffectiveCost" <> 0 then {name} end'


SOURCE = Source(
    name="cloud_billing",
    title="Cloud bills",
    description=(
        "Cost and usage as the clouds and model vendors export it. A bill is restated for weeks: every "
        "delivery is kept, and the newest that covers a day counts."
    ),
    owner="finops",
    glob=("cloud_billing/**/*",),
    tables=(CHARGES,),
    formats=(
        *focus.FORMATS,
        *aws.FORMATS,
        *azure.FORMATS,
        *google.FORMATS,
        *openai.FORMATS,
        *anthropic.FORMATS,
        *github.FORMATS,
    ),
    # Clouds close a month some ten days into the next, and correct it until then.
    late=timedelta(days=45),
    fresh_within=timedelta(hours=72),
    day_by="rows",
    deliveries=_DELIVERIES,
    role="bills",
    identifiers=("tag", "resource_id", "sub_account_id", "service"),
    names=(
        Names("charges", "tag", _costing('coalesce("AllocatedTags", "Tags")'), is_keyed=True),
        Names("charges", "resource_id", _costing('coalesce("AllocatedResourceId", "ResourceId")'), is_lower=True),
        Names("charges", "sub_account_id", _costing('"SubAccountId"'), label='"SubAccountName"', is_lower=True),
        Names("charges", "service", _costing('"ServiceName"'), is_lower=True),
    ),
)

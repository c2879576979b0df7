"""Campaigns: what a company did or knows of that moves its numbers, kept by hand as a CSV for the charts.

Campaigns, price changes, holidays and the like. Releases and incidents are known from their own systems.
"""

from __future__ import annotations

from datetime import timedelta

from pipelines.sources.spec import Column, Format, Rule, Source, Table
from pipelines.sources.values import instant

# A planned campaign is on the day its file was written: no row is on a future day.
_SELECT = f"""
    select
        _row, _raw,
        coalesce(id, md5(concat_ws('|', "start", name, kind))) as campaign_id,
        "start" as starts_at,
        "end" as ends_at,
        name as title,
        lower(kind) as kind,
        lower(models) as models,
        note,
        url,
        least({instant('"start"')}, _latest - interval 1 day) as known_at
    from rows
"""

SOURCE = Source(
    name="campaigns",
    title="Campaigns and other annotations",
    description="A CSV of start, end, name, kind, models and note, kept by hand.",
    owner="product-analytics",
    glob=("campaigns/**/*",),
    tables=(
        Table(
            name="annotations",
            description="One row per annotation as delivered.",
            columns=(
                Column(
                    "campaign_id", "VARCHAR", "The row's id; without one, of its start, name and kind.", required=True
                ),
                Column("title", "VARCHAR", "Its name.", required=True, free=True),
                Column("kind", "VARCHAR", "campaign, price_change, holiday or other.", required=True),
                Column("models", "VARCHAR", "Ids of members, split by semicolons; null or `all`: everyone's."),
                Column("note", "VARCHAR", "What a reader should know.", free=True),
                Column("url", "VARCHAR", "Where more is said."),
                Column("starts_at", "TIMESTAMP", "When it begins; a day is its midnight, UTC.", required=True),
                Column("ends_at", "TIMESTAMP", "When it ends, itself left out; null: it is a moment, or lasts."),
                Column("known_at", "TIMESTAMP", "When it began, or when it was written down where it is planned."),
            ),
            key=("campaign_id",),
            day="known_at",
            rules=(
                Rule(
                    "kind in ('campaign', 'price_change', 'holiday', 'other')",
                    "kind is not campaign, price_change, holiday or other",
                ),
                Rule("ends_at >= starts_at", "ends before it starts"),
            ),
        ),
    ),
    formats=(
        Format(
            name="annotations CSV",
            container="csv",
            requires=("start", "name", "kind"),
            optional=("id", "end", "models", "note", "url"),
            select={"annotations": _SELECT},
        ),
    ),
    late=timedelta(days=30),
    fresh_within=timedelta(days=366),
    day_by="rows",
    role="campaigns",
)

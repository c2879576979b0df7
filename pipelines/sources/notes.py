"""Notes: what people said in interviews, post-implementation reviews and comments, beside the numbers.

Markdown files with front matter, one note each, or a CSV with a note a row (`docs/feedback-log.md`). Authors are
roles, never names.
"""

from __future__ import annotations

from datetime import timedelta

from pipelines.sources.spec import Column, Format, Rule, Source, Table

_MEMBER = """lower(trim(split_part(model, '|', 1), ' []"'''))"""
"""SQL of a member's id: in lower case, and out of the brackets of a link between notes."""
_FIELDS = ("date", "model", "kind", "role", "theme", "sentiment", "title")


def _front(field: str) -> str:
    line = rf"regexp_extract(front, '(?:^|\n)(?i:{field})[ \t]*:([^\n]*)', 1)"
    return f"nullif(trim(trim({line}), chr(34) || chr(39)), '') as {field}"


_SELECT_MARKDOWN = rf"""
    with
    parted as (
        select
            _row, _raw,
            regexp_extract(replace(text, chr(13), ''), '^\s*---\n(.*?)\n---\s*(?:\n|$)', 1, 's') as front,
            trim(regexp_replace(replace(text, chr(13), ''), '^\s*---\n.*?\n---\s*(\n|$)', '', 's'), ' ' || chr(10))
                as body
        from rows
    ),
    fields as (select _row, _raw, body, {", ".join(_front(field) for field in _FIELDS)} from parted)
    select
        _row, _raw,
        md5(concat_ws('|', "date", model, kind, role, body)) as note_id,
        "date" as noted_date, {_MEMBER} as model_id, lower(kind) as kind, role as author_role, theme,
        lower(sentiment) as sentiment, title, body as text
    from fields
"""

_SELECT_CSV = f"""
    select
        _row, _raw,
        coalesce(id, md5(concat_ws('|', "date", model, kind, role, text))) as note_id,
        "date" as noted_date, {_MEMBER} as model_id, lower(kind) as kind, role as author_role, theme,
        lower(sentiment) as sentiment, title, text
    from rows
"""

SOURCE = Source(
    name="notes",
    title="Interviews and reviews",
    description="Notes of interviews, post-implementation reviews and comments: Markdown with front matter, or CSV.",
    owner="product-analytics",
    glob=("notes/**/*",),
    tables=(
        Table(
            name="notes",
            description="One row per note as delivered.",
            columns=(
                Column(
                    "note_id",
                    "VARCHAR",
                    "The row's id, else a hash of what it says.",
                    required=True,
                ),
                Column("model_id", "VARCHAR", "The member of the catalog it is about.", required=True),
                Column("noted_date", "DATE", "The day of the interview, review or comment.", required=True),
                Column("kind", "VARCHAR", "interview, review or comment.", required=True),
                Column("author_role", "VARCHAR", "The role of who said it, such as clinician; no person's name."),
                Column("theme", "VARCHAR", "What it is about, in a word or two."),
                Column("sentiment", "VARCHAR", "positive, neutral, negative or mixed."),
                Column("title", "VARCHAR", "A line that sums it up.", free=True),
                Column("text", "VARCHAR", "What was said.", required=True, free=True),
            ),
            key=("note_id",),
            day="noted_date",
            rules=(
                Rule("kind in ('interview', 'review', 'comment')", "kind is not interview, review or comment"),
                Rule(
                    "sentiment in ('positive', 'neutral', 'negative', 'mixed')",
                    "sentiment is not positive, neutral, negative or mixed",
                ),
                Rule("author_role not like '%@%'", "the author is an address: a role is asked for, not a person"),
            ),
        ),
    ),
    formats=(
        Format(
            name="Markdown note",
            container="text",
            requires=("text",),
            select={"notes": _SELECT_MARKDOWN},
        ),
        Format(
            name="notes CSV",
            container="csv",
            requires=("date", "model", "kind", "text"),
            optional=("id", "role", "theme", "sentiment", "title"),
            select={"notes": _SELECT_CSV},
        ),
    ),
    late=timedelta(days=30),
    fresh_within=timedelta(days=90),
    day_by="rows",
    role="notes",
)

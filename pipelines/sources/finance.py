"""Finance: budgets, planned cash flows, actual costs and benefits, as CSV exports of an ERP or planning tool.

Four formats, a table each. Which project a code is, what a currency is worth and which version of a plan holds are
rules, in dbt; so is when a month is closed.
"""

from __future__ import annotations

from datetime import timedelta

from pipelines.sources.postings import signed
from pipelines.sources.spec import Column, Format, Names, Rule, Source, Table
from pipelines.sources.values import quick

_CODE = Column("project_code", "VARCHAR", "What the finance system calls the project.", required=True)
_CURRENCY = Column("currency", "VARCHAR", "ISO 4217 code of the amounts.", required=True)
_VERSION = Column("plan_version", "VARCHAR", "The version's name: Budget 2026, Forecast 2+10, ….", required=True)
_APPROVED = Column("approved_date", "DATE", "The day from which the version holds.", required=True)
_MONTH = Column(
    "month_date",
    "DATE",
    "A day of the month the money is planned for, the first where the export names the month.",
    required=True,
)
_POSTING = (
    Column("document_id", "VARCHAR", "The document's number.", required=True),
    Column(
        "line_number",
        "BIGINT",
        "The line's number in the document; its place there where none is exported.",
        required=True,
    ),
    Column("posting_date", "DATE", "The day it counts for in the books.", required=True),
    _CODE,
)
_REVERSED = Column("reversed_document_id", "VARCHAR", "The document it takes back; null where it takes back none.")
_ISO = Rule("regexp_full_match(currency, '[A-Z]{3}')", "currency is no ISO 4217 code")
_COST_CATEGORY = Rule(
    "category in ('development', 'cloud', 'monitoring', 'labelling', 'other')",
    "category is none of development, cloud, monitoring, labelling, other",
)
_BENEFIT = Rule("category in ('savings', 'revenue')", "category is neither savings nor revenue")
_PLAN_CATEGORY = Rule(
    "category in ('development', 'cloud', 'monitoring', 'labelling', 'other', 'savings', 'revenue')",
    "category is none of development, cloud, monitoring, labelling, other, savings, revenue",
)

ACTUAL_COSTS = Table(
    name="actual_costs",
    description="One row per delivered line of a cost document.",
    columns=(
        *_POSTING,
        Column("gl_account", "VARCHAR", "The general-ledger account."),
        Column("category", "VARCHAR", "What it was for; null where only the account says it."),
        Column("amount", "DECIMAL(18,4)", "What it cost: below 0 for a credit or a reversal.", required=True),
        _CURRENCY,
        _REVERSED,
    ),
    key=("document_id", "line_number"),
    day="posting_date",
    rules=(_ISO, _COST_CATEGORY),
    covers_range=True,
)

BOOKED_BENEFITS = Table(
    name="actual_benefits",
    description="One row per delivered line of a document that books savings or revenue.",
    columns=(
        *_POSTING,
        Column("category", "VARCHAR", "savings or revenue.", required=True),
        Column("amount", "DECIMAL(18,4)", "What it brought: below 0 for a reversal.", required=True),
        _CURRENCY,
        _REVERSED,
    ),
    key=("document_id", "line_number"),
    day="posting_date",
    rules=(_ISO, _BENEFIT),
    covers_range=True,
)

PLANNED_FLOWS = Table(
    name="planned_flows",
    description="One row per delivered version of a plan, project, month and category.",
    columns=(
        _CODE,
        _VERSION,
        _APPROVED,
        _MONTH,
        Column("category", "VARCHAR", "A cost's category, savings or revenue.", required=True),
        Column("amount", "DECIMAL(18,4)", "Expected, costs and benefits both above 0.", required=True),
        Column("low_amount", "DECIMAL(18,4)", "The least it may be; null where the plan says none."),
        Column("high_amount", "DECIMAL(18,4)", "The most it may be; null where the plan says none."),
        _CURRENCY,
    ),
    key=("project_code", "plan_version", "month_date", "category"),
    day="approved_date",
    rules=(
        _ISO,
        _PLAN_CATEGORY,
        Rule("low_amount <= amount", "low is above the amount"),
        Rule("high_amount >= amount", "high is below the amount"),
        Rule("(low_amount is null) = (high_amount is null)", "low and high come together"),
    ),
)

BUDGETS = Table(
    name="budgets",
    description="One row per delivered version of a budget, project, cost centre, category and month.",
    columns=(
        _CODE,
        _VERSION,
        _APPROVED,
        Column("cost_centre", "VARCHAR", "The cost centre that pays."),
        Column("category", "VARCHAR", "What the money is for.", required=True),
        _MONTH,
        Column("amount", "DECIMAL(18,4)", "What may be spent.", required=True),
        _CURRENCY,
    ),
    key=("project_code", "plan_version", "cost_centre", "category", "month_date"),
    day="approved_date",
    rules=(_ISO, _COST_CATEGORY),
)

# A month written as 2026-01, 202601, 01/2026, Jan-26 or January 2026 is its first day. One of its days, and what is
# neither, passes unchanged: how days are written is for the file to show. Staging goes to the first of each month.
_WORDS = "['%b-%y', '%b-%Y', '%b %Y', '%B %Y', '%B-%Y', '%b %y']"
_MONTH_SQL = rf"""coalesce(
        cast(cast(date_trunc('month', {quick('"Month"', "DATE")}) as date) as varchar),
        case
            when regexp_full_match(trim("Month"), '[0-9]{{4}}[-/.]?[0-9]{{2}}')
            then regexp_replace(trim("Month"), '([0-9]{{4}})[-/.]?([0-9]{{2}})', '\1-\2-01')
            when regexp_full_match(trim("Month"), '[0-9]{{1,2}}[-/.][0-9]{{4}}')
            then regexp_replace(trim("Month"), '([0-9]{{1,2}})[-/.]([0-9]{{4}})', '\2-\1-01')
        end,
        cast(cast(try_strptime(trim("Month"), {_WORDS}) as date) as varchar),
        "Month"
    )"""
# Some ledgers sign their amounts, others write a side beside what is never negative: a cost is a debit, and what a
# project brings is a credit.
_COST, _BENEFIT_AMOUNT = (signed('"Amount"', '"Debit/Credit"', negative) for negative in ("credit", "debit"))

# Where lines bear no number, their order in the document is it: two lines may be equal and are two.
_POSTED = """
    _row, _raw,
    "Document Number" as document_id,
    coalesce("Line Item", row_number() over (partition by "Document Number" order by _row)::varchar) as line_number,
    "Posting Date" as posting_date,
    "Project" as project_code,
    upper(trim("Currency")) as currency,
    "Reversal Of" as reversed_document_id"""

COST_FORMAT, BENEFIT_FORMAT = "Cost line items", "Booked benefits"

SOURCE = Source(
    name="finance",
    title="Finance",
    description="Projects' budgets, planned cash flows, actual costs and benefits: CSV of an ERP or planner.",
    owner="group:finance",
    glob=("finance/**/*",),
    tables=(ACTUAL_COSTS, BOOKED_BENEFITS, PLANNED_FLOWS, BUDGETS),
    formats=(
        Format(
            name=COST_FORMAT,
            container="csv",
            requires=("Document Number", "Posting Date", "Project", "GL Account", "Amount", "Currency"),
            optional=("Line Item", "Cost Category", "Debit/Credit", "Reversal Of"),
            select={
                "actual_costs": f"""
select {_POSTED},
    "GL Account" as gl_account,
    lower(trim("Cost Category")) as category,
    {_COST} as amount
from rows
"""
            },
        ),
        Format(
            name=BENEFIT_FORMAT,
            container="csv",
            requires=("Document Number", "Posting Date", "Project", "Benefit Type", "Amount", "Currency"),
            optional=("Line Item", "Debit/Credit", "Reversal Of"),
            select={
                "actual_benefits": f"""
select {_POSTED},
    lower(trim("Benefit Type")) as category,
    {_BENEFIT_AMOUNT} as amount
from rows
"""
            },
        ),
        Format(
            name="Planned cash flows",
            container="csv",
            requires=("Project", "Plan Version", "Approved On", "Month", "Flow Category", "Amount", "Currency"),
            optional=("Low", "High"),
            select={
                "planned_flows": f"""
select
    _row, _raw,
    "Project" as project_code,
    "Plan Version" as plan_version,
    "Approved On" as approved_date,
    {_MONTH_SQL} as month_date,
    lower(trim("Flow Category")) as category,
    "Amount" as amount,
    "Low" as low_amount,
    "High" as high_amount,
    upper(trim("Currency")) as currency
from rows
"""
            },
        ),
        Format(
            name="Budgets",
            container="csv",
            requires=("Project", "Budget Version", "Approved On", "Cost Centre", "Cost Category", "Month", "Amount"),
            optional=("Currency",),
            select={
                "budgets": f"""
select
    _row, _raw,
    "Project" as project_code,
    "Budget Version" as plan_version,
    "Approved On" as approved_date,
    "Cost Centre" as cost_centre,
    lower(trim("Cost Category")) as category,
    {_MONTH_SQL} as month_date,
    "Amount" as amount,
    upper(trim("Currency")) as currency
from rows
"""
            },
        ),
    ),
    # Books are reopened until the month's close has been audited.
    late=timedelta(days=35),
    fresh_within=timedelta(days=9),
    day_by="rows",
    role="finance",
    names=(
        Names("actual_costs", "project_code", "project_code"),
        Names("actual_benefits", "project_code", "project_code"),
        Names("planned_flows", "project_code", "project_code"),
        Names("budgets", "project_code", "project_code"),
    ),
)

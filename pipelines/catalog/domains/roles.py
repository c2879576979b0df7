"""Who answers for what: the roles of a member, and of those who meet."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from pipelines.catalog.parts import Address, Part

Role = Literal["executive_sponsor", "ai_program_lead", "model_owner", "data_steward", "sre", "compliance_officer"]


class Roles(Part):
    """Who answers for what, as role addresses (no persons' names)."""

    executive_sponsor: Address | None = Field(None, description="Answers for the budget and the outcome.")
    ai_program_lead: Address | None = Field(None, description="Runs the measurement programme.")
    model_owner: Address | None = Field(
        None,
        description="Answers for it today: the newest entry of `owner`, where it has a history.",
    )
    data_steward: Address | None = Field(None, description="Answers for the data it learns from and reads.")
    sre: Address | None = Field(None, description="Keeps it running; the first to be called.")
    compliance_officer: Address | None = Field(None, description="Signs off fairness and compliance.")

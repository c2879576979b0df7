"""The roles of a member and of meeting participants."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from pipelines.catalog.parts import Address, Part

Role = Literal["executive_sponsor", "ai_program_lead", "model_owner", "data_steward", "sre", "compliance_officer"]


class Roles(Part):
    """Responsible roles, as role addresses (no personal names)."""

    executive_sponsor: Address | None = Field(None, description="Responsible for budget and outcome.")
    ai_program_lead: Address | None = Field(None, description="Runs the measurement programme.")
    model_owner: Address | None = Field(
        None,
        description="The current owner: the newest entry of `owner`, if it has a history.",
    )
    data_steward: Address | None = Field(None, description="Responsible for training and input data.")
    sre: Address | None = Field(None, description="Keeps it running; first on call.")
    compliance_officer: Address | None = Field(None, description="Signs off fairness and compliance.")

"""The channels that notifications go to: a class of settings each."""

from __future__ import annotations

import base64
import binascii
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

Severity = Literal["page", "ticket"]
"""How urgent a notification is: page (somebody should look now) or ticket."""


class ChannelSettings(BaseModel):
    """Settings common to all notification channels."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    least_severity: Severity = Field("ticket", description="ticket: all notifications; page: only urgent ones.")


class SlackSettings(ChannelSettings):
    """A Slack channel, by its incoming webhook."""

    webhook_url: SecretStr = Field(description="The incoming webhook's address; whoever has it can post.")


class WebhookSettings(ChannelSettings):
    """Any program that receives signed JSON."""

    url: SecretStr = Field(description="Where notifications are posted.")
    secret: SecretStr = Field(description="The key they are signed with: `whsec_` and 24 to 64 bytes in base64.")

    @field_validator("secret")
    @classmethod
    def _check_secret(cls, secret: SecretStr) -> SecretStr:
        prefix, _, key = secret.get_secret_value().partition("_")
        try:
            length = len(base64.b64decode(key, validate=True))
        except binascii.Error:
            length = 0
        if prefix != "whsec" or not 24 <= length <= 64:
            raise ValueError("expected `whsec_` and 24 to 64 bytes in base64; docs/alerts.md shows how to make one")
        return secret


class EmailSettings(ChannelSettings):
    """A mail server, and the recipients."""

    host: str = Field(description="The mail server.")
    port: int = Field(587, description="Its port: 587 for STARTTLS, 465 for TLS.")
    tls: Literal["starttls", "tls", "none"] = Field("starttls", description="none: for a relay on this machine only.")
    ca_file: Path | None = Field(None, description="The authority that signed its certificate; null: the system's.")
    user: str | None = Field(None, description="The login; null: none.")
    password: SecretStr | None = None
    sender: str = Field(description="The sender's address.")
    to: tuple[str, ...] = Field(min_length=1, description="The recipients' addresses.")

    @model_validator(mode="after")
    def _check_password(self) -> Self:
        if (self.user is None) != (self.password is None):
            raise ValueError("`user` and `password` go together: set both or neither")
        if self.password is not None and self.tls == "none":
            raise ValueError("a password is sent over TLS only: set `tls` to starttls or tls")
        return self


class PagerDutySettings(ChannelSettings):
    """A PagerDuty service, by its Events API v2 integration."""

    least_severity: Severity = Field("page", description="ticket: all notifications; page: only urgent ones.")
    routing_key: SecretStr = Field(description="The integration key.")
    url: str = Field("https://events.pagerduty.com/v2/enqueue", description="The EU's region has its own.")

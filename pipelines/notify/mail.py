"""Email by SMTP: one message per notification, threaded by alert; a digest for many at once."""

from __future__ import annotations

import hashlib
import logging
import smtplib
import ssl
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from html import escape

from pipelines.notify.notification import (
    TIMEOUT_SECONDS,
    Notification,
    RejectedError,
    UnfitError,
    UnreachableError,
    clipped,
    singly,
)
from pipelines.settings.channels import EmailSettings

log = logging.getLogger(__name__)

MOST_SINGLY = 3
MOST_IN_A_DIGEST = 100
SUBJECT_LENGTH = 150
PERMANENT_FROM = 500
"""SMTP's replies from here on are permanent; those below (4yz) are transient."""


@dataclass(frozen=True)
class Mail:
    """The recipients and their mail server."""

    settings: EmailSettings
    name = "email"

    def batches(self, notifications: Sequence[Notification]) -> Iterable[Sequence[Notification]]:
        """Up to three singly, more as a digest."""
        if len(notifications) <= MOST_SINGLY:
            return singly(notifications)
        return (notifications[at : at + MOST_IN_A_DIGEST] for at in range(0, len(notifications), MOST_IN_A_DIGEST))

    def send(self, notifications: Sequence[Notification], now: datetime) -> None:
        """Hand one message to the server."""
        message = self._message(notifications, now)
        try:
            with self._server() as server:
                rejected = server.send_message(message, self.settings.sender, self.settings.to)
        except smtplib.SMTPRecipientsRefused as error:
            codes = {code for code, _ in error.recipients.values()}
            raise _error_for(f"no recipient was accepted ({min(codes)})", min(codes), RejectedError) from None
        except smtplib.SMTPDataError as error:
            raise _error_for(f"the message was not accepted ({error.smtp_code})", error.smtp_code, UnfitError) from None
        except smtplib.SMTPResponseException as error:
            found = f"{type(error).__name__} ({error.smtp_code})"
            raise _error_for(found, error.smtp_code, RejectedError) from None
        except (smtplib.SMTPNotSupportedError, ssl.SSLCertVerificationError) as error:
            raise RejectedError(f"no secure connection ({type(error).__name__})") from None
        except (OSError, smtplib.SMTPException) as error:
            raise UnreachableError(f"cannot be reached ({type(error).__name__})") from None
        if rejected:
            log.warning("email: %d of %d recipients were rejected", len(rejected), len(self.settings.to))

    @contextmanager
    def _server(self) -> Iterator[smtplib.SMTP]:
        trusted = ssl.create_default_context(cafile=self.settings.ca_file)
        host, port = self.settings.host, self.settings.port
        with (
            smtplib.SMTP_SSL(host, port, timeout=TIMEOUT_SECONDS, context=trusted)
            if self.settings.tls == "tls"
            else smtplib.SMTP(host, port, timeout=TIMEOUT_SECONDS)
        ) as server:
            if self.settings.tls == "starttls":
                server.starttls(context=trusted)
            if self.settings.user is not None and self.settings.password is not None:
                server.login(self.settings.user, self.settings.password.get_secret_value())
            yield server

    def _message(self, notifications: Sequence[Notification], now: datetime) -> EmailMessage:
        domain = Address(addr_spec=self.settings.sender).domain
        message = EmailMessage()
        message["From"] = self.settings.sender
        message["To"] = ", ".join(self.settings.to)
        message["Date"] = format_datetime(now)
        message["Auto-Submitted"] = "auto-generated"
        message["Message-ID"] = (
            f"<{_digest(*(notification.notification_id for notification in notifications))}@{domain}>"
        )
        if len(notifications) == 1:
            message["Subject"] = clipped(notifications[0].title, SUBJECT_LENGTH)
            message["References"] = f"<{_digest(notifications[0].subject)}@{domain}>"
        else:
            pages = sum(notification.severity == "page" for notification in notifications)
            message["Subject"] = f"{len(notifications)} scorecard notifications, {pages} of them pages"
        message.set_content("\n\n".join(map(_plain, notifications)))
        message.add_alternative("".join(map(_html, notifications)), subtype="html")
        return message


def _error_for(found: str, code: int, final: type[Exception]) -> Exception:
    return final(found) if code >= PERMANENT_FROM else UnreachableError(found)


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


def _plain(notification: Notification) -> str:
    facts = [f"{label}: {text}" for label, text in notification.facts]
    return "\n".join([notification.title, *facts, *([notification.link] if notification.link else [])])


def _html(notification: Notification) -> str:
    rows = "".join(
        f'<tr><th align="left" valign="top">{escape(label)}</th><td>{escape(text)}</td></tr>'
        for label, text in notification.facts
    )
    link = f'<p><a href="{escape(notification.link)}">Open the scorecard</a></p>' if notification.link else ""
    return f"<h3>{escape(notification.title)}</h3><table>{rows}</table>{link}"

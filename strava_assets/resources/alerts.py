"""Where alerts go: a webhook (generic JSON or Slack's form) or mail, as set; nowhere by default.

The webhook's address is a secret and is read from the environment when a message is sent.
"""

import os
import smtplib
import time
from email.message import EmailMessage
from typing import Any

import dagster as dg
from pydantic import Field

from strava_assets.errors import StravaAssetsError

WEBHOOK_VARIABLE = "STRAVA_ASSETS_ALERT_WEBHOOK_URL"
# A receiver that is slower than this is not waited for; the sensor's tick then fails and says so.
TIMEOUT_S = 10
# Before the first try and the two after it.
PAUSES_S = (0.0, 0.5, 1.0)


class AlertNotDelivered(StravaAssetsError):  # noqa: N818 - it says what happened
    """A message could not be handed over."""


class AlertResource(dg.ConfigurableResource):  # type: ignore[type-arg]  # Dagster's generic is its value type, which is the resource itself
    """Hands messages over to the webhook, the mail server, or both."""

    webhook_form: str = Field(description="json or slack.")
    mail_to: str | None = Field(default=None, description="The address mail goes to.")
    mail_from: str = Field(description="The address mail comes from.")
    smtp_host: str = Field(description="The mail server.")
    smtp_port: int = Field(description="Its port.")

    def tell(self, subject: str, text: str, *, run_id: str, recovered: bool) -> None:
        """Hand a message over, everywhere it should go.

        Args:
            subject: one line.
            text: what happened and what to do.
            run_id: the run it is about.
            recovered: whether it is good news.

        Raises:
            AlertNotDelivered: somewhere it could not be handed over; the others have it.
        """
        problems = []
        if os.environ.get(WEBHOOK_VARIABLE):
            problems += self._post(self._body(subject, text, run_id, recovered=recovered))
        if self.mail_to:
            problems += self._mail(subject, f"{text}\n\nRun {run_id}\n")
        if problems:
            raise AlertNotDelivered(
                " ".join(problems),
                means="The run's own outcome is not affected.",
                remedy="check the alert settings; strava-assets doctor shows which are set.",
            )

    def _body(self, subject: str, text: str, run_id: str, *, recovered: bool) -> dict[str, Any]:
        if self.webhook_form == "slack":
            mark = ":white_check_mark:" if recovered else ":x:"
            return {"text": f"{mark} *{subject}*\n{text}\nRun `{run_id}`"}
        status = "recovered" if recovered else "failed"
        return {"status": status, "subject": subject, "text": text, "run_id": run_id}

    def _post(self, body: dict[str, Any]) -> list[str]:
        import requests

        problem = ""
        # Dagster evaluates a run once, so what a receiver refuses for a moment would be lost. The library's
        # own retries would log the address, which is a secret, and its message would tell it.
        for pause_s in PAUSES_S:
            time.sleep(pause_s)
            try:
                answer = requests.post(os.environ[WEBHOOK_VARIABLE], json=body, timeout=TIMEOUT_S)
            except requests.RequestException as error:
                problem = f"The alert webhook could not be reached ({type(error).__name__})."
                continue
            if answer.ok:
                return []
            problem = f"The alert webhook answered with status {answer.status_code}."
            if answer.status_code < 500 and answer.status_code != 429:
                break
        return [problem]

    def _mail(self, subject: str, text: str) -> list[str]:
        message = EmailMessage()
        message["Subject"] = f"strava_assets: {subject}"
        message["From"] = self.mail_from
        message["To"] = self.mail_to
        message.set_content(text)
        try:
            with smtplib.SMTP(self.smtp_host, self.smtp_port, timeout=TIMEOUT_S) as server:
                server.send_message(message)
        except (OSError, smtplib.SMTPException) as error:
            return [f"The mail server {self.smtp_host}:{self.smtp_port} did not take the mail ({error})."]
        return []

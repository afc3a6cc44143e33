"""Every address that docs/alerts.md shows is one that apprise takes."""

from __future__ import annotations

import re
from pathlib import Path

from pydantic import SecretStr

from strava_assets.alerts import check_addresses
from strava_assets.settings import Settings, variable_name

DOCUMENT = (Path(__file__).parents[2] / "docs" / "alerts.md").read_text(encoding="utf-8")


def test_every_address_it_shows_can_be_used() -> None:
    table = DOCUMENT.split("| where | address |")[1].split("\n\n")[0]
    addresses = re.findall(r"^\|[^|]*\| `([^`]+)`", table, re.MULTILINE)
    assert len(addresses) == 8

    checks = check_addresses(Settings(alert_urls=SecretStr(" ".join(addresses))))

    assert {check.name: check.problem for check in checks if check.problem} == {}


def test_it_names_every_setting_of_alerts() -> None:
    settings = {
        variable_name(field) for field in Settings.model_fields if "alert" in field or "smtp" in field
    }
    named = set(re.findall(r"_(?:ALERT|SMTP)_[A-Z_]+[A-Z]", DOCUMENT))
    assert {f"STRAVA_ASSETS{end}" for end in named} == settings

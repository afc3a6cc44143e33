"""The resources hold places, never secrets, and open nothing before a run asks them to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dagster as dg

from strava_assets.definitions import build_resources
from strava_assets.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

CANARY = "canary-7f3a"


def settings(home: Path) -> Settings:
    return Settings.model_validate(
        {
            "home": home,
            "client_id": "12345",
            "client_secret": f"{CANARY}-secret",
            "refresh_token": f"{CANARY}-refresh",
            "alert_urls": f"slack://{CANARY}",
            "alert_webhook_url": f"https://hooks.example.org/{CANARY}-hook",
        }
    )


def test_no_secret_is_in_what_the_ui_shows_of_a_resource(tmp_path: Path) -> None:
    for name, resource in build_resources(settings(tmp_path)).items():
        assert CANARY not in repr(resource), name
        if isinstance(resource, dg.ConfigurableResource):
            assert CANARY not in str(resource.model_dump()), name


def test_making_resources_touches_no_disk(tmp_path: Path) -> None:
    resources = build_resources(settings(tmp_path / "home"))
    resources["landing"].open()
    resources["streams"].open()
    resources["strava"].store()

    assert not (tmp_path / "home").exists()


def test_every_field_of_a_resource_is_explained(tmp_path: Path) -> None:
    for resource in build_resources(settings(tmp_path)).values():
        if not isinstance(resource, dg.ConfigurableResource):
            continue
        for name, field in type(resource).model_fields.items():
            assert field.description, name

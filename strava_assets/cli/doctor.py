"""`strava-assets doctor`: checks everything a sync needs, and prints its state and what to do.

The checks are in `checkups/`, one file per subject. This file prints their findings.
"""

from __future__ import annotations

import json
import logging
import sys
from collections import Counter
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from strava_assets.cli.checkups.finding import Finding, State, broken, failed, ok
from strava_assets.errors import StravaAssetsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from strava_assets.settings import Settings


@click.command("doctor")
@click.option("--offline", is_flag=True, help="Ask Strava nothing.")
@click.option(
    "--deep", is_flag=True, help="Also compare the table with its rebuild, and every file with its digest."
)
@click.option(
    "--fix", is_flag=True, help="First repair what a crash left: dead runs and the pools they hold."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document, for programs.")
@click.option("--test-alert", is_flag=True, help="Send a test message to everyone who is told of failures.")
def command(*, offline: bool, deep: bool, fix: bool, as_json: bool, test_alert: bool) -> None:
    """Check everything that a sync needs.

    These are settings, alerts, secrets, Strava, landing, streams, warehouse, published tables, daemon and
    last runs. For each it says how it is and what to do. It never prints a secret.

    The exit status is 0 when nothing is broken (warnings do not count), else 1.
    """
    from strava_assets.cli.console import say

    # The findings already contain what is logged.
    logging.getLogger("strava_assets").addHandler(logging.NullHandler())
    if fix:
        from strava_assets.cli.instance import prepare
        from strava_assets.settings_reader import load_settings

        prepare(load_settings())
    findings = []
    for finding in examine(offline=offline, deep=deep, test_alert=test_alert):
        findings.append(finding)
        if not as_json:
            remedy = f" → {finding.remedy}" if finding.remedy else ""
            say(finding.state.value, f"{finding.about:<12} {' '.join((finding.message + remedy).split())}")
    healthy = all(finding.state is not State.BROKEN for finding in findings)
    if as_json:
        click.echo(json.dumps({"ok": healthy, "findings": [_as_json(each) for each in findings]}, indent=1))
    else:
        _say_outcome(findings)
    sys.exit(0 if healthy else 1)


def _say_outcome(findings: list[Finding]) -> None:
    from strava_assets.cli.console import say
    from strava_assets.plurals import counted

    count = Counter(finding.state for finding in findings)
    warnings = counted(count[State.WARNING], "warning")
    if count[State.BROKEN]:
        is_broken = "1 thing is" if count[State.BROKEN] == 1 else f"{count[State.BROKEN]:,} things are"
        say("broken", f"{is_broken} broken, with {warnings}. What to do is said behind each arrow.")
    else:
        say("ok", f"Nothing is broken; {warnings}.")


def _as_json(finding: Finding) -> dict[str, str]:
    # `said` and `cure` are the earlier names of `message` and `remedy`; remove them after one release.
    return asdict(finding) | {"said": finding.message, "cure": finding.remedy}


def examine(*, offline: bool, deep: bool = False, test_alert: bool = False) -> Iterator[Finding]:
    """Run every check; yields the findings one by one.

    Args:
        offline: leave Strava out.
        deep: also verify that the stored data is whole.
        test_alert: send a test message instead of only looking at the addresses.
    """
    from strava_assets.settings_reader import load_settings

    try:
        settings = load_settings()
    except StravaAssetsError as error:
        yield failed("settings", error)
        return
    home = settings.home.absolute()
    yield ok("settings", f"{settings.env.value}, {settings.warehouse_kind}; everything local is in {home}.")
    from strava_assets.cli.checkups import (
        alerts,
        athletes,
        aws,
        azure,
        credentials,
        files,
        google,
        storage,
        strava,
        webhooks,
    )

    yield from _run_check(alerts.look_and_send if test_alert else alerts.look, settings, "alerts")
    # Before the token file is read, which closes it.
    yield from _run_check(files.look, settings, "files")
    stored = list(_run_check(credentials.look, settings, "secrets"))
    yield from stored
    # Without valid credentials a call would fail, or be wasted.
    if not offline and all(finding.state is not State.BROKEN for finding in stored):
        yield from _run_check(strava.look, settings, "strava")
    yield from _run_check(athletes.look, settings, "athletes")
    yield from _run_check(google.look, settings, "google")
    yield from _run_check(aws.look, settings, "aws")
    yield from _run_check(azure.look, settings, "azure")
    yield from _run_check(storage.look_at_landing, settings, "landing")
    yield from _run_check(storage.look_at_streams, settings, "streams")
    yield from _run_check(storage.look_at_warehouse, settings, "warehouse")
    yield from _run_check(storage.look_at_published, settings, "published")
    yield from _run_check(webhooks.look, settings, "webhooks")
    if deep:
        from strava_assets.cli.checkups import verification

        yield from _run_check(verification.look, settings, "verify")
    # Dagster takes a second or two to import; the lines above need not wait for it.
    from strava_assets.cli.checkups import runs

    yield from _run_check(runs.look, settings, "dagster")


def _run_check(
    look: Callable[[Settings], Iterator[Finding]], settings: Settings, about: str
) -> Iterator[Finding]:
    """Run one check; an error that ends it is a finding, and the other checks still run."""
    try:
        yield from look(settings)
    except Exception as error:  # noqa: BLE001 - whatever is damaged, the doctor goes on
        from strava_assets.cli.os_errors import as_user_error

        user_error = as_user_error(error)
        # The text of an error of another package may contain a secret.
        message = f"Looking at it failed with {type(error).__name__}."
        yield failed(about, user_error) if user_error else broken(about, message, "Please report this.")

"""`strava-assets bi`: models, dashboards and formulas for BI tools over the published tables."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from strava_assets.bi.sources import DEFAULT_CATALOG, DEFAULT_REGION, DEFAULT_WORKGROUP
from strava_assets.cli.options import UserPath

if TYPE_CHECKING:
    from collections.abc import Callable

_Function = TypeVar("_Function", bound="Callable[..., None]")
_address = click.option(
    "--address",
    help="Where the tables are published, as the tool sees it. Default: the folder `published` of the home.",
)


def _out(folder: str) -> Callable[[_Function], _Function]:
    return click.option(
        "--out",
        type=UserPath(),
        default=Path(folder),
        show_default=True,
        help="The new folder to write.",
    )


@click.group("bi")
def command() -> None:
    """Write models and dashboards for Power BI, QuickSight and Grafana.

    All of them read the published tables and compute averages from sums; none can show a mean of means.
    """


@command.command("powerbi")
@_address
@_out("powerbi")
def power_bi(address: str | None, out: Path) -> None:
    """Write a Power BI project: a semantic model and a report."""
    from strava_assets.bi.folder import write_new_folder
    from strava_assets.bi.powerbi import NAME, project_files
    from strava_assets.bi.sources import power_bi_source

    write_new_folder(out, project_files(power_bi_source(address or _default_address())))
    click.echo(f"Open {out / NAME}.pbip in Power BI Desktop.")


@command.command("quicksight")
@click.option(
    "--account", metavar="NUMBER", help="The AWS account, 12 digits. Default: that of the credentials."
)
@click.option(
    "--region",
    envvar="AWS_REGION",
    default=DEFAULT_REGION,
    show_default=True,
    show_envvar=True,
    help="QuickSight's region, which is Athena's.",
)
@click.option(
    "--database", default=DEFAULT_CATALOG, show_default=True, help="The Glue database of the tables."
)
@click.option("--workgroup", default=DEFAULT_WORKGROUP, show_default=True, help="Athena's workgroup.")
@click.option("--create", is_flag=True, help="Make or update them in the account instead of writing files.")
@click.option(
    "--reader", metavar="ARN", default="", help="With --create: a QuickSight user or group who may read."
)
@_out("quicksight")
def quicksight(
    account: str | None, region: str, database: str, workgroup: str, reader: str, out: Path, *, create: bool
) -> None:
    """Write QuickSight's requests as JSON, or send them."""
    from strava_assets.bi.quicksight import QuickSightHome, quicksight_requests
    from strava_assets.bi.quicksight_account import account_number, send

    home = QuickSightHome(_checked_account(account) or account_number(region), region, database, workgroup)
    requests = quicksight_requests(home)
    if create:
        for line in send(requests, region, reader):
            click.echo(line)
        return
    from strava_assets.bi.folder import write_new_folder

    documents = {
        "data_source.json": requests.data_source,
        **{f"data_sets/{data_set['Name']}.json": data_set for data_set in requests.data_sets},
        "dashboard.json": requests.dashboard,
    }
    write_new_folder(out, {path: _as_json(document) for path, document in documents.items()})
    click.echo(f"Each file in {out} is the --cli-input-json of its `aws quicksight create-…` command.")


@command.command("grafana")
@_address
@_out("grafana")
def grafana(address: str | None, out: Path) -> None:
    """Write a Grafana dashboard over the published Parquet files."""
    from strava_assets.bi.folder import write_new_folder
    from strava_assets.bi.grafana import dashboard
    from strava_assets.bi.sources import check_address

    address = address or _default_address()
    check_address(address)
    write_new_folder(out, {"dashboard.json": _as_json(dashboard(address))})
    click.echo(f"Import {out / 'dashboard.json'} in Grafana.")


@command.command("data-studio")
def data_studio() -> None:
    """Print the calculated fields of Data Studio, by table."""
    from strava_assets.bi.data_studio_fields import fields_by_table

    for table, fields in fields_by_table().items():
        click.echo(table)
        for name, formula in fields:
            click.echo(f"  {name} = {formula}")


def _default_address() -> str:
    from strava_assets.settings_reader import load_settings

    return load_settings().publish_address


def _checked_account(account: str | None) -> str | None:
    if account and not (account.isascii() and account.isdigit() and len(account) == 12):
        raise click.BadParameter("An AWS account's number has 12 digits.", param_hint="--account")
    return account


def _as_json(document: Any) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"

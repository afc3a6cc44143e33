"""Makes QuickSight's data source, data sets and dashboard in an AWS account, or brings them up to date.

Only this file talks to AWS. Credentials are those of boto3's usual chain and are never looked at here.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from strava_assets.errors import ConfigurationError, StravaAssetsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from strava_assets.bi.quicksight import Document, QuickSightRequests

_READER_ACTIONS = {
    "data source": ("DescribeDataSource", "DescribeDataSourcePermissions", "PassDataSource"),
    "data set": (
        *("DescribeDataSet", "DescribeDataSetPermissions", "PassDataSet"),
        *("DescribeIngestion", "ListIngestions"),
    ),
    "dashboard": ("DescribeDashboard", "ListDashboardVersions", "QueryDashboard"),
}
"""What a reader may do with each; the sets of actions are QuickSight's own, others are refused."""
_WAIT_S = 2
_MOST_WAITS = 150


@dataclass(frozen=True)
class _Made:
    """One thing, what was sent for it and what QuickSight answered."""

    kind: str
    request: Document
    answer: Document
    is_new: bool

    def __str__(self) -> str:
        return f"The {self.kind} {self.request['Name']} is {'made' if self.is_new else 'up to date'}."


class QuickSightError(StravaAssetsError):
    """QuickSight refuses what it is sent."""


def account_number(region: str) -> str:
    """The number of the account whose credentials are in force.

    Raises:
        ConfigurationError: boto3 is not installed.
        QuickSightError: there are no credentials, or they are not accepted.
    """
    client = _client("sts", region)
    with _as_quicksight_error():
        return str(client.get_caller_identity()["Account"])


def send(
    requests: QuickSightRequests, region: str, reader: str = "", wait: Callable[[float], None] = time.sleep
) -> list[str]:
    """Make everything, or update what exists.

    Args:
        requests: what is to be there.
        region: QuickSight's region.
        reader: the ARN of a QuickSight user or group who may read it; without, it is shared with nobody.
            Rights of what exists stay as they are.
        wait: sleeps some seconds while QuickSight works.

    Returns:
        A line for each thing: what was done.

    Raises:
        ConfigurationError: boto3 is not installed.
        QuickSightError: QuickSight refuses something; what was made before stays.
    """
    client = _client("quicksight", region)
    with _as_quicksight_error():
        made = [_create_or_update(client, "data source", requests.data_source, reader)]
        made += [_create_or_update(client, "data set", data_set, reader) for data_set in requests.data_sets]
        made.append(_create_or_update(client, "dashboard", requests.dashboard, reader))
        _publish(client, made[-1], wait)
    return [str(each) for each in made]


def _create_or_update(client: Any, kind: str, request: Document, reader: str) -> _Made:
    method = kind.replace(" ", "_")
    actions = [f"quicksight:{action}" for action in _READER_ACTIONS[kind]]
    rights = {"Permissions": [{"Principal": reader, "Actions": actions}]} if reader else {}
    try:
        answer = getattr(client, f"create_{method}")(**request, **rights)
    except client.exceptions.ResourceExistsException:
        # The kind of a data source cannot be changed, so an update does not take it.
        changes = {key: value for key, value in request.items() if key != "Type"}
        answer = getattr(client, f"update_{method}")(**changes)
        return _Made(kind, request, answer, is_new=False)
    return _Made(kind, request, answer, is_new=True)


def _publish(client: Any, made: _Made, wait: Callable[[float], None]) -> None:
    """Wait until QuickSight has checked the new version of the dashboard, and show it."""
    version = {
        **{key: made.request[key] for key in ("AwsAccountId", "DashboardId")},
        "VersionNumber": int(made.answer["VersionArn"].rpartition("/")[2]),
    }
    _wait_for(client, version, wait)
    if not made.is_new:
        client.update_dashboard_published_version(**version)


def _wait_for(client: Any, version: Document, wait: Callable[[float], None]) -> None:
    for _ in range(_MOST_WAITS):
        checked = client.describe_dashboard(**version)["Dashboard"]["Version"]
        status = checked["Status"]
        if not status.endswith("IN_PROGRESS"):
            break
        wait(_WAIT_S)
    else:
        raise QuickSightError(
            f"QuickSight has not finished the dashboard within {_MOST_WAITS * _WAIT_S} seconds ({status}).",
            means="What was sent is kept; the dashboard may appear later.",
            remedy="Look at it in QuickSight, or run the same command again.",
        )
    if status.endswith("FAILED"):
        reasons = "; ".join(str(error.get("Message", "")) for error in checked.get("Errors", []))
        raise QuickSightError(
            f"QuickSight does not accept the dashboard: {reasons or status}",
            means="Data source and data sets are there; a dashboard that was there before is unchanged.",
            remedy="Check that the tables are published and QuickSight may read them, then run it again.",
        )


def _client(service: str, region: str) -> Any:
    try:
        import boto3
    except ImportError as error:
        raise ConfigurationError(
            "The library boto3 is not installed.",
            means="Nothing can be sent to AWS.",
            remedy="Install it with: pip install 'strava_assets[aws]'.",
        ) from error
    with _as_quicksight_error():
        return boto3.client(service, region_name=region)


@contextmanager
def _as_quicksight_error() -> Iterator[None]:
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        code, text = error.response["Error"].get("Code", ""), error.response["Error"].get("Message", "")
        raise QuickSightError(
            f"AWS refuses {error.operation_name}: {text} ({code})",
            means="What was made before this stays.",
            remedy="Check the account, its QuickSight subscription and the rights of these credentials, then "
            "run the same command again.",
        ) from error
    except BotoCoreError as error:
        raise QuickSightError(
            f"AWS could not be asked: {error}",
            means="What was made before this stays.",
            remedy="Check the network, the region and the credentials, then run the same command again.",
        ) from error

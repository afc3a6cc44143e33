"""QuickSight: the requests against boto3's model of the API, sent to an emulator over the wire."""

from __future__ import annotations

import json
import socket
import sys
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest
from typing_extensions import override

from strava_assets.bi.charts import CHARTS
from strava_assets.bi.quicksight import QuickSightHome, quicksight_requests
from strava_assets.bi.quicksight_account import QuickSightError, account_number, send
from strava_assets.bi.tables import exported_tables
from strava_assets.errors import ConfigurationError
from strava_assets.marts.ratio import SUM
from strava_assets_tests.processes import Child

if TYPE_CHECKING:
    from collections.abc import Iterator

MOTO = Path(__file__).parents[2] / ".tools" / "clouds" / "python" / "bin" / "moto_server"
ACCOUNT = "123456789012"
HOME = QuickSightHome(ACCOUNT, "eu-central-1", "rides", "strava")
EXPORTED = {table.name: table for table in exported_tables()}
needs_moto = pytest.mark.skipif(not MOTO.exists(), reason="moto is not here: make tools-clouds")


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Credentials of nobody, for whatever address a test sets."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    return monkeypatch


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    """The address of an emulator of AWS."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with Child([str(MOTO), "-H", "127.0.0.1", "-p", str(port)]) as server:
        deadline = time.monotonic() + 60
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                assert time.monotonic() < deadline
                time.sleep(0.2)
        yield f"http://127.0.0.1:{port}"
        server.terminate()


@pytest.mark.deep
@needs_moto
def test_everything_is_made_in_an_emulator(moto: str, aws: pytest.MonkeyPatch) -> None:
    import boto3

    aws.setenv("AWS_ENDPOINT_URL", moto)
    assert account_number(HOME.region) == ACCOUNT
    reader = HOME.arn("user", "default/me")
    lines = send(quicksight_requests(HOME), HOME.region, reader, wait=lambda _: None)
    assert lines[0] == "The data source Strava history is made."
    assert lines[-1] == "The dashboard Riding is made."
    assert len(lines) == len(EXPORTED) + 2
    client = boto3.client("quicksight", region_name=HOME.region)
    dashboard = client.describe_dashboard(AwsAccountId=ACCOUNT, DashboardId="strava-assets")["Dashboard"]
    assert (dashboard["Name"], dashboard["Version"]["Status"]) == ("Riding", "CREATION_SUCCESSFUL")
    source = client.describe_data_source(AwsAccountId=ACCOUNT, DataSourceId="strava-assets")["DataSource"]
    assert source["DataSourceParameters"]["AthenaParameters"] == {"WorkGroup": "strava"}


def test_boto3s_model_of_the_api_takes_every_request(aws: pytest.MonkeyPatch) -> None:
    assert aws
    requests = quicksight_requests(HOME)
    validate("CreateDataSource", requests.data_source)
    for data_set in requests.data_sets:
        validate("CreateDataSet", data_set)
    validate("CreateDashboard", requests.dashboard)


def test_boto3s_model_refuses_a_wrong_definition(aws: pytest.MonkeyPatch) -> None:
    from botocore.exceptions import ParamValidationError

    assert aws
    dashboard = quicksight_requests(HOME).dashboard
    [sheet] = dashboard["Definition"]["Sheets"]
    sheet["Visuals"][0]["LineChartVisual"]["ChartConfiguration"]["FieldWell"] = {}
    with pytest.raises(ParamValidationError, match="FieldWell"):
        validate("CreateDashboard", dashboard)


def validate(operation: str, parameters: dict[str, Any]) -> None:
    """Check parameters as boto3 does before it sends them."""
    import botocore.session
    from botocore.exceptions import ParamValidationError
    from botocore.validate import ParamValidator

    model = botocore.session.get_session().get_service_model("quicksight").operation_model(operation)
    report = ParamValidator().validate(parameters, model.input_shape)
    if report.has_errors():
        raise ParamValidationError(report=report.generate_report())


def test_a_data_set_is_the_published_table_without_its_ratios() -> None:
    for data_set in quicksight_requests(HOME).data_sets:
        table = EXPORTED[data_set["Name"]]
        [physical] = data_set["PhysicalTableMap"].values()
        relation = physical["RelationalTable"]
        assert (relation["Catalog"], relation["Schema"], relation["Name"]) == (
            "AwsDataCatalog",
            "rides",
            table.name,
        )
        assert [each["Name"] for each in relation["InputColumns"]] == [c.name for c in table.columns]


def test_only_sums_are_measures_and_every_field_of_a_visual_is_there() -> None:
    definition = quicksight_requests(HOME).dashboard["Definition"]
    roles = {
        (each["Column"]["DataSetIdentifier"], each["Column"]["ColumnName"]): each["Role"]
        for each in definition["ColumnConfigurations"]
    }
    for chart in CHARTS:
        for column in EXPORTED[chart.mart].columns:
            wanted = "MEASURE" if column.summary == SUM else "DIMENSION"
            assert roles[chart.mart, column.name] == wanted
    fields = {(each["DataSetIdentifier"], each["Name"]) for each in definition["CalculatedFields"]} | set(
        roles
    )
    used = [(each["DataSetIdentifier"], each["ColumnName"]) for each in find_columns(definition["Sheets"])]
    assert len(used) == sum(1 + len(chart.series) for chart in CHARTS)
    assert set(used) <= fields
    assert {each["Identifier"] for each in definition["DataSetIdentifierDeclarations"]} == {
        chart.mart for chart in CHARTS
    }


def find_columns(part: Any) -> Iterator[dict[str, str]]:
    """Every column that a part of a definition names."""
    if isinstance(part, list):
        for each in part:
            yield from find_columns(each)
    elif isinstance(part, dict):
        for key, value in part.items():
            if key == "Column":
                yield value
            else:
                yield from find_columns(value)


class FakeQuickSight(ThreadingHTTPServer):
    """A QuickSight where everything exists already, which the emulator does not play.

    Args:
        statuses: what the new version of the dashboard is, one answer after the other.
    """

    def __init__(self, statuses: list[str]) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.statuses = statuses
        self.calls: list[tuple[str, str]] = []
        self.refuses = False


class _Answers(BaseHTTPRequestHandler):
    server: FakeQuickSight

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.calls.append((self.command, self.path))
        if self.server.refuses:
            self._send(403, {"Message": "no subscription"}, {"x-amzn-ErrorType": "AccessDeniedException"})
        elif self.command == "POST":
            self._send(409, {"Message": "It exists."}, {"x-amzn-ErrorType": "ResourceExistsException"})
        elif self.command == "GET":
            errors = [{"Type": "COLUMN_NOT_FOUND", "Message": "no column week"}]
            version = {"Status": self.server.statuses.pop(0), "Errors": errors}
            self._send(200, {"Dashboard": {"Version": version}})
        else:
            assert body or self.path.endswith("/versions/7")
            self._send(200, {"VersionArn": HOME.arn("dashboard", "strava-assets/version/7")})

    do_GET = do_POST = do_PUT = _answer  # noqa: N815 - names of the library

    def _send(self, status: int, document: dict[str, Any], headers: dict[str, str] | None = None) -> None:
        content = json.dumps(document).encode()
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    @override
    def log_message(self, format: str, *args: Any) -> None:
        """Nothing; the test looks at the calls."""


@contextmanager
def existing(aws: pytest.MonkeyPatch, *statuses: str) -> Iterator[FakeQuickSight]:
    """An account in which everything exists already."""
    with FakeQuickSight(list(statuses)) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        aws.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def test_what_exists_is_updated_and_its_new_version_published(aws: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    with existing(aws, "UPDATE_IN_PROGRESS", "UPDATE_SUCCESSFUL") as server:
        lines = send(quicksight_requests(HOME), HOME.region, wait=waits.append)
    assert {line.rpartition(" is ")[2] for line in lines} == {"up to date."}
    assert len(waits) == 1
    assert server.calls[-3:] == [
        ("GET", f"/accounts/{ACCOUNT}/dashboards/strava-assets?version-number=7"),
        ("GET", f"/accounts/{ACCOUNT}/dashboards/strava-assets?version-number=7"),
        ("PUT", f"/accounts/{ACCOUNT}/dashboards/strava-assets/versions/7"),
    ]
    updated = [path for method, path in server.calls if method == "PUT"]
    assert len(updated) == len(EXPORTED) + 3


def test_a_dashboard_that_quicksight_does_not_accept_is_not_published(aws: pytest.MonkeyPatch) -> None:
    with existing(aws, "UPDATE_FAILED") as server, pytest.raises(QuickSightError) as refused:
        send(quicksight_requests(HOME), HOME.region, wait=lambda _: None)
    assert "no column week" in str(refused.value)
    assert "unchanged" in str(refused.value)
    assert not any(path.endswith("/versions/7") for _, path in server.calls)


def test_a_dashboard_that_is_never_finished_is_an_error(aws: pytest.MonkeyPatch) -> None:
    with existing(aws, *["UPDATE_IN_PROGRESS"] * 200), pytest.raises(QuickSightError, match="300 seconds"):
        send(quicksight_requests(HOME), HOME.region, wait=lambda _: None)


def test_without_boto3_it_says_what_to_install(aws: pytest.MonkeyPatch) -> None:
    for name in ("boto3", "botocore", "botocore.exceptions"):
        aws.setitem(sys.modules, name, None)
    for ask in (lambda: account_number("eu-central-1"), lambda: send(quicksight_requests(HOME), HOME.region)):
        with pytest.raises(ConfigurationError, match=r"strava_assets\[aws\]"):
            ask()


def test_a_refusal_of_aws_is_a_sentence(aws: pytest.MonkeyPatch) -> None:
    with existing(aws) as server:
        server.refuses = True
        with pytest.raises(QuickSightError) as refused:
            send(quicksight_requests(HOME), HOME.region)
    assert "AWS refuses CreateDataSource: no subscription (AccessDeniedException)" in str(refused.value)


def test_aws_out_of_reach_is_a_sentence(aws: pytest.MonkeyPatch) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        aws.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{unused.getsockname()[1]}")
        with pytest.raises(QuickSightError) as refused:
            account_number("eu-central-1")
    assert "AWS could not be asked" in str(refused.value)
    assert "testing" not in str(refused.value)

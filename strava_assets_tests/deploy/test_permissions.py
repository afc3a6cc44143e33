"""`doctor` on Google Cloud: what is missing is named with its role, asked by Google's own clients."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("google.cloud.secretmanager", reason="the extra `gcp` is not installed")

import grpc
from google.auth.credentials import AnonymousCredentials
from google.auth.exceptions import DefaultCredentialsError
from google.cloud.storage import Client
from google.iam.v1 import iam_policy_pb2 as iam  # type: ignore[import-untyped]  # ships no type information

from strava_assets.cli.checkups import google
from strava_assets.cli.checkups.finding import Finding, State
from strava_assets.settings import Settings
from strava_assets_tests.deploy.test_terraform import roles_of_the_sync
from strava_assets_tests.secrets.fake_secret_manager import SERVICE, client_of
from strava_assets_tests.warehouse.front import Front, refusal, standing

if TYPE_CHECKING:
    from collections.abc import Iterator

ALL_ON_SECRET = tuple(google.ON_SECRET)
ALL_ON_BUCKET = (*google.ON_BUCKET, *google.ON_BUCKET_FOR_LOGS)
TABLE = {
    "tableReference": {"projectId": "my-rides-123", "datasetId": "strava", "tableId": "permission_test_0"}
}
JOB = {"jobReference": {"projectId": "my-rides-123", "jobId": "j"}, "status": {"state": "DONE"}}
DATASET = {"datasetReference": {"projectId": "my-rides-123", "datasetId": "strava"}, "location": "EU"}


@pytest.fixture
def front() -> Iterator[Front]:
    """Google's HTTP APIs, where everything is allowed until a test orders otherwise."""
    with standing() as front:
        yield front


def allow_the_rest(front: Front) -> None:
    """Grant everything that has no response yet."""
    front.order(
        r"^POST \S*/jobs", 200, JOB | {"configuration": {"query": {"query": "SELECT 1"}, "dryRun": True}}
    )
    front.order(r"^POST \S*/projects/my-rides-123/queries", 200, {"jobComplete": True, **JOB})
    front.order(r"^GET \S*/datasets/strava\?", 200, DATASET)
    front.order(r"^POST \S*/datasets/strava/tables\?", 200, TABLE)
    front.order(r"^POST \S*:testIamPermissions", 200, {"permissions": list(google.ON_DATASET)})
    front.order(r"^DELETE \S*/tables/", 200, {})
    front.order(r"^GET \S*/iam/testPermissions", 200, {"permissions": list(ALL_ON_BUCKET)})
    # Google's client also requests the bucket, but does not need it.
    front.order(r"^GET \S*/b/a-bucket\?", 200, {"name": "a-bucket"})


@contextmanager
def secret_manager(granted: tuple[str, ...], refused: grpc.StatusCode | None = None) -> Iterator[int]:
    """Secret Manager's test of permissions, by gRPC on a port of its own."""

    def answer(request: Any, context: grpc.ServicerContext) -> Any:
        if refused:
            context.abort(refused, "as told")
        permissions = [name for name in request.permissions if name in granted]
        return iam.TestIamPermissionsResponse(permissions=permissions)

    method = grpc.unary_unary_rpc_method_handler(
        answer,
        request_deserializer=iam.TestIamPermissionsRequest.FromString,
        response_serializer=iam.TestIamPermissionsResponse.SerializeToString,
    )
    server = grpc.server(ThreadPoolExecutor(max_workers=1))
    handler = grpc.method_handlers_generic_handler(SERVICE, {"TestIamPermissions": method})
    server.add_generic_rpc_handlers((handler,))
    port: int = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield port
    finally:
        server.stop(None).wait()


def looked(
    front: Front,
    *,
    on_secret: tuple[str, ...] = ALL_ON_SECRET,
    secret_refused: grpc.StatusCode | None = None,
    **fields: Any,
) -> dict[str, Finding]:
    """The findings by subject."""
    allow_the_rest(front)
    settings = Settings.model_validate(
        {
            "env": "gcp",
            "gcp_project": "my-rides-123",
            "landing_url": "gs://a-bucket/landing",
            "streams_url": "gs://a-bucket/streams",
            "report_url": "gs://a-bucket/report",
            "bigquery_api_endpoint": front.address,
        }
        | fields
    )
    nobody = AnonymousCredentials()  # type: ignore[no-untyped-call]  # Google's class declares no type
    with secret_manager(on_secret, secret_refused) as port:
        clients = google.Clients(
            secret_manager=lambda _: client_of(port),
            storage=lambda _: Client("my-rides-123", nobody, client_options={"api_endpoint": front.address}),
        )
        return {finding.about: finding for finding in google.look(settings, clients)}


def test_an_account_that_may_do_everything_is_told_so_and_nothing_is_left_behind(front: Front) -> None:
    findings = looked(front)
    assert list(findings) == ["gcp jobs", "gcp data", "gcp tokens", "gcp files"]
    assert {finding.state for finding in findings.values()} == {State.OK}, findings
    made = [request for request in front.seen if request.startswith("POST") and "/tables?" in request]
    dropped = [request for request in front.seen if request.startswith("DELETE")]
    assert len(made) == len(dropped) == 1


def test_a_query_is_only_tried_dry_and_one_bucket_is_asked_about_once(front: Front) -> None:
    looked(front)
    [body] = [body for request, body in zip(front.seen, front.bodies, strict=True) if "SELECT 1" in body]
    assert re.search(r'"dryRun": ?true', body)
    assert sum("testPermissions" in request for request in front.seen) == 1


def test_a_bucket_of_the_streams_own_is_asked_about_too(front: Front) -> None:
    looked(front, streams_url="gs://another-bucket/streams")
    requests = [request for request in front.seen if "testPermissions" in request]
    assert [re.findall(r"/b/([\w-]+)/", request)[0] for request in requests] == ["a-bucket", "another-bucket"]


def test_the_secret_that_the_settings_name_is_the_one_that_is_tried(front: Front) -> None:
    finding = looked(front, gcp_secret="of-my-own", on_secret=())["gcp tokens"]
    assert "projects/my-rides-123/secrets/of-my-own" in finding.remedy


def test_a_missing_right_to_start_jobs_is_named_with_its_role(front: Front) -> None:
    refusal_text = (
        "Access Denied: Project my-rides-123: User does not have bigquery.jobs.create permission in project"
    )
    front.order(r"SELECT 1", 403, refusal(403, "accessDenied", refusal_text))
    finding = looked(front)["gcp jobs"]
    assert finding.state is State.BROKEN
    assert "bigquery.jobs.create" in finding.message
    assert finding.remedy == "Grant it roles/bigquery.jobUser on the project my-rides-123."


def test_an_api_that_is_off_is_not_taken_for_a_missing_role(front: Front) -> None:
    refusal_text = "BigQuery API has not been used in project 123 before or it is disabled"
    front.order(r"SELECT 1", 403, refusal(403, "accessNotConfigured", refusal_text))
    finding = looked(front)["gcp jobs"]
    assert finding.state is State.BROKEN
    assert "has not been used" in finding.message
    assert "roles/" not in finding.remedy


@pytest.mark.parametrize(
    ("refused", "missing"),
    [
        (r"^GET \S*/datasets/strava\?", "bigquery.datasets.get"),
        (r"^POST \S*/datasets/strava/tables\?", "bigquery.tables.create"),
    ],
)
def test_a_dataset_that_may_not_be_used_is_named_with_the_role(
    front: Front, refused: str, missing: str
) -> None:
    front.order(refused, 403, refusal(403, "accessDenied", f"Access Denied: Permission {missing} denied"))
    finding = looked(front)["gcp data"]
    assert finding.state is State.BROKEN
    assert missing in finding.message
    assert finding.remedy == "Grant it roles/bigquery.dataEditor on the dataset my-rides-123.strava."


def test_a_right_that_only_shows_on_a_table_is_found_there(front: Front) -> None:
    granted = [name for name in google.ON_DATASET if name != "bigquery.tables.updateData"]
    front.order(r"^POST \S*:testIamPermissions", 200, {"permissions": granted})
    finding = looked(front)["gcp data"]
    assert finding.message == (
        "The account lacks bigquery.tables.updateData on the dataset my-rides-123.strava."
    )


def test_a_dataset_that_is_not_there_yet_is_no_fault(front: Front) -> None:
    front.order(r"^GET \S*/datasets/strava\?", 404, refusal(404, "notFound", "Not found: Dataset"))
    finding = looked(front)["gcp data"]
    assert finding.state is State.WARNING
    assert "deploy/gcp" in finding.remedy


@pytest.mark.parametrize(("permission", "role"), google.ON_SECRET.items())
def test_a_missing_right_on_the_secret_is_named_with_its_role(
    front: Front, permission: str, role: str
) -> None:
    finding = looked(front, on_secret=tuple(name for name in ALL_ON_SECRET if name != permission))[
        "gcp tokens"
    ]
    assert finding.state is State.BROKEN
    assert permission in finding.message
    assert finding.remedy.startswith(f"Grant it {role} on the secret projects/my-rides-123/secrets/")


def test_a_secret_that_does_not_exist_is_told(front: Front) -> None:
    finding = looked(front, secret_refused=grpc.StatusCode.NOT_FOUND)["gcp tokens"]
    assert finding.state is State.BROKEN
    assert "There is no secret" in finding.message


@pytest.mark.parametrize(("permission", "role"), google.ON_BUCKET.items())
def test_a_missing_right_on_the_bucket_is_named_with_its_role(
    front: Front, permission: str, role: str
) -> None:
    granted = [name for name in ALL_ON_BUCKET if name != permission]
    front.order(r"^GET \S*/iam/testPermissions", 200, {"permissions": granted})
    finding = looked(front)["gcp files"]
    assert finding.state is State.BROKEN
    assert permission in finding.message
    assert finding.remedy == f"Grant it {role} on the bucket a-bucket."


def test_what_only_compute_logs_need_is_a_warning(front: Front) -> None:
    front.order(r"^GET \S*/iam/testPermissions", 200, {"permissions": list(google.ON_BUCKET)})
    finding = looked(front)["gcp files"]
    assert finding.state is State.WARNING
    assert "roles/storage.legacyBucketReader" in finding.remedy


def test_a_bucket_that_does_not_exist_is_told(front: Front) -> None:
    front.order(r"^GET \S*/iam/testPermissions", 404, refusal(404, "notFound", "The bucket does not exist"))
    assert looked(front)["gcp files"].message == "There is no bucket a-bucket."


def test_credentials_that_are_missing_or_expired_are_told_once_a_subject_without_a_traceback(
    front: Front,
) -> None:
    def refuse(_: Settings) -> Any:
        raise DefaultCredentialsError("nobody is logged in")  # type: ignore[no-untyped-call]  # Google's

    settings = Settings.model_validate({"env": "gcp", "gcp_project": "my-rides-123"})
    findings = list(google.look(settings, google.Clients(refuse, refuse, refuse)))
    assert len(findings) == 3
    assert all("did not accept" in finding.message for finding in findings)
    assert all("gcloud auth application-default login" in finding.remedy for finding in findings)
    front.order(r"SELECT 1", 401, refusal(401, "authError", "Request had invalid authentication credentials"))
    assert "did not accept" in looked(front)["gcp jobs"].message


def test_a_network_that_is_down_is_a_warning(front: Front) -> None:
    front.order(r"SELECT 1")
    finding = looked(front)["gcp jobs"]
    assert finding.state is State.WARNING
    assert "did not answer" in finding.message


def test_a_service_that_is_down_is_a_warning_too(front: Front) -> None:
    finding = looked(front, secret_refused=grpc.StatusCode.UNAVAILABLE)["gcp tokens"]
    assert finding.state is State.WARNING
    assert "did not answer" in finding.message


def test_nothing_is_asked_where_nothing_is_on_google(front: Front) -> None:
    local: dict[str, Any] = {"env": "local", "landing_url": None, "streams_url": None, "report_url": None}
    assert looked(front, **local) == {}
    assert front.seen == []


def test_what_is_tried_is_what_the_terraform_files_grant() -> None:
    wanted = [
        google.ON_PROJECT,
        google.ON_DATASET,
        google.ON_SECRET,
        google.ON_BUCKET,
        google.ON_BUCKET_FOR_LOGS,
    ]
    # A machine pulls the image before there is a doctor to ask.
    before = {"roles/artifactregistry.reader"}
    granted = {role for _, role in roles_of_the_sync()}
    assert {role for roles in wanted for role in roles.values()} == granted - before

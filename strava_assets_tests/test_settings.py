"""The environment is read once; what cannot be meant stops with its name and what is possible."""

from __future__ import annotations

import io
import re
import tokenize
from pathlib import Path

import pytest

from strava_assets.errors import ConfigurationError
from strava_assets.settings import (
    SecretStoreKind,
    Settings,
    WarehouseKind,
    WeekStart,
    choices,
    load_settings,
    variable_name,
)
from strava_assets.web.hosts import Host

ROOT = Path(__file__).parents[1]
TEXTS = {".py", ".md", ".tf", ".yaml", ".yml", ".toml", ".cfg", ".example", ".sql", ".jinja"}
VARIABLES = [variable_name(field) for field in Settings.model_fields]


def settings(**variables: str) -> Settings:
    return load_settings(variables, env_file=None)


def refusal(**variables: str) -> str:
    with pytest.raises(ConfigurationError) as refused:
        settings(**variables)
    return str(refused.value)


def test_nothing_set_is_a_complete_local_platform() -> None:
    plain = settings()
    assert plain.warehouse_kind is WarehouseKind.DUCKDB
    assert plain.secret_store_kind is SecretStoreKind.FILE
    assert plain.landing_address == str(Path("data").absolute() / "landing")
    assert plain.duckdb_path == Path("data/warehouse.duckdb")


def test_one_home_moves_all_local_state(tmp_path: Path) -> None:
    moved = settings(STRAVA_ASSETS_HOME=str(tmp_path))
    places = [moved.duckdb_path, moved.token_path, Path(moved.report_target), moved.dagster_home]
    assert all(place.is_relative_to(tmp_path) for place in [*places, Path(moved.landing_address)])


def test_gcp_implies_its_warehouse_and_its_secrets_and_either_can_be_chosen_otherwise() -> None:
    cloud = settings(STRAVA_ASSETS_ENV="gcp", STRAVA_ASSETS_GCP_PROJECT="mine")
    assert cloud.warehouse_kind is WarehouseKind.BIGQUERY
    assert cloud.secret_store_kind is SecretStoreKind.GCP
    mixed = settings(
        STRAVA_ASSETS_ENV="gcp", STRAVA_ASSETS_WAREHOUSE="duckdb", STRAVA_ASSETS_SECRET_STORE="env"
    )
    assert mixed.warehouse_kind is WarehouseKind.DUCKDB


def test_the_environment_wins_over_the_file_and_an_empty_variable_is_an_unset_one(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("STRAVA_ASSETS_WEEK_START=sunday\nSTRAVA_ASSETS_UNITS=imperial\nSTRAVA_CLIENT_ID=1\n")
    read = load_settings({"STRAVA_ASSETS_UNITS": "metric", "STRAVA_CLIENT_ID": ""}, env_file=file)
    assert (read.week_start, read.units, read.client_id) == (WeekStart.SUNDAY, "metric", None)


def test_a_misspelt_variable_is_refused_with_the_likely_one_and_all_there_are() -> None:
    told = refusal(STRAVA_ASSETS_WEEKSTART="sunday")
    assert "STRAVA_ASSETS_WEEKSTART (did you mean STRAVA_ASSETS_WEEK_START?)" in told
    assert all(name in told for name in VARIABLES)


def test_other_programs_variables_are_none_of_ours() -> None:
    assert settings(STRAVA_SOMETHING="else", PATH="/bin") == settings()


@pytest.mark.parametrize("field", [field for field in Settings.model_fields if choices(field)])
def test_every_choice_is_refused_with_what_is_possible(field: str) -> None:
    told = refusal(**{variable_name(field): "neither"})
    assert f"{variable_name(field)}=neither: possible: {', '.join(choices(field))}." in told


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("STRAVA_ASSETS_TIMEZONE", "Europe/Pariss", "did you mean Europe/Paris"),
        ("STRAVA_ASSETS_TIMEZONE", "nowhere at all", "no IANA time zone"),
        ("STRAVA_API_BASE_URL", "www.strava.com", "must begin with https://"),
        ("STRAVA_OAUTH_BASE_URL", "ftp://strava.com", "must begin with https://"),
        ("STRAVA_ASSETS_OVERLAP_DAYS", "soon", "integer"),
        ("STRAVA_ASSETS_OVERLAP_DAYS", "6", "greater than or equal to 7"),
        ("STRAVA_ASSETS_FULL_LISTING_EVERY_HOURS", "0", "greater than or equal to 1"),
        ("STRAVA_ASSETS_RATE_LIMIT_RESERVE", "-1", "greater than or equal to 0"),
        ("STRAVA_ASSETS_MAX_DELETED_SHARE", "5", "less than or equal to 1"),
        ("STRAVA_ASSETS_MAX_DELETED_COUNT", "-2", "greater than or equal to 0"),
        ("STRAVA_ASSETS_LANDING_KEEP_DAYS", "-1", "greater than or equal to 0"),
        ("STRAVA_ASSETS_RETENTION_DAYS", "0", "greater than or equal to 1"),
        ("STRAVA_ASSETS_DUCKDB_MEMORY_LIMIT", "lots", "match pattern"),
        ("STRAVA_ASSETS_BIGQUERY_DATASET", "my-dataset", "match pattern"),
        ("STRAVA_ASSETS_BIGQUERY_MAX_BYTES_BILLED", "1", "greater than or equal to"),
        ("STRAVA_ASSETS_ALLOWED_HOSTS", "https://rides.example/", "without https://"),
        ("STRAVA_ASSETS_ALLOWED_HOSTS", "rides.example,*", "must be a host name"),
        ("STRAVA_ASSETS_ALLOWED_HOSTS", "rides.example:70000", "must be a host name"),
    ],
)
def test_an_impossible_value_is_refused_by_name(name: str, value: str, why: str) -> None:
    told = refusal(**{name: value})
    assert f"{name}={value}: " in told
    assert why in told
    assert ".env.example" in told


def test_every_mistake_is_told_at_once() -> None:
    told = refusal(STRAVA_ASSETS_WEEK_START="friday", STRAVA_ASSETS_UNITS="nautical")
    assert "STRAVA_ASSETS_WEEK_START=friday" in told
    assert "STRAVA_ASSETS_UNITS=nautical" in told


@pytest.mark.parametrize(
    "asking",
    [
        {"STRAVA_ASSETS_ENV": "gcp"},
        {"STRAVA_ASSETS_WAREHOUSE": "bigquery"},
        {"STRAVA_ASSETS_SECRET_STORE": "gcp"},
    ],
    ids=lambda asking: next(iter(asking)),
)
def test_google_without_a_project_is_a_contradiction(asking: dict[str, str]) -> None:
    assert "STRAVA_ASSETS_GCP_PROJECT is not set" in refusal(**asking)


def test_secrets_show_in_no_repr_and_no_message() -> None:
    canaries = {
        "STRAVA_CLIENT_SECRET": "canary-secret",
        "STRAVA_REFRESH_TOKEN": "canary-token",
        "STRAVA_ASSETS_ALERT_WEBHOOK_URL": "https://hooks.example/canary",
    }
    assert "canary" not in repr(settings(**canaries)) + str(settings(**canaries))
    assert "canary" not in refusal(**canaries, STRAVA_ASSETS_UNITS="nautical")


ADDRESSES = [name for name in VARIABLES if re.search(r"(?<!WEBHOOK)_(URL|LINK|ENDPOINT)$", name)]


@pytest.mark.parametrize("name", ADDRESSES)
@pytest.mark.parametrize("form", ["https://user:{}@host/x", "sftp://user:{}@host/x", "https://:{}@host"])
def test_a_password_in_an_address_is_refused_and_not_quoted(name: str, form: str) -> None:
    told = refusal(**{name: form.format("canary")})
    assert f"{name}=***@host" in told
    assert "canary" not in told
    with pytest.raises(ValueError, match="1 validation error") as raw:
        Settings.model_validate({variable: form.format("canary") for variable in [name]})
    assert "canary" not in str(raw.value)


def test_an_address_whose_form_only_looks_like_a_password_is_fine() -> None:
    for address in ("abfs://container@account.dfs.core.windows.net/x", "sftp://me@host/x", "/data/a:b@c"):
        assert settings(STRAVA_ASSETS_LANDING_URL=address).landing_url == address


@pytest.mark.parametrize("name", ["STRAVA_API_BASE_URL", "STRAVA_OAUTH_BASE_URL"])
def test_strava_itself_is_never_asked_without_encryption(name: str) -> None:
    for address in ("http://www.strava.com/api/v3", "http://API-v3.strava.com", "http://strava.com:80/oauth"):
        assert "must begin with https://" in refusal(**{name: address})
    settings(**{name: "http://www.strava.com.localhost:8421/oauth"})


def names_in(path: Path) -> set[str]:
    """The variables that a file names: in Python its strings and comments, elsewhere all of it."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        tokens = tokenize.generate_tokens(io.StringIO(text).readline)
        kinds = {tokenize.STRING, tokenize.COMMENT, getattr(tokenize, "FSTRING_MIDDLE", tokenize.STRING)}
        text = "\n".join(token.string for token in tokens if token.type in kinds)
    return set(re.findall(r"\bSTRAVA_[A-Z0-9_]*[A-Z0-9]\b", text))


def test_every_variable_that_is_named_anywhere_is_a_setting() -> None:
    folders = ("strava_assets", "docs", "deploy", "benchmarks")
    files = [path for folder in folders for path in (ROOT / folder).rglob("*") if path.is_file()]
    files += [path for path in ROOT.iterdir() if path.is_file() and path.name != "constraints.txt"]
    texts = [path for path in files if path.suffix in TEXTS or path.name in ("Dockerfile", "Makefile")]
    named = {(str(path.relative_to(ROOT)), name) for path in texts for name in names_in(path)}
    assert ("README.md", "STRAVA_ASSETS_ENV") in named
    assert ("strava_assets/secrets/environment.py", "STRAVA_ASSETS_SECRET_STORE") in named
    assert {(where, name) for where, name in named if name not in VARIABLES} == set()


def test_lists_are_written_with_commas() -> None:
    assert settings(STRAVA_ASSETS_POWER_SPORTS="Ride, GravelRide,").power_sports == ("Ride", "GravelRide")


def test_host_names_are_written_with_commas_and_a_port_where_it_matters() -> None:
    read = settings(STRAVA_ASSETS_ALLOWED_HOSTS="Rides.example, nas.local:8443")
    assert read.hosts.configured == (Host("rides.example"), Host("nas.local", 8443))


def test_an_address_may_end_with_a_slash() -> None:
    read = settings(STRAVA_API_BASE_URL="http://127.0.0.1:8000/api/v3/")
    assert read.api_base_url == "http://127.0.0.1:8000/api/v3"


def test_the_example_explains_every_variable_and_knows_no_other() -> None:
    example = (ROOT / ".env.example").read_text()
    named = set(re.findall(r"^#?\s?(STRAVA_[A-Z_]+)=", example, re.MULTILINE))
    assert named == set(VARIABLES)


def test_the_example_can_be_used_as_it_is(tmp_path: Path) -> None:
    copy = tmp_path / ".env"
    copy.write_text((ROOT / ".env.example").read_text())
    load_settings({}, env_file=copy)

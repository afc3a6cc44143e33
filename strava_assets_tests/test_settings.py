"""The environment is read once; what cannot be meant stops with its name and what is possible."""

from __future__ import annotations

import io
import re
import tokenize
from pathlib import Path

import pytest

from strava_assets.errors import ConfigurationError
from strava_assets.settings import Settings, WeekStart, choices, variable_name
from strava_assets.settings_reader import load_settings
from strava_assets.web.hosts import Host

ROOT = Path(__file__).parents[1]
CANARY = "canary"
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
    assert plain.warehouse_kind == "duckdb"
    assert plain.secret_store_kind == "file"
    assert plain.landing_address == str(Path("data").absolute() / "landing")
    assert plain.duckdb_path == Path("data/warehouse.duckdb")


def test_one_home_moves_all_local_state(tmp_path: Path) -> None:
    moved = settings(STRAVA_ASSETS_HOME=str(tmp_path))
    places = [moved.duckdb_path, moved.token_path, Path(moved.report_target), moved.dagster_home]
    assert all(place.is_relative_to(tmp_path) for place in [*places, Path(moved.landing_address)])


def test_gcp_implies_its_warehouse_and_its_secrets_and_either_can_be_chosen_otherwise() -> None:
    cloud = settings(STRAVA_ASSETS_ENV="gcp", STRAVA_ASSETS_GCP_PROJECT="mine")
    assert cloud.warehouse_kind == "bigquery"
    assert cloud.secret_store_kind == "gcp"
    mixed = settings(
        STRAVA_ASSETS_ENV="gcp", STRAVA_ASSETS_WAREHOUSE="duckdb", STRAVA_ASSETS_SECRET_STORE="env"
    )
    assert mixed.warehouse_kind == "duckdb"


def test_the_environment_wins_over_the_file_and_an_empty_variable_is_an_unset_one(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("STRAVA_ASSETS_WEEK_START=sunday\nSTRAVA_ASSETS_UNITS=imperial\nSTRAVA_CLIENT_ID=1\n")
    read = load_settings({"STRAVA_ASSETS_UNITS": "metric", "STRAVA_CLIENT_ID": ""}, env_file=file)
    assert (read.week_start, read.units, read.client_id) == (WeekStart.SUNDAY, "metric", None)


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("STRAVA_ASSETS_WEEKSTART", "STRAVA_ASSETS_WEEKSTART (did you mean STRAVA_ASSETS_WEEK_START?)"),
        ("STRAVA_ASSETS_ZZZZZZ", "Unknown setting: STRAVA_ASSETS_ZZZZZZ."),
        ("STRAVA_ASSETS_HOM2c4n4ry", "Unknown setting: STRAVA_ASSETS_HOM…"),
        ("STRAVA_ASSETS_HOMEc4n4ry", "Unknown setting: STRAVA_ASSETS_HOME…"),
        ("strava_assets_home", "strava_assets_home (it is written in capitals: STRAVA_ASSETS_HOME)"),
        ("Strava_Client_Id", "Strava_Client_Id (it is written in capitals: STRAVA_CLIENT_ID)"),
        ("strava_assets_hom", "strava_assets_hom (did you mean STRAVA_ASSETS_HOME?)"),
        ("STRAVA_ASSET_HOME", "STRAVA_ASSET_HOME (did you mean STRAVA_ASSETS_HOME?)"),
        ("STRAVA_API_BASEURL", "STRAVA_API_BASEURL (did you mean STRAVA_API_BASE_URL?)"),
    ],
)
def test_a_misspelt_variable_is_refused_with_the_nearest_names_only(name: str, hint: str) -> None:
    message = refusal(**{name: "sunday"})
    assert hint in message
    assert len(message) < 400
    assert "sunday" not in message
    assert "c4n4ry" not in message


def test_other_programs_variables_are_none_of_ours() -> None:
    others = {"STRAVA_SOMETHING": "else", "PATH": "/bin", "STRAVA_CLIENT_ID_2": "of another application"}
    assert settings(**others) == settings()


@pytest.mark.parametrize("field", [field for field in Settings.model_fields if choices(field)])
def test_every_choice_is_refused_with_what_is_possible(field: str) -> None:
    message = refusal(**{variable_name(field): "neither"})
    assert f"{variable_name(field)}=neither: possible: {', '.join(choices(field))}." in message


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("STRAVA_ASSETS_TIMEZONE", "Europe/Pariss", "did you mean Europe/Paris"),
        ("STRAVA_ASSETS_TIMEZONE", "nowhere at all", "not an IANA time zone"),
        ("STRAVA_API_BASE_URL", "www.strava.com", "must begin with https://"),
        ("STRAVA_OAUTH_BASE_URL", "ftp://strava.com", "must begin with https://"),
        ("STRAVA_API_BASE_URL", "https://", "is not a valid URL"),
        ("STRAVA_API_BASE_URL", "https://127.0.0.1:99999", "is not a valid URL"),
        ("STRAVA_API_BASE_URL", "https://www.strava .com", "is not a valid URL"),
        ("STRAVA_API_BASE_URL", "https://www.strava.com/api/v3?x=1", "must end with the path"),
        ("STRAVA_ASSETS_OVERLAP_DAYS", "soon", "integer"),
        ("STRAVA_ASSETS_RETENTION_DAYS", "99999999999", "less than or equal to 36500"),
        ("STRAVA_ASSETS_POWER_SPORTS", " , ,", "names nothing"),
        ("STRAVA_ASSETS_SMTP_PORT", "65536", "less than or equal to 65535"),
        ("STRAVA_ASSETS_SMTP_PORT", "0", "greater than or equal to 1"),
        ("STRAVA_ASSETS_HOME", "~nobody-of-this-name/data", "there is no such user"),
        ("STRAVA_ASSETS_HOME", "$HOME/data", "begins with $"),
        ("STRAVA_ASSETS_HOME", "/srv/a?b", "contains ?"),
        ("STRAVA_ASSETS_HOME", "/srv/a[b]", "contains ["),
        ("STRAVA_ASSETS_HOME", "/srv/a*b", "contains *"),
        ("STRAVA_ASSETS_HOME", "/srv/a::b", "contains ::"),
        ("STRAVA_ASSETS_HOME", "/srv/a%20b", "contains %20"),
        ("STRAVA_ASSETS_HOME", "C:\\data", "contains a backslash"),
        ("STRAVA_ASSETS_LANDING_URL", "/srv/[a]/landing", "contains ["),
        ("STRAVA_ASSETS_STREAMS_URL", "gs://bucket/*", "contains *"),
        ("STRAVA_ASSETS_REPORT_URL", "report?", "contains ?"),
        ("STRAVA_ASSETS_SOURCE_URL", "github.com/me", "must begin with https://"),
        ("STRAVA_ASSETS_BIGQUERY_API_ENDPOINT", "localhost:9050", "must begin with https://"),
        ("STRAVA_ASSETS_LANDING_URL", "file://", "has nothing after ://"),
        ("STRAVA_ASSETS_OVERLAP_DAYS", "6", "greater than or equal to 7"),
        ("STRAVA_ASSETS_FULL_LISTING_EVERY_HOURS", "0", "greater than or equal to 1"),
        ("STRAVA_ASSETS_RATE_LIMIT_RESERVE", "-1", "greater than or equal to 0"),
        ("STRAVA_ASSETS_MAX_DELETED_SHARE", "5", "less than or equal to 1"),
        ("STRAVA_ASSETS_MAX_DELETED_COUNT", "-2", "greater than or equal to 0"),
        ("STRAVA_ASSETS_LANDING_KEEP_DAYS", "-1", "greater than or equal to 0"),
        ("STRAVA_ASSETS_RETENTION_DAYS", "0", "greater than or equal to 1"),
        ("STRAVA_ASSETS_SHARD", "5/4", "must name a shard and how many there are"),
        ("STRAVA_ASSETS_SHARD", "2 of 4", "must name a shard and how many there are"),
        ("STRAVA_ASSETS_DUCKDB_MEMORY_LIMIT", "lots", "must look like 128MB"),
        ("STRAVA_ASSETS_UMASK", "999", "must look like 022"),
        ("STRAVA_ASSETS_BIGQUERY_DATASET", "my-dataset", "must look like strava"),
        ("STRAVA_ASSETS_BIGQUERY_MAX_BYTES_BILLED", "1", "greater than or equal to"),
        ("STRAVA_ASSETS_ALLOWED_HOSTS", "https://rides.example/", "without https://"),
        ("STRAVA_ASSETS_ALLOWED_HOSTS", "rides.example,*", "must be a host name"),
        ("STRAVA_ASSETS_ALLOWED_HOSTS", "rides.example:70000", "must be a host name"),
    ],
)
def test_an_impossible_value_is_refused_by_name(name: str, value: str, why: str) -> None:
    message = refusal(**{name: value})
    assert f"{name}={value.strip()}: " in message
    assert why in message
    assert ".env.example" in message


def test_every_mistake_is_told_at_once() -> None:
    message = refusal(STRAVA_ASSETS_WEEK_START="friday", STRAVA_ASSETS_UNITS="nautical")
    assert "STRAVA_ASSETS_WEEK_START=friday" in message
    assert "STRAVA_ASSETS_UNITS=nautical" in message


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
    message = refusal(**{name: form.format("canary")})
    assert f"{name}=***@host" in message
    assert "canary" not in message
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
    """The variables that a file names: in Python its strings and comments, elsewhere all but links."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        tokens = tokenize.generate_tokens(io.StringIO(text).readline)
        kinds = {tokenize.STRING, tokenize.COMMENT, getattr(tokenize, "FSTRING_MIDDLE", tokenize.STRING)}
        text = "\n".join(token.string for token in tokens if token.type in kinds)
    else:
        text = re.sub(r"\[`\w+`\]\([^)]*\.py\)", "", text)
    return set(re.findall(r"\bSTRAVA_[A-Z0-9_]*[A-Z0-9]\b", text))


def test_every_variable_that_is_named_anywhere_is_a_setting() -> None:
    folders = ("strava_assets", "docs", "deploy", "benchmarks")
    files = [path for folder in folders for path in (ROOT / folder).rglob("*") if path.is_file()]
    files += [path for path in ROOT.iterdir() if path.is_file() and path.name != "constraints.txt"]
    texts = [path for path in files if path.suffix in TEXTS or path.name in ("Dockerfile", "Makefile")]
    named = {(str(path.relative_to(ROOT)), name) for path in texts for name in names_in(path)}
    assert ("README.md", "STRAVA_ASSETS_ENV") in named
    assert ("strava_assets/secrets/environment.py", "STRAVA_ASSETS_SECRET_STORE") in named
    of_tests = "STRAVA_ASSETS_TEST_"
    strangers = {each for each in named if each[1] not in VARIABLES and not each[1].startswith(of_tests)}
    assert strangers == set()


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


@pytest.mark.parametrize("value", ["", "  ", "\t\n"])
def test_a_blank_value_is_an_unset_one(value: str) -> None:
    assert settings(STRAVA_ASSETS_OVERLAP_DAYS=value) == settings()


def test_blanks_around_a_value_are_no_part_of_it() -> None:
    assert settings(STRAVA_ASSETS_UNITS=" imperial\r\n").units == "imperial"


@pytest.mark.parametrize("value", ['"imperial"', "'imperial'"])
def test_quotation_marks_that_docker_passes_on_are_refused(value: str) -> None:
    message = refusal(STRAVA_ASSETS_UNITS=value, STRAVA_CLIENT_SECRET=f'"{CANARY}"')
    assert "STRAVA_ASSETS_UNITS: stands in quotation marks; remove them" in message
    assert "STRAVA_CLIENT_SECRET: stands in quotation marks; remove them" in message
    assert CANARY not in message


def test_a_value_that_is_not_utf_8_is_refused_with_a_message_that_can_be_printed() -> None:
    # As Python shows the bytes R\xe9glages of an environment.
    message = refusal(STRAVA_ASSETS_HOME="R\udce9glages")
    assert "STRAVA_ASSETS_HOME: is not UTF-8." in message
    assert message.encode()


def test_the_home_of_the_user_is_put_in_place_of_a_tilde(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    read = settings(
        STRAVA_ASSETS_HOME="~/data",
        STRAVA_ASSETS_LANDING_URL="~/landing",
        STRAVA_ASSETS_STREAMS_URL="~/streams",
        STRAVA_ASSETS_REPORT_URL="~/report",
        STRAVA_ASSETS_ATHLETE_FILE="~/me.toml",
    )
    assert read.home == tmp_path / "data"
    assert read.landing_address == str(tmp_path / "landing")
    assert read.streams_address == str(tmp_path / "streams")
    assert read.report_target == str(tmp_path / "report")
    assert read.athlete_file_path == tmp_path / "me.toml"


def test_a_folder_whose_path_dagster_cannot_open_is_refused_as_the_default_home_as_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd = tmp_path / "what?"
    odd.mkdir()
    monkeypatch.chdir(odd)
    assert "STRAVA_ASSETS_HOME=data: contains ?" in refusal()
    assert settings(STRAVA_ASSETS_HOME=str(tmp_path / "a #%b {c,d} ü'q\"$x;")).home


def test_a_current_folder_that_was_removed_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    removed = tmp_path / "gone"
    removed.mkdir()
    monkeypatch.chdir(removed)
    removed.rmdir()
    assert "the current folder, which no longer exists" in refusal()


@pytest.mark.parametrize("below", ["", "/below"])
def test_a_home_that_is_a_file_is_refused(tmp_path: Path, below: str) -> None:
    file = tmp_path / "file"
    file.write_text("mine")
    assert "must be a folder, but" in refusal(STRAVA_ASSETS_HOME=f"{file}{below}")
    assert file.read_text() == "mine"


def test_a_home_whose_name_is_too_long_is_refused() -> None:
    assert "cannot be used: File name too long" in refusal(STRAVA_ASSETS_HOME="/srv/" + "x" * 300)


@pytest.mark.parametrize("scheme", ["https", "ftp"])
def test_a_password_in_an_address_is_in_no_message(scheme: str) -> None:
    message = refusal(STRAVA_API_BASE_URL=f"{scheme}://me:{CANARY}@www.strava.com")
    assert "STRAVA_API_BASE_URL=***@www.strava.com: must" in message
    assert CANARY not in message


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"STRAVA_ASSETS_PUBLISH": "iceberg"}, "STRAVA_ASSETS_PUBLISH_URL is not set"),
        (
            {"STRAVA_ASSETS_PUBLISH": "iceberg", "STRAVA_ASSETS_PUBLISH_URL": "gs://bucket/tables"},
            "STRAVA_ASSETS_PUBLISH=iceberg cannot be written to gs://; possible for",
        ),
        (
            {"STRAVA_ASSETS_PUBLISH": "delta", "STRAVA_ASSETS_PUBLISH_URL": "gs://bucket/tables"},
            "possible for STRAVA_ASSETS_PUBLISH_URL: file, s3, az, abfs, abfss",
        ),
        ({"STRAVA_ASSETS_PUBLISH": "csv"}, "possible: parquet, iceberg, delta, none"),
        ({"STRAVA_ASSETS_DUCKDB_URL": "/home/me/warehouse.duckdb"}, "must name an object of a bucket"),
        ({"STRAVA_ASSETS_DUCKDB_URL": "s3://bucket/folder/"}, "must name an object of a bucket"),
    ],
)
def test_a_form_and_a_place_that_do_not_fit_are_refused(variables: dict[str, str], message: str) -> None:
    assert message in refusal(**variables)


def test_publishing_follows_the_environment() -> None:
    assert settings().publish_kind == "parquet"
    assert settings(STRAVA_ASSETS_ENV="gcp", STRAVA_ASSETS_GCP_PROJECT="p").publish_kind == "none"
    bigquery = {"STRAVA_ASSETS_WAREHOUSE": "bigquery", "STRAVA_ASSETS_GCP_PROJECT": "p"}
    assert settings(**bigquery).publish_kind == "none"
    assert settings(**bigquery, STRAVA_ASSETS_PUBLISH="parquet").publish_kind == "parquet"
    assert settings(STRAVA_ASSETS_PUBLISH="none").file_locations == settings().file_locations[:3]

"""The environment, read once and validated; every variable of the project is declared here and nowhere else.

Nothing here touches the network, a secret store or the disk beyond `.env`. Secret values are `SecretStr`,
so that no repr or log shows them; what they are used for is the secret stores' matter.
"""

from __future__ import annotations

import os
import re
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self, get_args, get_origin
from zoneinfo import available_timezones

from dotenv import dotenv_values
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)

from strava_assets.errors import ConfigurationError
from strava_assets.file_modes import DEFAULT_HOME
from strava_assets.web.hosts import AllowedHosts, Host

if TYPE_CHECKING:
    from collections.abc import Mapping

PREFIX = "STRAVA_ASSETS_"
_PASSWORD_IN_ADDRESS = re.compile(r"//[^/@]*:[^/]*@")
_STRAVA_OVER_HTTP = re.compile(r"http://([^/]*\.)?strava\.com(?![^:/])", re.IGNORECASE)


class Environment(StrEnum):
    """Where the platform runs: decides the defaults of the single settings."""

    LOCAL = "local"
    GCP = "gcp"


class WarehouseKind(StrEnum):
    """The engine that holds the tables."""

    DUCKDB = "duckdb"
    BIGQUERY = "bigquery"


class SecretStoreKind(StrEnum):
    """Where credentials and rotated tokens live."""

    FILE = "file"
    ENV = "env"
    GCP = "gcp"


class WeekStart(StrEnum):
    """The first day of a week."""

    MONDAY = "monday"
    SUNDAY = "sunday"


class Settings(BaseModel):
    """All settings; each field's description is its documentation in `.env.example`."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, hide_input_in_errors=True)

    # Where it runs and where its state lives
    env: Environment = Field(default=Environment.LOCAL, description="Where it runs.")
    home: Path = Field(
        default=DEFAULT_HOME, description="The one folder of all local state, for this user alone."
    )
    umask: str | None = Field(
        default=None,
        pattern=r"^0?[0-7]{3}$",
        description="The umask for what is written outside the home, e.g. a report at another address. "
        "Default: that of the shell.",
    )
    timezone: str = Field(
        default="UTC", description="The athlete's time zone: when the schedule ticks and which day is today."
    )
    schedules_running: bool = Field(
        default=False, description="Whether schedules and sensors start switched on; `make run` sets it."
    )

    keep_runs_days: int = Field(
        default=30,
        ge=1,
        le=3650,
        description="How long records and logs of runs are kept, days; the last success of an asset always.",
    )
    source_url: str | None = Field(
        default=None,
        description="Where the code is readable, e.g. https://github.com/me/strava_assets/blob/main; the "
        "UI's source links lead there instead of to this machine's files.",
    )

    # Strava
    client_id: str | None = Field(
        default=None, alias="STRAVA_CLIENT_ID", description="Your API application's client id."
    )
    client_secret: SecretStr | None = Field(
        default=None, alias="STRAVA_CLIENT_SECRET", description="Its client secret."
    )
    refresh_token: SecretStr | None = Field(
        default=None,
        alias="STRAVA_REFRESH_TOKEN",
        description="A refresh token with activity:read_all; `strava-assets login` gets one.",
    )
    api_base_url: str = Field(
        default="https://www.strava.com/api/v3",
        alias="STRAVA_API_BASE_URL",
        description="The API's address; it moves to a new host by June 2027.",
    )
    oauth_base_url: str = Field(
        default="https://www.strava.com/oauth",
        alias="STRAVA_OAUTH_BASE_URL",
        description="The address of the consent page and the tokens.",
    )
    secret_store: SecretStoreKind | None = Field(
        default=None, description="Where tokens live; file for local, gcp for gcp."
    )

    # What a sync asks for and concludes
    overlap_days: int = Field(
        default=30,
        ge=7,
        le=3650,
        description="How far an incremental sync looks back from the newest start, days.",
    )
    full_listing_every_hours: int = Field(
        default=24,
        ge=1,
        le=24 * 90,
        description="How old the last full listing may be before the next sync is full.",
    )
    rate_limit_reserve: int = Field(
        default=10, ge=0, le=10_000, description="Calls of every limit left to the athlete's other apps."
    )
    max_deleted_share: float = Field(
        default=0.05, ge=0, le=1, description="A listing that would delete more than this share stops."
    )
    max_deleted_count: int = Field(default=20, ge=0, description="... and more than this many activities.")
    landing_url: str | None = Field(
        default=None,
        description="Where answers land as received; any fsspec address. Default: <home>/landing.",
    )
    landing_keep_days: int = Field(
        default=14,
        ge=0,
        le=3650,
        description="How long landed batches stay apart before they are compacted, days.",
    )
    retention_days: int | None = Field(
        default=None,
        ge=1,
        description="Expire API rows that Strava has not confirmed for so many days; off by default.",
    )

    # The seconds of a ride
    streams: Literal["power", "all", "none"] = Field(
        default="power",
        description="Whose streams are fetched: rides with a power meter, all activities, or none.",
    )
    streams_reserve: int = Field(
        default=30,
        ge=0,
        le=10_000,
        description="Calls of every limit that fetching streams leaves to the syncs and to your other apps.",
    )
    streams_url: str | None = Field(
        default=None,
        description="Where streams are kept, as Parquet; any fsspec address. Default: <home>/streams.",
    )

    # The warehouse
    warehouse: WarehouseKind | None = Field(
        default=None, description="The engine; duckdb for local, bigquery for gcp."
    )
    duckdb_memory_limit: str = Field(
        default="128MB",
        pattern=r"^\d+(\.\d+)?\s*(MB|GB|MiB|GiB)$",
        description="DuckDB's memory bound; a million activities want 1GB.",
    )
    gcp_project: str | None = Field(default=None, description="The Google Cloud project.")
    gcp_secret: str = Field(
        default="strava-assets",
        pattern=r"^[A-Za-z0-9_-]{1,255}$",
        description="The secret in its Secret Manager that holds the tokens.",
    )
    bigquery_dataset: str = Field(
        default="strava", pattern=r"^[A-Za-z0-9_]{1,1024}$", description="The BigQuery dataset."
    )
    bigquery_location: str = Field(default="EU", description="Where a missing dataset is created.")
    bigquery_max_bytes_billed: int = Field(
        default=10 * 1024**3,
        ge=10 * 1024**2,
        description="A statement that would read more bytes is refused.",
    )
    bigquery_api_endpoint: str | None = Field(
        default=None, description="Another address than Google's, for an emulator; asked without credentials."
    )

    # What counts and how it is shown
    week_start: WeekStart = Field(default=WeekStart.MONDAY, description="The first day of a week.")
    units: Literal["metric", "imperial"] = Field(
        default="metric", description="Units in what is shown; storage stays SI."
    )
    athlete_file: Path | None = Field(
        default=None, description="Your dated FTP, weight and heart rates. Default: <home>/athlete.toml."
    )
    power_sports: tuple[str, ...] | None = Field(
        default=None,
        description="Sports whose watts count, separated by commas; default: rides on own muscle.",
    )
    count_commutes: bool = Field(default=True, description="Whether commutes count in the marts.")
    count_virtual: bool = Field(default=True, description="Whether virtual rides count in the marts.")

    report_url: str | None = Field(
        default=None, description="Where the page is written; any fsspec address. Default: <home>/report."
    )
    report_link: str | None = Field(
        default=None, description="The address people open the page at, for links; `make run` sets it."
    )
    report_dated_copies: bool = Field(default=False, description="Whether a copy of each day's page is kept.")
    is_sample: bool = Field(
        default=False, description="Whether the data is the sample athlete's; `make run` sets it."
    )

    # The web UI
    allowed_hosts: tuple[str, ...] = Field(
        default=(),
        description="Names under which the web UI is reached besides localhost, separated by commas, e.g. "
        "rides.example.com or nas.local:8443; needed behind a proxy and with --host.",
    )

    # Alerts
    alert_webhook_url: SecretStr | None = Field(
        default=None, description="Where a failed run is told, by POST; the address is treated as a secret."
    )
    alert_webhook_form: Literal["json", "slack"] = Field(
        default="json", description="The form of that message."
    )
    alert_mail_to: str | None = Field(default=None, description="Where a failed run is told by mail.")
    alert_mail_from: str = Field(default="strava-assets@localhost", description="The sender of that mail.")
    smtp_host: str = Field(default="localhost", description="The mail server, without login.")
    smtp_port: int = Field(default=25, ge=1, le=65535, description="Its port.")

    @field_validator("power_sports", "allowed_hosts", mode="before")
    @classmethod
    def _split_at_commas(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("allowed_hosts")
    @classmethod
    def _host_names(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for entry in value:
            if Host.parse(entry) is None:
                raise ValueError(
                    f"{entry!r} must be a host name, with or without a port, such as rides.example.com; "
                    "without https:// and without a path"
                )
        return value

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        if value not in available_timezones():
            near = (
                ", ".join(get_close_matches(value, available_timezones(), n=3))
                or "Europe/Paris, America/New_York"
            )
            raise ValueError(f"is no IANA time zone; did you mean {near}?")
        return value

    @field_validator("api_base_url", "oauth_base_url")
    @classmethod
    def _an_address(cls, value: str) -> str:
        if not value.startswith(("https://", "http://")):
            raise ValueError("must begin with https:// (or http:// for a local sandbox)")
        return value.rstrip("/")

    @model_validator(mode="after")
    def _google_needs_a_project(self) -> Self:
        asks = [
            name
            for name, wanted in (
                (f"{PREFIX}WAREHOUSE=bigquery", self.warehouse_kind is WarehouseKind.BIGQUERY),
                (f"{PREFIX}SECRET_STORE=gcp", self.secret_store_kind is SecretStoreKind.GCP),
            )
            if wanted
        ]
        if asks and not self.gcp_project:
            raise ValueError(f"{PREFIX}GCP_PROJECT is not set, and {' and '.join(asks)} needs it")
        return self

    @field_validator(
        *("api_base_url", "oauth_base_url", "landing_url", "streams_url", "report_url"),
        *("report_link", "source_url", "bigquery_api_endpoint"),
    )
    @classmethod
    def _refuse_password(cls, value: str | None) -> str | None:
        if value and _PASSWORD_IN_ADDRESS.search(value):
            raise ValueError(
                "must hold no password, because addresses are shown in the UI and in messages; "
                "fsspec takes one from a variable such as FSSPEC_SFTP_PASSWORD"
            )
        return value

    @field_validator("api_base_url", "oauth_base_url")
    @classmethod
    def _refuse_plain_http_to_strava(cls, value: str) -> str:
        if _STRAVA_OVER_HTTP.match(value):
            raise ValueError("must begin with https://, so that nobody reads the credentials on their way")
        return value

    @property
    def warehouse_kind(self) -> WarehouseKind:
        """The engine in force: as set, or what the environment implies."""
        return self.warehouse or (
            WarehouseKind.BIGQUERY if self.env is Environment.GCP else WarehouseKind.DUCKDB
        )

    @property
    def secret_store_kind(self) -> SecretStoreKind:
        """The secret store in force: as set, or what the environment implies."""
        return self.secret_store or (
            SecretStoreKind.GCP if self.env is Environment.GCP else SecretStoreKind.FILE
        )

    @property
    def hosts(self) -> AllowedHosts:
        """The names under which the web UI may be reached."""
        return AllowedHosts.of_setting(self.allowed_hosts, variable_name("allowed_hosts"))

    @property
    def alerts_wanted(self) -> bool:
        """Whether a failed run has somewhere to be told."""
        return self.alert_webhook_url is not None or self.alert_mail_to is not None

    @property
    def duckdb_path(self) -> Path:
        """The warehouse file of the local engine."""
        return self.home / "warehouse.duckdb"

    @property
    def landing_address(self) -> str:
        """Where answers land: as set, or a folder of the home."""
        return self.landing_url or str(self.home.absolute() / "landing")

    @property
    def archive_folder(self) -> Path:
        """Where a bulk export is looked for when no path is given."""
        return self.home.absolute() / "archive"

    @property
    def streams_address(self) -> str:
        """Where streams are kept: as set, or a folder of the home."""
        return self.streams_url or str(self.home.absolute() / "streams")

    @property
    def token_path(self) -> Path:
        """The file store's file."""
        return self.home / "tokens.json"

    @property
    def athlete_file_path(self) -> Path:
        """The athlete's own figures: as set, or a file of the home."""
        return self.athlete_file or self.home / "athlete.toml"

    @property
    def report_target(self) -> str:
        """Where the page is written: as set, or a folder of the home."""
        return self.report_url or str(self.home.absolute() / "report")

    @property
    def report_folder(self) -> Path | None:
        """The folder of the page where it is written to this machine; None where it is written elsewhere."""
        return None if "://" in self.report_target else Path(self.report_target)

    @property
    def dagster_home(self) -> Path:
        """Dagster's own home: runs, events, schedules' state."""
        return self.home / "dagster"


def variable_name(field: str) -> str:
    """The environment variable that sets a field."""
    alias = Settings.model_fields[field].alias
    return alias or f"{PREFIX}{field.upper()}"


def choices(field: str) -> tuple[str, ...]:
    """The values a field can take where they are few; empty where they are not."""
    return _choices_of(Settings.model_fields[field].annotation)


def _choices_of(annotation: Any) -> tuple[str, ...]:
    if annotation is bool:
        return ("true", "false")
    if isinstance(annotation, type) and issubclass(annotation, StrEnum):
        return tuple(member.value for member in annotation)
    if get_origin(annotation) is Literal:
        return tuple(str(value) for value in get_args(annotation))
    for part in get_args(annotation):
        if found := _choices_of(part):
            return found
    return ()


def load_settings(environ: Mapping[str, str] | None = None, env_file: Path | None = Path(".env")) -> Settings:
    """Read and validate the settings.

    Args:
        environ: the environment; the process's own by default.
        env_file: the file that fills what the environment leaves out; None for none.

    Raises:
        ConfigurationError: an unknown variable, an impossible value or a contradiction; the message names
            each variable and what is possible.
    """
    in_file = dotenv_values(env_file) if env_file and env_file.is_file() else {}
    given = {
        name: value
        for name, value in {**in_file, **(os.environ if environ is None else environ)}.items()
        if value  # an empty variable is an unset one
    }
    fields = {variable_name(field): field for field in Settings.model_fields}
    _refuse_unknown(given, fields)
    try:
        return Settings.model_validate(
            {fields[name]: value for name, value in given.items() if name in fields}
        )
    except ValidationError as error:
        raise _explained(error) from None


def _refuse_unknown(given: Mapping[str, str], fields: Mapping[str, str]) -> None:
    unknown = sorted(name for name in given if name.startswith(PREFIX) and name not in fields)
    if not unknown:
        return
    hints = []
    for name in unknown:
        near = get_close_matches(name, fields, n=1)
        hints.append(f"{name} (did you mean {near[0]}?)" if near else name)
    known = "\n  ".join(sorted(fields))
    raise ConfigurationError(
        f"Unknown setting: {', '.join(hints)}.",
        means="A misspelt setting would silently do nothing, so nothing was started.",
        remedy=f"correct or remove it. The settings there are:\n  {known}",
    )


def _explained(error: ValidationError) -> ConfigurationError:
    lines = []
    for problem in error.errors(include_url=False, include_context=False):
        location = str(problem["loc"][0]) if problem["loc"] else ""
        if not location:
            lines.append(problem["msg"].removeprefix("Value error, ") + ".")
            continue
        field = next(
            name for name in Settings.model_fields if location in (name, Settings.model_fields[name].alias)
        )
        secret = "SecretStr" in str(Settings.model_fields[field].annotation)
        # What stands before an @ may be a password.
        shown = "" if secret else f"={re.sub(r'.*@', '***@', str(problem['input']))}"
        possible = choices(field)
        what = (
            f"possible: {', '.join(possible)}" if possible else problem["msg"].removeprefix("Value error, ")
        )
        lines.append(f"{variable_name(field)}{shown}: {what}.")
    return ConfigurationError(
        "The settings cannot be used:\n  " + "\n  ".join(lines),
        means="Nothing was started and nothing was changed.",
        remedy="correct them in the environment or in .env; .env.example explains every one.",
    )

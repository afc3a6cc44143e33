"""Every setting of the project, validated, and the places and kinds that follow from them.

`settings_reader` reads them from the environment. Nothing here touches the network or a secret store; of the
disk it looks whether the home is a folder. Secret values are `SecretStr`, so that no repr or log shows them.
"""

from __future__ import annotations

import re
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self, get_args, get_origin
from zoneinfo import available_timezones

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationInfo,
    field_validator,
    model_validator,
)

from strava_assets.alerts.addresses import split_addresses
from strava_assets.buckets.kinds import SCHEMES as BUCKET_SCHEMES
from strava_assets.file_modes import DEFAULT_HOME
from strava_assets.published.kinds import KINDS as PUBLISH_KINDS
from strava_assets.secrets import KINDS as STORE_KINDS
from strava_assets.setting_paths import (
    check_address,
    check_web_address,
    expand_user,
    local_path,
    printable,
    refuse_unusable_home,
    scheme_of,
)
from strava_assets.shards import Shard
from strava_assets.warehouse.locations import KINDS as WAREHOUSE_KINDS
from strava_assets.web.hosts import AllowedHosts, Host

if TYPE_CHECKING:
    from collections.abc import Mapping

PREFIX = "STRAVA_ASSETS_"
SHORTEST_VERIFY_TOKEN = 20
_PASSWORD_IN_ADDRESS = re.compile(r"//[^/@]*:[^/]*@")
_STRAVA_OVER_HTTP = re.compile(r"http://([^/]*\.)?strava\.com(?![^:/])", re.IGNORECASE)


class Environment(StrEnum):
    """Where the platform runs: decides the defaults of the single settings."""

    LOCAL = "local"
    GCP = "gcp"
    AWS = "aws"
    AZURE = "azure"


class WeekStart(StrEnum):
    """The first day of a week."""

    MONDAY = "monday"
    SUNDAY = "sunday"


_REGISTRIES: dict[str, Mapping[str, Any]] = {
    "warehouse": WAREHOUSE_KINDS,
    "secret_store": STORE_KINDS,
    "publish": PUBLISH_KINDS,
}
"""Fields whose values are the kinds that another package registers."""
_DEFAULT_KINDS = {
    Environment.LOCAL: {"warehouse": "duckdb", "secret_store": "file", "publish": "parquet"},
    Environment.GCP: {"warehouse": "bigquery", "secret_store": "gcp", "publish": "none"},
    Environment.AWS: {"warehouse": "duckdb", "secret_store": "aws", "publish": "none"},
    Environment.AZURE: {"warehouse": "duckdb", "secret_store": "azure", "publish": "none"},
}


class Settings(BaseModel):
    """All settings; each field's description is its documentation in `.env.example`."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, hide_input_in_errors=True)

    # Where it runs and where its state lives
    env: Environment = Field(default=Environment.LOCAL, description="Where it runs.")
    home: Path = Field(
        default=DEFAULT_HOME,
        validate_default=True,
        description="The one folder of all local state, for this user alone.",
    )
    umask: str | None = Field(
        default=None,
        pattern=r"^0?[0-7]{3}$",
        examples=["022"],
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
    secret_store: str | None = Field(
        default=None,
        description="Where tokens live; file for local, a cloud's own store for gcp, aws and azure.",
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
    max_deleted_count: int = Field(
        default=20, ge=0, le=10**9, description="... and more than this many activities."
    )
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
        le=36_500,
        description="Expire API rows that Strava has not confirmed for so many days; off by default.",
    )

    inbox: str | None = Field(
        default=None,
        description="A folder or bucket whose new FIT, GPX and TCX files are imported as they come; any "
        "fsspec address. Off by default.",
    )

    # Webhooks
    webhooks: bool = Field(
        default=False,
        description="Whether `strava-assets webhook serve` receives events for this home, so that a change "
        "starts a run and the schedule asks Strava once a week; docs/webhooks.md.",
    )
    webhook_verify_token: SecretStr | None = Field(
        default=None,
        description="The secret of the callback address. Default: one that is made and kept beside the "
        "tokens. With it the receiver needs no access to them.",
    )
    events_url: str | None = Field(
        default=None,
        description="Where events wait for a run; any fsspec address. Default: <home>/events.",
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
    warehouse: str | None = Field(
        default=None, description="The engine; bigquery for gcp, duckdb for all others."
    )
    duckdb_memory_limit: str = Field(
        default="128MB",
        pattern=r"^[0-9]{1,9}(\.[0-9]{1,3})?\s*(MB|GB|MiB|GiB)$",
        description="DuckDB's memory bound; a million activities want 1GB.",
    )
    duckdb_url: str | None = Field(
        default=None,
        description="Where DuckDB's file is kept between runs of a container without a disk, e.g. "
        "s3://bucket/warehouse.duckdb; in S3, Google's or Azure's storage. Off by default.",
    )
    shard: str = Field(
        default="",
        description="Which share of the athletes this process loads, e.g. 2/4 for the second of four; with "
        "DuckDB only. Empty: all athletes.",
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
        le=2**63 - 1,
        description="A statement that would read more bytes is refused.",
    )
    bigquery_api_endpoint: str | None = Field(
        default=None, description="Another address than Google's, for an emulator; asked without credentials."
    )

    # Amazon's and Azure's clouds
    aws_region: str | None = Field(
        default=None,
        pattern=r"^[a-z]{2}(-[a-z]+)+-\d$",
        examples=["eu-central-1"],
        description="Amazon's region of the secret, e.g. eu-central-1.",
    )
    aws_secret: str = Field(
        default="strava-assets",
        pattern=r"^[A-Za-z0-9/_+=.@-]{1,512}$",
        description="The secret in its Secrets Manager that holds the tokens.",
    )
    azure_vault_url: str | None = Field(
        default=None, description="Azure's Key Vault, e.g. https://my-vault.vault.azure.net."
    )
    azure_secret: str = Field(
        default="strava-assets",
        pattern=r"^[A-Za-z0-9-]{1,127}$",
        description="The secret in it that holds the tokens.",
    )

    # Tables for other tools
    publish: str | None = Field(
        default=None,
        description="The form in which the marts are published after their checks; parquet for "
        "local with duckdb, none elsewhere: BigQuery is read directly, and the deployments name iceberg on "
        "aws and delta on azure.",
    )
    publish_url: str | None = Field(
        default=None,
        description="Where published tables are written; any fsspec address for parquet. "
        "Default: <home>/published.",
    )
    publish_catalog: str = Field(
        default="strava",
        pattern=r"^[a-z0-9_]{1,255}$",
        description="The database in the Glue catalog that Iceberg tables are registered in.",
    )

    # What counts and how it is shown
    week_start: WeekStart = Field(default=WeekStart.MONDAY, description="The first day of a week.")
    units: Literal["metric", "imperial"] = Field(
        default="metric", description="Units in what is shown; storage stays SI."
    )
    athlete_file: Path | None = Field(
        default=None, description="Your dated FTP, weight and heart rates. Default: <home>/athlete.toml."
    )
    plan_file: Path | None = Field(
        default=None, description="Your planned load by day, as CSV. Default: <home>/plan.csv."
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
    ui_url: str | None = Field(
        default=None,
        description="The address people open the Dagster UI at, for links from the page; `make run` sets it.",
    )
    report_route: bool = Field(
        default=False,
        description="Whether the page draws the shape of the last ride's route, without a map, a scale or "
        "coordinates. Who knows your roads may know it.",
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
    alert_urls: SecretStr | None = Field(
        default=None,
        description="Who is told of a failed run: addresses as apprise writes them, e.g. slack://… or "
        "mailtos://…, separated by spaces; docs/alerts.md has examples. They are treated as secrets.",
    )
    alert_webhook_url: SecretStr | None = Field(
        default=None, description="Old: an address that gets a POST; use STRAVA_ASSETS_ALERT_URLS."
    )
    alert_webhook_form: Literal["json", "slack"] = Field(
        default="json", description="Old: the form of that POST."
    )
    alert_mail_to: str | None = Field(
        default=None, description="Old: a mail address; use STRAVA_ASSETS_ALERT_URLS."
    )
    alert_mail_from: str = Field(
        default="strava-assets@localhost", description="Old: the sender of that mail."
    )
    smtp_host: str = Field(default="localhost", description="Old: the mail server, without login.")
    smtp_port: int = Field(default=25, ge=1, le=65535, description="Old: its port.")

    @field_validator("power_sports", "allowed_hosts", mode="before")
    @classmethod
    def _split_at_commas(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        parts = tuple(part.strip() for part in value.split(",") if part.strip())
        if not parts:
            raise ValueError("names nothing; leave it empty for the default")
        return parts

    @field_validator(
        *(
            "home",
            "athlete_file",
            "landing_url",
            "inbox",
            "streams_url",
            "publish_url",
            "report_url",
            "events_url",
        ),
        mode="before",
    )
    @classmethod
    def _expand_user(cls, value: object) -> object:
        return expand_user(str(value)) if isinstance(value, (str, Path)) else value

    @field_validator(
        *("landing_url", "inbox", "streams_url", "duckdb_url", "publish_url", "report_url", "events_url")
    )
    @classmethod
    def _check_place(cls, value: str | None) -> str | None:
        return check_address(value) if value else value

    @field_validator("home")
    @classmethod
    def _refuse_unusable_home(cls, value: Path) -> Path:
        return refuse_unusable_home(value)

    @field_validator("webhook_verify_token")
    @classmethod
    def _check_verify_token(cls, value: SecretStr | None) -> SecretStr | None:
        # The path of the callback address is derived from it, and must not be guessed.
        if value and len(value.get_secret_value()) < SHORTEST_VERIFY_TOKEN:
            raise ValueError(f"must have {SHORTEST_VERIFY_TOKEN} characters or more; take random ones")
        return value

    @field_validator("alert_urls")
    @classmethod
    def _check_alert_urls(cls, value: SecretStr | None) -> SecretStr | None:
        if value:
            split_addresses(value.get_secret_value())
        return value

    @field_validator("alert_webhook_url")
    @classmethod
    def _check_webhook(cls, value: SecretStr | None) -> SecretStr | None:
        if value:
            check_web_address(value.get_secret_value())
        return value

    @field_validator("allowed_hosts")
    @classmethod
    def _host_names(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for entry in value:
            if Host.parse(entry) is None:
                raise ValueError(
                    f"{printable(entry)!r} must be a host name, with or without a port, such as "
                    "rides.example.com; without https:// and without a path"
                )
        return value

    @field_validator("timezone")
    @classmethod
    def _check_zone(cls, value: str) -> str:
        if value not in available_timezones():
            similar = (
                ", ".join(get_close_matches(value, available_timezones(), n=3))
                or "Europe/Paris, America/New_York"
            )
            raise ValueError(f"is not an IANA time zone; did you mean {similar}?")
        return value

    @field_validator("source_url", "bigquery_api_endpoint")
    @classmethod
    def _check_web_address(cls, value: str | None) -> str | None:
        if value:
            check_web_address(value)
        return value

    @field_validator("azure_vault_url")
    @classmethod
    def _check_vault(cls, value: str | None) -> str | None:
        if value:
            parts = check_web_address(value)
            if parts.scheme != "https" or parts.path.strip("/") or parts.query or "@" in parts.netloc:
                raise ValueError("must be https:// and the vault's host alone")
        return value

    @field_validator(*_REGISTRIES)
    @classmethod
    def _registered_kind(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is not None and value not in _REGISTRIES[str(info.field_name)]:
            raise ValueError("is not a kind that exists")
        return value

    @model_validator(mode="after")
    def _kinds_have_what_they_need(self) -> Self:
        askers: dict[str, list[str]] = {}
        for field, kinds in _REGISTRIES.items():
            kind = self._kind(field)
            for needed in kinds[kind].needs:
                if not getattr(self, needed):
                    askers.setdefault(needed, []).append(f"{variable_name(field)}={kind}")
        if askers:
            missing = (
                f"{variable_name(name)} is not set, and {' and '.join(who)} needs it"
                for name, who in askers.items()
            )
            raise ValueError("; ".join(missing))
        return self

    @field_validator(
        *("api_base_url", "oauth_base_url", "landing_url", "inbox", "streams_url", "duckdb_url"),
        *("publish_url", "report_url", "events_url", "report_link", "ui_url", "source_url"),
        "bigquery_api_endpoint",
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

    @field_validator("api_base_url", "oauth_base_url")
    @classmethod
    def _check_api_address(cls, value: str) -> str:
        parts = check_web_address(value)
        if "@" in parts.netloc:
            raise ValueError("must hold no user; Strava is asked with the tokens alone")
        if "?" in value or "#" in value:
            raise ValueError("must end with the path, without ? and #")
        return value.rstrip("/")

    @field_validator("duckdb_url")
    @classmethod
    def _check_duckdb_place(cls, value: str | None) -> str | None:
        if value and (scheme_of(value) not in BUCKET_SCHEMES or value.endswith("/")):
            raise ValueError(
                f"must name an object of a bucket, and begin with one of {', '.join(BUCKET_SCHEMES)}://"
            )
        return value

    @field_validator("shard")
    @classmethod
    def _check_shard(cls, value: str) -> str:
        Shard.from_setting(value)
        return value

    @model_validator(mode="after")
    def _shard_has_places_of_its_own(self) -> Self:
        shard = self.own_shard
        if shard is None:
            return self
        variable = variable_name("shard")
        if self.warehouse_kind != "duckdb":
            raise ValueError(
                f"{variable} divides the athletes among DuckDB files; with {variable_name('warehouse')}="
                f"{self.warehouse_kind} one process loads all of them, so leave it empty"
            )
        if self.publish_kind == "iceberg":
            raise ValueError(
                f"{variable} needs a folder for each shard, and {variable_name('publish')}=iceberg has one "
                "catalog for all; possible are parquet, delta and none"
            )
        if self.duckdb_url and shard.name not in self.duckdb_url.rsplit("/", 1)[-1]:
            raise ValueError(
                f"{variable_name('duckdb_url')} must name another object for each shard; with {variable}="
                f"{self.shard} its name must contain {shard.name}"
            )
        return self

    @model_validator(mode="after")
    def _form_fits_place(self) -> Self:
        schemes = PUBLISH_KINDS[self.publish_kind].schemes
        scheme = scheme_of(self.publish_address)
        if schemes and scheme not in schemes:
            raise ValueError(
                f"{variable_name('publish')}={self.publish_kind} cannot be written to {scheme}://; "
                f"possible for {variable_name('publish_url')}: {', '.join(schemes)}"
            )
        return self

    @property
    def warehouse_kind(self) -> str:
        """The engine in force: as set, or what the environment implies."""
        return self._kind("warehouse")

    @property
    def secret_store_kind(self) -> str:
        """The token store in force: as set, or what the environment implies."""
        return self._kind("secret_store")

    @property
    def publish_kind(self) -> str:
        """The form of published tables in force: as set, or what the environment and the engine imply."""
        if self.publish is None and self.warehouse_kind == "bigquery":
            # Every tool reads BigQuery itself, and each copy would be billed.
            return "none"
        return self._kind("publish")

    def _kind(self, field: str) -> str:
        return getattr(self, field) or _DEFAULT_KINDS[self.env][field]

    @property
    def credentials(self) -> dict[str, str]:
        """The credentials that are set, by the keys of the token stores; secret values in plain text."""
        secret_values = {"client_secret": self.client_secret, "refresh_token": self.refresh_token}
        variables = {"client_id": self.client_id or ""} | {
            key: value.get_secret_value() if value else "" for key, value in secret_values.items()
        }
        return {key: value for key, value in variables.items() if value}

    @property
    def hosts(self) -> AllowedHosts:
        """The names under which the web UI may be reached."""
        return AllowedHosts.of_setting(self.allowed_hosts, variable_name("allowed_hosts"))

    @property
    def alerts_wanted(self) -> bool:
        """Whether anybody is told of a failed run."""
        return bool(self.alert_urls or self.old_alert_variables)

    @property
    def old_alert_variables(self) -> tuple[str, ...]:
        """The variables that name a receiver and give way to STRAVA_ASSETS_ALERT_URLS, where they are set."""
        old = ("alert_webhook_url", "alert_mail_to")
        return tuple(variable_name(field) for field in old if getattr(self, field))

    @property
    def duckdb_path(self) -> Path:
        """The warehouse file of the local engine."""
        shard = f"-{self.own_shard.name}" if self.own_shard else ""
        return self.home / f"warehouse{shard}.duckdb"

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
    def own_shard(self) -> Shard | None:
        """The athletes of this process; None for all."""
        return Shard.from_setting(self.shard)

    @property
    def publish_root(self) -> str:
        """Where the tables of all shards are published: as set, or a folder of the home."""
        return self.publish_url or str(self.home.absolute() / "published")

    @property
    def publish_address(self) -> str:
        """Where tables are published: in the root, or in this shard's folder of it."""
        if self.own_shard is None:
            return self.publish_root
        return f"{self.publish_root.rstrip('/')}/{self.own_shard.folder}"

    @property
    def events_address(self) -> str:
        """Where events wait for a run: as set, or a folder of the home."""
        return self.events_url or str(self.home.absolute() / "events")

    @property
    def token_path(self) -> Path:
        """The file store's file."""
        return self.home / "tokens.json"

    @property
    def athlete_file_path(self) -> Path:
        """The athlete's own figures: as set, or a file of the home."""
        return self.athlete_file or self.home / "athlete.toml"

    @property
    def plan_file_path(self) -> Path:
        """The athlete's planned load: as set, or a file of the home."""
        return self.plan_file or self.home / "plan.csv"

    @property
    def report_target(self) -> str:
        """Where the page is written: as set, or a folder of the home."""
        return self.report_url or str(self.home.absolute() / "report")

    @property
    def report_folder(self) -> Path | None:
        """The folder of the page where it is written to this machine; None where it is written elsewhere."""
        return local_path(self.report_target)

    @property
    def file_locations(self) -> tuple[str, ...]:
        """The addresses of everything that is kept in files: landing, streams, report, tables, events."""
        published = (self.publish_address,) if self.publish_kind != "none" else ()
        warehouse = (self.duckdb_url,) if self.duckdb_url else ()
        events = (self.events_address,) if self.webhooks else ()
        always = (self.landing_address, self.streams_address, self.report_target)
        return (*always, *published, *warehouse, *events)

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
    if field in _REGISTRIES:
        return tuple(_REGISTRIES[field])
    return _choices_of(Settings.model_fields[field].annotation)


def _choices_of(annotation: Any) -> tuple[str, ...]:
    if annotation is bool:
        return ("true", "false")
    if isinstance(annotation, type) and issubclass(annotation, StrEnum):
        return tuple(member.value for member in annotation)
    if get_origin(annotation) is Literal:
        return tuple(str(value) for value in get_args(annotation))
    for part in get_args(annotation):
        if values := _choices_of(part):
            return values
    return ()

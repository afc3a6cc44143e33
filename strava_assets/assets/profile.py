"""The athlete's own figures by date and their gear by name: from their file, and from Strava's profile."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import dagster as dg
from pydantic import Field

from strava_assets import wiring
from strava_assets.assets.activities import STRAVA_POOL
from strava_assets.assets.describe import table_metadata
from strava_assets.assets.inputs import as_arrow
from strava_assets.assets.query_jobs import job_metadata
from strava_assets.assets.steps import platform_step
from strava_assets.assets.tags import ASKS_STRAVA, PERSONAL
from strava_assets.errors import StravaAssetsError
from strava_assets.resources import StravaResource, WarehouseResource
from strava_assets.schema.mart_inputs import ATHLETE_GEAR, ATHLETE_OBSERVATIONS, ATHLETE_PROFILE

if TYPE_CHECKING:
    from strava_assets.landing.athlete_index import AthleteIndex
    from strava_assets.schema import Table
    from strava_assets.settings import Settings
    from strava_assets.strava.client import StravaClient
    from strava_assets.warehouse.engine import Warehouse

_OBSERVED_EVERY = timedelta(days=7)


class ProfileConfig(dg.Config):
    """Launch options."""

    ask_strava: bool = Field(
        default=True,
        description="Whether Strava is asked for today's profile, once a day. Otherwise the figures file and "
        "what the profile said so far serve.",
    )


def build(settings: "Settings", retry_policy: dg.RetryPolicy | None = None) -> list[dg.AssetsDefinition]:
    """The assets of the athlete's figures and gear, in one step: one answer of Strava has both.

    Args:
        settings: where the figures file is, and which day is today.
        retry_policy: for failures that another try can mend; None for none.
    """

    def spec(table: "Table", explained: str) -> dg.AssetSpec:
        return dg.AssetSpec(
            table.name,
            deps=["bq_activities"],
            description=f"{table.description}\n\n{explained}",
            group_name="warehouse",
            kinds={"python"},
            tags=PERSONAL | ASKS_STRAVA,
            code_version="1",
            metadata=table_metadata(table),
        )

    @dg.multi_asset(
        name=ATHLETE_PROFILE.name,
        specs=[
            spec(
                ATHLETE_PROFILE,
                f"Yours go into `{settings.athlete_file_path}`; what it leaves out is filled from your "
                "Strava profile, from the day it was first seen there.",
            ),
            spec(ATHLETE_GEAR, f"One row is {ATHLETE_GEAR.grain}."),
        ],
        # It asks Strava for the profile once a day, and so takes its turn there; should another run hold the
        # warehouse meanwhile, it waits and tries again.
        pool=STRAVA_POOL,
        retry_policy=retry_policy,
        can_subset=True,
    )
    @platform_step
    def athlete_profile(
        context: dg.AssetExecutionContext,
        config: ProfileConfig,
        strava: StravaResource,
        warehouse: WarehouseResource,
    ) -> Iterator[dg.MaterializeResult[Any]]:
        from strava_assets import profile
        from strava_assets.report.markdown import escaped

        today = datetime.now(ZoneInfo(settings.timezone)).date()
        with warehouse.open() as engine:
            entries = profile.read(settings.athlete_file_path, today)
            # A home of an earlier version has read today's profile, but not its gear.
            lacks_gear = not engine.exists(ATHLETE_GEAR.name)
            engine.ensure(ATHLETE_OBSERVATIONS)
            engine.ensure(ATHLETE_GEAR)
            several = wiring.has_several_athletes(settings)
            if config.ask_strava and several:
                _observe_each(context, strava, wiring.athlete_index(settings), engine, today)
            elif config.ask_strava and (lacks_gear or not _observed(engine, today)):
                _observe(context, strava.client(context.log.info), engine, today)
            observed = engine.query("SELECT * FROM athlete_observations").to_pylist()
            athletes = [
                row["athlete_id"]
                for row in engine.query("SELECT DISTINCT athlete_id FROM bq_activities").to_pylist()
            ]
            owner_id = next(iter(wiring.athlete_index(settings).athlete_ids()), None)
            rows = profile.rows(entries, athletes, observed, owner_id=owner_id)
            count = engine.replace(ATHLETE_PROFILE, as_arrow(ATHLETE_PROFILE, rows))
            [gear] = engine.query("SELECT COUNT(*) AS row_count FROM athlete_gear").to_pylist()
            jobs = job_metadata(engine.take_reports())
        hints = profile.hints(rows, athletes)
        for hint in hints:
            context.log.warning(hint)
        missing = "\n".join(f"- {escaped(hint)}" for hint in hints) or "Nothing."
        metadata: dict[str, dict[str, Any]] = {
            ATHLETE_PROFILE.name: {
                "dagster/row_count": count,
                "entries_in_file": len(entries),
                "missing": dg.MetadataValue.md(missing),
            },
            ATHLETE_GEAR.name: {"dagster/row_count": gear["row_count"]},
        }
        # Both are written, whichever was chosen: one answer of Strava has both.
        for key in sorted(context.selected_asset_keys):
            yield dg.MaterializeResult(asset_key=key, metadata=jobs | metadata[key.to_user_string()])

    return [athlete_profile]


def _observed(engine: "Warehouse", today: date) -> bool:
    """Whether the profile was read today; once a day is often enough for a weight."""
    answer = engine.query(
        "SELECT COUNT(*) AS seen FROM athlete_observations WHERE observed_on = @today", {"today": today}
    )
    return bool(answer.to_pylist()[0]["seen"])


def _observe_each(
    context: dg.AssetExecutionContext,
    strava: StravaResource,
    index: "AthleteIndex",
    engine: "Warehouse",
    today: date,
) -> None:
    """Read the profiles of the athletes who are due; one call each, as long as the quota lasts.

    With several athletes once a week is enough, and an athlete who is refused is left out.
    """
    answer = engine.query(
        "SELECT DISTINCT athlete_id FROM athlete_observations WHERE observed_on > @since",
        {"since": today - _OBSERVED_EVERY},
    )
    observed = set(answer.column("athlete_id").to_pylist())
    pacer = strava.pacer(context.log.info, max_wait_s=0)
    states = index.states(index.athlete_ids())
    for athlete in index.athletes():
        state = states.get(athlete.athlete_id)
        is_refused = state is not None and state.refused_since is not None
        if athlete.logged_in and not is_refused and athlete.athlete_id not in observed:
            client = strava.client(context.log.info, pacer, athlete)
            if not _observe(context, client, engine, today):
                return


def _observe(
    context: dg.AssetExecutionContext, client: "StravaClient", engine: "Warehouse", today: date
) -> bool:
    """Keep what Strava's profile says today; without an answer the figures known so far serve.

    Returns:
        Whether other athletes can be asked: not if the quota is used up.
    """
    from strava_assets import profile
    from strava_assets.strava.errors import MissingCredentialsError, QuotaExhaustedError

    try:
        _, athlete = client.athlete()
    except MissingCredentialsError:
        context.log.info("Without a login, FTP and weight come from the figures file alone.")
        return True
    except StravaAssetsError as error:
        context.log.warning("The profile could not be read; the figures known so far serve. %s", error)
        return not isinstance(error, QuotaExhaustedError)
    for table, rows in (
        (ATHLETE_OBSERVATIONS, [profile.observation(athlete, today)]),
        (ATHLETE_GEAR, profile.gear_rows(athlete, today)),
    ):
        if rows:
            engine.merge(
                table,
                as_arrow(table, rows).to_batches(),
                wins="TRUE",
                changed="TRUE",
                latest="observed_on",
            )
    return True

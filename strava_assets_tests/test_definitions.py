"""The whole definition set: a snapshot a person can read, and what every asset owes to the one who opens it.

After a wanted change, `UPDATE_SNAPSHOT=1 pytest strava_assets_tests/test_definitions.py` writes the snapshot
anew; its diff belongs into the same commit.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from strava_assets.definitions import build_defs
from strava_assets.marts import catalog
from strava_assets.settings import Settings

SNAPSHOT = Path(__file__).with_name("definitions.json")
ASSET_LINK = re.compile(r"\[`([a-z_]+)`\]\(/assets/[a-z_]+\)")
LINK = re.compile(r"\[`([a-z_]+)\.([a-z_0-9]+)`\]\(/assets/([a-z_]+)\)")
UNIT_OF_SUFFIX = {
    "_s": "s",
    "_m": "m",
    "_w": "W",
    "_watts": "W",
    "_kg": "kg",
    "_kj": "kJ",
    "_bpm": "bpm",
    "_pct": "%",
    "_rpm": "rpm",
}

# As `make run` starts it, with an address for alerts.
DEFS = build_defs(Settings(schedules_running=True, alert_mail_to="rider@example.org"))
SPECS = {
    spec.key.to_user_string(): spec
    for spec in sorted(DEFS.resolve_all_asset_specs(), key=lambda spec: spec.key)
}
OWN = [name for name in SPECS if name not in ("strava_api", "bulk_export")]
TABLES = [name for name, spec in SPECS.items() if "dagster/table_name" in spec.metadata]
DERIVED = [name for name, spec in SPECS.items() if "dagster/column_lineage" in spec.metadata]


def snapshot() -> dict[str, Any]:
    """The definition set in plain values."""
    graph = DEFS.resolve_asset_graph()
    nodes = {key.to_user_string(): graph.get(key) for key in graph.get_all_asset_keys()}
    return {
        "assets": {
            name: {
                "deps": sorted(key.to_user_string() for key in node.parent_keys),
                "group": node.group_name,
                "kinds": sorted(node.kinds),
                "tags": [f"{key}={value}" for key, value in sorted(node.tags.items()) if "/" not in key],
                "owners": list(node.owners),
                "pools": sorted(node.pools or ()),
                "external": node.is_external,
            }
            for name, node in sorted(nodes.items())
        },
        "checks": {
            spec.get_python_identifier(): "blocking" if spec.blocking else "not blocking"
            for definition in DEFS.asset_checks or ()
            if isinstance(definition, dg.AssetsDefinition)
            for spec in sorted(definition.check_specs, key=lambda spec: spec.get_python_identifier())
        },
        "jobs": {
            job.name: sorted(key.to_user_string() for key in job.asset_layer.executable_asset_keys)
            for job in sorted(DEFS.resolve_all_job_defs(), key=lambda job: job.name)
            if not job.name.startswith("__")
        },
        "schedules": {
            schedule.name: {
                "cron": schedule.cron_schedule,
                "time zone": schedule.execution_timezone,
                "job": schedule.job_name,
                "status": schedule.default_status.value,
            }
            for schedule in DEFS.schedules or ()
            if isinstance(schedule, dg.ScheduleDefinition)
        },
        "sensors": {sensor.name: sensor.default_status.value for sensor in DEFS.sensors or ()},
        "resources": sorted(DEFS.resources or ()),
    }


def columns_of(asset: str) -> list[dg.TableColumn]:
    schema = SPECS[asset].metadata["dagster/column_schema"]
    assert isinstance(schema, dg.TableSchema)
    return list(schema.columns)


def canonical_lineage(asset: str) -> dict[str, set[tuple[str, str]]]:
    lineage = SPECS[asset].metadata["dagster/column_lineage"]
    assert isinstance(lineage, dg.TableColumnLineage)
    return {
        column: {(dep.asset_key.to_user_string(), dep.column_name) for dep in deps}
        for column, deps in lineage.deps_by_column.items()
    }


def upstream_of(asset: str) -> set[str]:
    parents = {dep.asset_key.to_user_string() for dep in SPECS[asset].deps}
    return parents.union(*(upstream_of(parent) for parent in parents))


def links_in(text: str) -> set[tuple[str, str]]:
    links = LINK.findall(text)
    assert all(asset == target for asset, _, target in links)
    return {(asset, column) for asset, column, _ in links}


def test_the_definition_set_is_the_one_that_was_agreed() -> None:
    now = json.dumps(snapshot(), indent=2, ensure_ascii=False) + "\n"
    if os.environ.get("UPDATE_SNAPSHOT"):
        SNAPSHOT.write_text(now, encoding="utf-8")

    assert json.loads(now) == json.loads(SNAPSHOT.read_text(encoding="utf-8"))


def test_the_definition_set_loads() -> None:
    dg.Definitions.validate_loadable(DEFS)


def test_an_override_takes_the_place_of_a_resource() -> None:
    other = dg.ResourceDefinition.hardcoded_resource("other")

    resources = build_defs(Settings(), {"landing": other}).resources or {}

    assert resources["landing"] is other
    assert resources.keys() == (DEFS.resources or {}).keys()


def test_automation_is_off_unless_it_is_asked_for() -> None:
    quiet = build_defs(Settings())

    assert {s.default_status for s in quiet.schedules or () if isinstance(s, dg.ScheduleDefinition)} == {
        dg.DefaultScheduleStatus.STOPPED
    }
    assert {s.default_status for s in quiet.sensors or ()} == {dg.DefaultSensorStatus.STOPPED}


@pytest.mark.parametrize("name", SPECS)
def test_an_asset_says_what_it_is_and_where_it_belongs(name: str) -> None:
    spec = SPECS[name]

    assert spec.description
    assert spec.group_name not in (None, "default")
    assert spec.kinds


@pytest.mark.parametrize("name", OWN)
def test_an_asset_of_ours_is_answered_for_versioned_and_watched(name: str) -> None:
    spec = SPECS[name]

    assert spec.owners
    assert spec.code_version
    # An export comes when a person asks for one, and is never late.
    assert (spec.freshness_policy is None) is (name == "archive_activities")
    assert DEFS.resolve_asset_graph().get(spec.key).pools


@pytest.mark.parametrize("name", OWN)
def test_an_asset_links_to_the_lines_that_define_it(name: str) -> None:
    [reference] = SPECS[name].metadata["dagster/code_references"].code_references
    line = Path(reference.file_path).read_text(encoding="utf-8").splitlines()[reference.line_number - 1]

    # A mart is its SQL file; of any other asset the link leads to the decorator of its function.
    assert reference.line_number == 1 if reference.file_path.endswith(f"/{name}.sql") else "@" in line
    assert reference.file_path.endswith(".sql") is (name in {mart.name for mart in catalog.load()})


def test_an_asset_links_to_the_code_on_the_web_where_the_settings_say_where_it_is() -> None:
    online = build_defs(Settings(source_url="https://code.example.org/me/blob/main/"))
    specs = {spec.key.to_user_string(): spec for spec in online.resolve_all_asset_specs()}
    for name in OWN:
        [local] = SPECS[name].metadata["dagster/code_references"].code_references
        [reference] = specs[name].metadata["dagster/code_references"].code_references
        path = Path(local.file_path).relative_to(Path(__file__).parents[1]).as_posix()
        assert reference.url == f"https://code.example.org/me/blob/main/{path}#L{local.line_number}"
        assert reference.label == Path(path).name


@pytest.mark.parametrize("name", TABLES)
def test_every_column_of_a_table_has_a_type_and_a_meaning(name: str) -> None:
    assert SPECS[name].metadata["dagster/storage_kind"]
    for column in columns_of(name):
        assert column.type
        assert column.description, column.name
        first, _, _ = column.description.partition(" ")
        # A sentence begins with a capital; a column's name or a value keeps its own spelling.
        assert not first[0].islower() or "_" in first, column.description


@pytest.mark.parametrize("name", TABLES)
def test_a_unit_in_a_columns_name_is_the_unit_of_its_tag(name: str) -> None:
    for column in columns_of(name):
        if "_per_" in column.name or column.type == "boolean":
            continue
        suffixes = [suffix for suffix in UNIT_OF_SUFFIX if column.name.endswith(suffix)]
        for suffix in suffixes:
            assert column.tags.get("unit") == UNIT_OF_SUFFIX[suffix], column.name


@pytest.mark.parametrize("name", DERIVED)
def test_the_three_tellings_of_lineage_agree(name: str) -> None:
    canonical = canonical_lineage(name)
    table = SPECS[name].metadata["column_lineage"]
    assert isinstance(table, dg.MarkdownMetadataValue)
    rows = [line.split("|") for line in (table.md_str or "").splitlines()[2:]]

    assert {row[1].strip(): links_in(row[2]) for row in rows if links_in(row[2])} == canonical
    for column in columns_of(name):
        origins, described = canonical.get(column.name, set()), column.description or ""
        if len(origins) <= 4:
            assert links_in(described) == origins
        else:  # so many would drown the meaning: their number and their assets, each a link
            assert f"From {len(origins)} columns of" in described
            assert {asset for asset, _ in origins} == set(ASSET_LINK.findall(described))


@pytest.mark.parametrize("name", DERIVED)
def test_every_column_that_lineage_names_exists_upstream(name: str) -> None:
    for origins in canonical_lineage(name).values():
        for asset, column in origins:
            assert asset in upstream_of(name)
            assert column in {c.name for c in columns_of(asset)}


def test_the_groups_form_a_line() -> None:
    """The UI draws a group as one box; arrows between boxes never run backwards."""
    line = ["sources", "ingest", "warehouse", "recordings", "marts", "published", "report"]

    assert {spec.group_name for spec in SPECS.values()} == set(line)
    backwards = [
        (parent, name)
        for name, spec in SPECS.items()
        for dep in spec.deps
        if line.index(str(SPECS[parent := dep.asset_key.to_user_string()].group_name))
        > line.index(str(spec.group_name))
    ]
    assert backwards == []


def test_every_mart_tells_its_lineage() -> None:
    marts = [name for name, spec in SPECS.items() if spec.group_name == "marts" and "sql" in spec.kinds]

    assert marts
    assert set(marts) <= set(DERIVED)


def test_jobs_checks_schedules_and_sensors_are_described() -> None:
    checks = [
        spec
        for definition in DEFS.asset_checks or ()
        if isinstance(definition, dg.AssetsDefinition)
        for spec in definition.check_specs
    ]
    jobs = [job for job in DEFS.resolve_all_job_defs() if not job.name.startswith("__")]

    for described in [*checks, *jobs, *(DEFS.schedules or ()), *(DEFS.sensors or ())]:
        assert getattr(described, "description", None), described

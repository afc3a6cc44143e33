"""The Power BI project: the model as Microsoft's own parser reads it, the report against its schemas."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
from referencing import Registry, Resource

from strava_assets.bi.charts import CHARTS
from strava_assets.bi.pbir import object_name, report
from strava_assets.bi.powerbi import project_files
from strava_assets.bi.sources import power_bi_source
from strava_assets.bi.tables import exported_tables
from strava_assets.bi.tmdl import CALENDAR, table_measures
from strava_assets.errors import ConfigurationError
from strava_assets.marts.ratio import SUM

if TYPE_CHECKING:
    from collections.abc import Callable

    from strava_assets.bi.charts import Chart

EXPORTED = {table.name: table for table in exported_tables()}
TOOLS = Path(__file__).parents[2] / ".tools"
PARSER = TOOLS / "powerbi" / "ReadModel.exe"
MODEL = "strava_assets.SemanticModel/definition"
NODE = TOOLS / "powerbi" / "node"
ADDRESSES = (
    "/data/published",
    'C:\\my "own"\\published',
    "https://example.org/published",
    "abfss://strava@account.dfs.core.windows.net/published",
)
EXCERPTS = Path(__file__).parent / "schemas"
needs_parser = pytest.mark.skipif(
    not PARSER.exists() or shutil.which("mono") is None,
    reason="Microsoft's parser of Power BI models or Mono is not here: make tools-powerbi",
)


def write(folder: Path, address: str = "/data/published") -> Path:
    """The project in a folder; returns the model's part of it."""
    for path, text in project_files(power_bi_source(address)).items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    return folder / MODEL


def read(model: Path) -> list[list[str]]:
    """What Microsoft's TmdlSerializer finds in a model, or the error that it ends with."""
    answer = subprocess.run(  # noqa: S603 - our own program
        ["mono", str(PARSER), str(model)],  # noqa: S607 - as installed
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert not answer.stderr.strip(), answer.stderr
    return [line.split("\t") for line in answer.stdout.splitlines()]


@needs_parser
def test_microsofts_parser_reads_the_whole_model(tmp_path: Path) -> None:
    lines = read(write(tmp_path, "abfss://strava@account.dfs.core.windows.net/published"))
    records: dict[str, list[list[str]]] = {}
    for kind, *fields in lines:
        records.setdefault(kind, []).append(fields)
    assert records["model"] == [["1601", "True"]]
    assert {name: text for name, text in records["table"] if name != CALENDAR} == {
        table.name: table.mart.description for table in EXPORTED.values()
    }
    columns = {(table, name): fields for table, name, *fields in records["column"] if table != CALENDAR}
    wanted = {(table.name, column.name): column for table in EXPORTED.values() for column in table.columns}
    assert set(columns) == set(wanted)
    for key, (data_type, summarized, hidden, shape, text) in columns.items():
        column = wanted[key]
        assert (summarized, hidden) == ("None", str(column.summary == SUM))
        assert text == (f"[{column.unit}] {column.meaning}" if column.unit else column.meaning)
        assert data_type in {"String", "Int64", "Double", "Boolean", "DateTime"}
        assert bool(shape) == (data_type in {"Int64", "Double", "DateTime"})
    assert [name for name, *_ in records["measure"] if name not in EXPORTED] == []
    assert {name for _, name, *_ in records["measure"]} == {
        measure.name for table in EXPORTED.values() for measure in table_measures(table)
    }
    assert {(table, kind) for table, kind in records["partition"]} == {
        *((name, "M") for name in EXPORTED),
        (CALENDAR, "Calculated"),
    }
    assert sorted(records["relationship"]) == sorted(
        [table.name, table.calendar_column, CALENDAR, "Date"]
        for table in EXPORTED.values()
        if table.calendar_column
    )


@needs_parser
@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda text: text.replace("dataType: dateTime", "dataType: date", 1), "weekly_watts"),
        (lambda text: text.replace("\t\tsummarizeBy: none", "\t\tsummarise: none", 1), "weekly_watts"),
        (lambda text: text.replace("\tpartition", "partition", 1), "weekly_watts"),
    ],
)
def test_microsofts_parser_refuses_a_wrong_model(
    tmp_path: Path, change: Callable[[str], str], complaint: str
) -> None:
    model = write(tmp_path)
    file = model / "tables" / "weekly_watts.tmdl"
    text = file.read_text(encoding="utf-8")
    assert change(text) != text
    file.write_text(change(text), encoding="utf-8")
    [[kind, _, message]] = read(model)
    assert kind == "error"
    assert complaint in message


def m_errors(*expressions: str) -> list[str]:
    """What Microsoft's parser of Power Query finds wrong with each expression; empty where nothing."""
    answer = subprocess.run(
        ["node", "parse_m.js"],  # noqa: S607 - as installed
        cwd=NODE,
        input=json.dumps(expressions),
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    errors: list[str] = json.loads(answer.stdout)
    return errors


@pytest.mark.skipif(
    not (NODE / "node_modules").is_dir(),
    reason="Microsoft's parser of Power Query is not here: make tools-powerbi",
)
def test_microsofts_parser_takes_every_query() -> None:
    columns = [column.name for column in EXPORTED["weekly_watts"].columns]
    for address in ADDRESSES:
        source = power_bi_source(address)
        query = source.query("weekly_watts", columns)
        value = source.parameter().partition("expression PublishedAddress = ")[2]
        assert m_errors(query, value) == ["", ""], address
        assert all(m_errors(query.replace("in\n", ",\nin\n"), value.replace("]", "")))


def test_every_measure_names_columns_of_its_own_table(tmp_path: Path) -> None:
    model = write(tmp_path)
    checked = 0
    for table in EXPORTED.values():
        text = (model / "tables" / f"{table.name}.tmdl").read_text(encoding="utf-8")
        columns = set(re.findall(r"^\tcolumn (\w+)$", text, re.MULTILINE))
        assert columns == {column.name for column in table.columns}
        for formula in re.findall(r"^\tmeasure '[^']+' = (.+)$", text, re.MULTILINE):
            references = re.findall(r"'(\w+)'\[(\w+)\]", formula)
            assert references
            assert {home for home, _ in references} == {table.name}
            assert {name for _, name in references} <= columns
            checked += 1
    assert checked > 100


def test_the_calendar_reaches_over_every_date(tmp_path: Path) -> None:
    text = (write(tmp_path) / "tables" / f"{CALENDAR}.tmdl").read_text(encoding="utf-8")
    for table in EXPORTED.values():
        if table.calendar_column:
            assert text.count(f"'{table.name}'[{table.calendar_column}]") == 2


def visual_of(chart: Chart) -> dict[str, Any]:
    """The visual of a chart."""
    files = report(EXPORTED)
    [visual] = [files[path] for path in files if path.endswith(f"/{object_name(chart.name)}/visual.json")]
    return visual


def schemas() -> Registry[Any]:
    """Microsoft's schemas: of the files as the tools got them, of what lies inside a visual as an excerpt."""
    files = [*(TOOLS / "powerbi" / "schemas").glob("fabric__*.json"), *EXCERPTS.glob("*.json")]
    documents = [json.loads(file.read_text(encoding="utf-8")) for file in files]
    return Registry().with_resources((each["$id"], Resource.from_contents(each)) for each in documents)


def complaints(document: dict[str, Any], registry: Registry[Any]) -> list[str]:
    """What is wrong with a document by the schema that it names."""
    validator = jsonschema.Draft7Validator({"$ref": document["$schema"]}, registry=registry)
    return [error.message for error in validator.iter_errors(document)]


needs_schemas = pytest.mark.skipif(
    not (TOOLS / "powerbi" / "schemas").is_dir(),
    reason="Microsoft's schemas are not here: make tools-powerbi",
)


@needs_schemas
def test_every_document_fits_the_schema_that_it_names() -> None:
    registry = schemas()
    documents = {
        path: json.loads(text)
        for path, text in project_files(power_bi_source("/data/published")).items()
        if not path.endswith(".tmdl")
    }
    assert len(documents) == 11
    assert {path: wrong for path, each in documents.items() if (wrong := complaints(each, registry))} == {}


@needs_schemas
@pytest.mark.parametrize(
    "change",
    [
        lambda visual: visual["visual"].update(visualTyp="lineChart"),
        lambda visual: visual["visual"].pop("visualType"),
        lambda visual: visual["visual"]["query"]["queryState"]["Y"]["projections"][0].pop("field"),
        lambda visual: visual["visual"]["query"]["queryState"]["Y"]["projections"][0]["field"].update(
            Column={}
        ),
        lambda visual: visual["position"].pop("width"),
        lambda visual: visual["visual"]["query"]["sortDefinition"]["sort"][0].update(direction="Up"),
    ],
)
def test_a_wrong_visual_does_not_fit(change: Callable[[dict[str, Any]], object]) -> None:
    visual = deepcopy(visual_of(CHARTS[0]))
    registry = schemas()
    assert complaints(visual, registry) == []
    change(visual)
    assert complaints(visual, registry)


def test_the_visuals_show_measures_of_the_model() -> None:
    for chart in CHARTS:
        visual = visual_of(chart)["visual"]
        projections = [
            each for role in visual["query"]["queryState"].values() for each in role["projections"]
        ]
        assert len(projections) == 1 + len(chart.series)
        table = EXPORTED[chart.mart]
        names = {measure.name for measure in table_measures(table)} | {c.name for c in table.columns}
        for projection in projections:
            [field] = projection["field"].values()
            assert field["Expression"] == {"SourceRef": {"Entity": chart.mart}}
            assert field["Property"] in names


@pytest.mark.parametrize(
    ("address", "query"),
    [
        (
            "/data/published/",
            'Parquet.Document(File.Contents(PublishedAddress & "/gear_use/gear_use.parquet"))',
        ),
        (
            "C:\\strava\\published",
            'Parquet.Document(File.Contents(PublishedAddress & "\\gear_use\\gear_use.parquet"))',
        ),
        (
            "https://example.org/published",
            'Parquet.Document(Web.Contents(PublishedAddress & "/gear_use/gear_use.parquet"))',
        ),
        (
            "abfss://strava@account.dfs.core.windows.net/published",
            (
                'DeltaLake.Table(AzureStorage.DataLake(PublishedAddress & "/gear_use", '
                "[HierarchicalNavigation = true]))"
            ),
        ),
    ],
)
def test_each_address_has_its_connector(address: str, query: str) -> None:
    assert f"Content = {query}," in power_bi_source(address).query("gear_use", ["gear_id"])


def test_azures_address_is_the_one_that_power_bi_takes() -> None:
    source = power_bi_source("abfss://strava@account.dfs.core.windows.net/published/")
    assert source.address == "https://account.dfs.core.windows.net/strava/published"
    assert 'expression PublishedAddress = "https://account' in source.parameter()


@pytest.mark.parametrize(
    "address",
    [
        *(
            "",
            "  ",
            "a\nb",
            "s3://bucket/published",
            "gs://bucket",
            "https://[host",
            "https://host/p?sig=hush",
        ),
        *("https://me:hush@host/p", "https://host/p#hush", "abfss://strava@account/p?sv=hush"),
    ],
)
def test_an_address_that_cannot_be_read_or_holds_a_secret_is_refused(address: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        power_bi_source(address)
    assert "hush" not in str(refused.value)
    assert refused.value.remedy

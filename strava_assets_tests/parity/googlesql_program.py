"""Google's own SQL analyzer and reference evaluator as a program, in an environment of its own.

It reads one JSON document from its input (tables with their rows, statements in order) and writes one to its
output (for each statement an error, or columns and rows). Dates travel as days since 1970, instants as text;
types that no evaluated statement reads travel as NULL.
"""
# The analyzer's package is in its own environment, where mypy does not look.
# mypy: disable-error-code="import-not-found,import-untyped"

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import wasmtime
from google.protobuf.timestamp_pb2 import Timestamp
from zetasql import types
from zetasql.api import Analyzer, CatalogBuilder, PreparedQuery, TableBuilder
from zetasql.types import ResolvedNodeKind as Kind
from zetasql.types import TypeKind

TYPES = {
    "STRING": (TypeKind.TYPE_STRING, "string_value"),
    "INT64": (TypeKind.TYPE_INT64, "int64_value"),
    "FLOAT64": (TypeKind.TYPE_DOUBLE, "double_value"),
    "BOOL": (TypeKind.TYPE_BOOL, "bool_value"),
    "DATE": (TypeKind.TYPE_DATE, "date_value"),
    "DATETIME": (TypeKind.TYPE_DATETIME, ""),
    "TIMESTAMP": (TypeKind.TYPE_TIMESTAMP, "timestamp_value"),
    "JSON": (TypeKind.TYPE_JSON, ""),
}
FIELDS = dict(TYPES.values())
NAMES = {kind: name for name, (kind, _) in TYPES.items()}
STATEMENTS = [
    Kind.RESOLVED_QUERY_STMT,
    Kind.RESOLVED_CREATE_TABLE_AS_SELECT_STMT,
    Kind.RESOLVED_CREATE_VIEW_STMT,
    Kind.RESOLVED_CREATE_EXTERNAL_TABLE_STMT,
    Kind.RESOLVED_AUX_LOAD_DATA_STMT,
    Kind.RESOLVED_MERGE_STMT,
    Kind.RESOLVED_INSERT_STMT,
    Kind.RESOLVED_UPDATE_STMT,
    Kind.RESOLVED_DELETE_STMT,
]

_compile = wasmtime.Module.from_file


def compiled_once(engine: Any, path: str) -> Any:
    """The analyzer's machine code, which takes a minute to make and is kept beside its source."""
    compiled = Path(path).with_suffix(".compiled")
    if compiled.exists():
        return wasmtime.Module.deserialize_file(engine, str(compiled))
    module = _compile(engine, path)
    compiled.write_bytes(module.serialize())
    return module


def bigquerys_language() -> Any:
    """As BigQuery: its product mode, its names of types, QUALIFY a reserved word.

    All released features are on, and so a few that BigQuery does not have.
    """
    language = types.LanguageOptions.maximum_features()
    language.product_mode = types.ProductMode.PRODUCT_EXTERNAL
    # Off by default and on in BigQuery, whose views' columns take descriptions, whose files lie in folders.
    language.enabled_language_features += [
        types.LanguageFeature.FEATURE_CREATE_VIEWS_WITH_COLUMN_OPTIONS,
        types.LanguageFeature.FEATURE_CREATE_EXTERNAL_TABLE_WITH_PARTITION_COLUMNS,
    ]
    language.reserved_keywords = ["QUALIFY"]
    language.supported_statement_kinds = STATEMENTS
    return language


class Witness:
    """Tables, and statements about them."""

    def __init__(self) -> None:
        self.language = bigquerys_language()
        self.columns: dict[str, dict[str, Any]] = {}
        self.contents: dict[str, Any] = {}
        self._catalog: Any = None

    def put(self, name: str, columns: dict[str, str], rows: list[list[Any]]) -> None:
        """Add a table."""
        self._catalog = None
        self.columns[name] = {column: TYPES[type_name][0] for column, type_name in columns.items()}
        fields = [TYPES[type_name][1] for type_name in columns.values()]
        self.contents[name] = _content(
            [
                [
                    types.Value(**{field: _arrived(field, value)})
                    if field and value is not None
                    else types.Value()
                    for field, value in zip(fields, row, strict=True)
                ]
                for row in rows
            ]
        )

    def catalog(self) -> Any:
        """The catalog of the tables for the analyzer, cached until a table is added."""
        if self._catalog:
            return self._catalog
        builder = CatalogBuilder("dataset")
        for name, columns in self.columns.items():
            table = TableBuilder(name)
            for column, kind in columns.items():
                table = table.add_column(column, kind)
            builder = builder.add_table(table.build())
        functions = types.ZetaSQLBuiltinFunctionOptions(language_options=self.language)
        self._catalog = builder.with_builtin_functions(functions).build()
        return self._catalog

    def options(self, params: dict[str, str]) -> Any:
        """The analyzer's options, with the parameters' types (`ARRAY<…>` for lists)."""
        options = types.AnalyzerOptions(language_options=self.language)
        options.query_parameters = [
            types.AnalyzerOptions.QueryParameter(name=name, type=_type(type_name))
            for name, type_name in params.items()
        ]
        return options

    def answer(self, statement: dict[str, Any]) -> dict[str, Any]:
        """What becomes of a statement: analyzed, or evaluated where its rows are asked for."""
        options = self.options(statement.get("params", {}))
        if not statement.get("evaluated"):
            Analyzer(options, self.catalog()).analyze_statement(statement["sql"])
            return {}
        builder = PreparedQuery.builder().set_sql(statement["sql"]).set_analyzer_options(options)
        builder = builder.set_catalog(self.catalog()).set_table_content(self.contents)
        with builder.prepare() as query:
            columns = {column.name: column.type.type_kind for column in query.columns}
            rows = query.execute().content.table_data.row
        if statement.get("kept_as"):
            self._catalog = None
            self.columns[statement["kept_as"]] = columns
            self.contents[statement["kept_as"]] = _content([row.cell for row in rows])
        fields = [FIELDS[kind] for kind in columns.values()]
        return {
            "columns": {name: NAMES[kind] for name, kind in columns.items()},
            "rows": [
                [getattr(cell, field) for cell, field in zip(row.cell, fields, strict=True)] for row in rows
            ],
        }


def _arrived(field: str, value: Any) -> Any:
    if field != "timestamp_value":
        return value
    instant = Timestamp()
    instant.FromJsonString(value)
    return instant


def _content(rows: list[list[Any]]) -> Any:
    return types.TableContent(
        table_data=types.TableData(row=[types.TableData.Row(cell=list(cells)) for cells in rows])
    )


def _type(name: str) -> Any:
    if name.startswith("ARRAY<"):
        element = _type(name.removeprefix("ARRAY<").removesuffix(">"))
        return types.Type(type_kind=TypeKind.TYPE_ARRAY, array_type=types.ArrayType(element_type=element))
    return types.Type(type_kind=TYPES[name][0])


def main() -> None:
    """Answer the document on the input."""
    wasmtime.Module.from_file = compiled_once
    request = json.load(sys.stdin)
    witness = Witness()
    for name, table in request["tables"].items():
        witness.put(name, table["columns"], table["rows"])
    answers = []
    for statement in request["statements"]:
        try:
            answers.append(witness.answer(statement))
        except Exception as error:  # noqa: BLE001 -- whatever the analyzer says is the answer
            answers.append({"error": str(error)})
    json.dump(answers, sys.stdout)


if __name__ == "__main__":
    main()

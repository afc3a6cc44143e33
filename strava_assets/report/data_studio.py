"""Addresses that open Data Studio (named Looker Studio from 2022 to 2026) with a table already connected.

Nothing here asks Google anything. The parameters are those of Data Studio's Linking API,
https://developers.google.com/looker-studio/integrate/linking-api: a link makes the data source and an empty
report on it; charts cannot be made from outside.
"""

from __future__ import annotations

from urllib.parse import urlencode

CREATE = "https://datastudio.google.com/reporting/create"


def create_report_link(project: str, dataset: str, table: str, name: str) -> str:
    """The address that opens a new report on one BigQuery table, in the name of who opens it.

    Args:
        project: the Google Cloud project, which is also billed for what the report reads.
        dataset: the dataset's name.
        table: the table's name.
        name: what report and data source are called.
    """
    # With one source and no template its parameters take no alias: `ds.ds0.…` would be refused.
    parameters = {
        "r.reportName": name,
        "ds.connector": "bigQuery",
        "ds.datasourceName": name,
        "ds.type": "TABLE",
        "ds.projectId": project,
        "ds.datasetId": dataset,
        "ds.tableId": table,
        "ds.billingProjectId": project,
    }
    return f"{CREATE}?{urlencode(parameters)}"

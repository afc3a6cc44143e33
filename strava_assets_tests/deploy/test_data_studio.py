"""A link that opens Data Studio on a table."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from strava_assets.marts import catalog
from strava_assets.report.data_studio import create_report_link


def test_a_link_names_the_table_who_pays_and_the_report() -> None:
    link = urlsplit(create_report_link("my-rides-123", "strava", "weekly_watts", "Weekly watts"))
    assert (link.scheme, link.netloc, link.path) == ("https", "datastudio.google.com", "/reporting/create")
    assert parse_qs(link.query, strict_parsing=True) == {
        "r.reportName": ["Weekly watts"],
        "ds.connector": ["bigQuery"],
        "ds.datasourceName": ["Weekly watts"],
        "ds.type": ["TABLE"],
        "ds.projectId": ["my-rides-123"],
        "ds.datasetId": ["strava"],
        "ds.tableId": ["weekly_watts"],
        "ds.billingProjectId": ["my-rides-123"],
    }


@pytest.mark.parametrize("name", ["Watts & hours", "50 % more?", "Fürstenweg = 🚴", "a+b#c"])
def test_whatever_a_report_is_called_arrives_as_it_was_written(name: str) -> None:
    link = create_report_link("my-rides-123", "strava", "weekly_watts", name)
    assert link.isascii()
    assert parse_qs(urlsplit(link).query)["r.reportName"] == [name]


def test_every_mart_has_a_link_of_its_own() -> None:
    names = [mart.name for mart in catalog.load()]
    assert len({create_report_link("p", "d", name, name) for name in names}) == len(names) > 1

"""Where a tool reads the published marts from; a default stands here and nowhere else.

An address is written into files that are shared, so one that carries a secret is refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from strava_assets.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterable

PARAMETER = "PublishedAddress"
"""The parameter of the Power BI model that holds the address, so that it can be changed in one place."""
DEFAULT_CATALOG = "strava"
DEFAULT_WORKGROUP = "primary"
DEFAULT_REGION = "us-east-1"
_AZURE = re.compile(r"abfss?://(?P<container>[^/@]+)@(?P<host>[\w.-]+)(?P<path>/.*)?")
_AZURE_HTTPS = re.compile(r"https://[^/]+\.dfs\.")
"""Azure's storage, and OneLake of Fabric, whose account is `onelake`."""


@dataclass(frozen=True)
class PowerBISource:
    """Published tables as Power BI reads them: Delta on Azure's storage, one Parquet file a mart elsewhere.

    Args:
        address: the folder of all tables, as Power BI on the reader's machine sees it.
        is_delta: whether the tables are Delta.
    """

    address: str
    is_delta: bool

    def parameter(self) -> str:
        """The model's parameter with the address."""
        # The grammar of M's strings: a quote is doubled, and `#(` begins an escape sequence.
        text = self.address.replace("#(", "#(#)(").replace('"', '""')
        properties = 'IsParameterQuery=true, Type="Text", IsParameterQueryRequired=true'
        return (
            f'/// the folder of all published tables\nexpression {PARAMETER} = "{text}" meta [{properties}]\n'
        )

    def query(self, mart: str, columns: Iterable[str]) -> str:
        """The M query of one table, with the columns that are handed out."""
        if self.is_delta:
            folder = f'{PARAMETER} & "/{mart}", [HierarchicalNavigation = true]'
            content = f"DeltaLake.Table(AzureStorage.DataLake({folder}))"
        elif self.address.startswith("https://"):
            content = f'Parquet.Document(Web.Contents({PARAMETER} & "/{mart}/{mart}.parquet"))'
        else:
            separator = "\\" if "\\" in self.address else "/"
            path = f"{separator}{mart}{separator}{mart}.parquet"
            content = f'Parquet.Document(File.Contents({PARAMETER} & "{path}"))'
        names = ", ".join(f'"{name}"' for name in columns)
        columns_only = f"Table.SelectColumns(Content, {{{names}}})"
        return f"let\n\tContent = {content},\n\tColumns = {columns_only}\nin\n\tColumns"


def power_bi_source(address: str) -> PowerBISource:
    """The source for an address, as it is published to: a folder, an https address or one of Azure's storage.

    Raises:
        ConfigurationError: Power BI cannot read it, or it carries a secret.
    """
    check_address(address)
    if match := _AZURE.fullmatch(address):
        path = (match["path"] or "").rstrip("/")
        return PowerBISource(f"https://{match['host']}/{match['container']}{path}", is_delta=True)
    if "://" in address and not address.startswith("https://"):
        raise ConfigurationError(
            f"Power BI has no connector for {address.partition('://')[0]}:// addresses.",
            means="The project would open without data.",
            remedy="Name a folder, an https:// address, or abfss://container@account.dfs.core.windows.net/path.",
        )
    return PowerBISource(address.rstrip("/\\"), is_delta=bool(_AZURE_HTTPS.match(address)))


def check_address(address: str) -> None:
    """Refuse an address that cannot stand in a file which is shared.

    Raises:
        ConfigurationError: it is empty, has control characters, or carries a secret.
    """
    if not address.strip() or not address.isprintable():
        raise ConfigurationError(
            "The address of the published tables is empty or has characters that cannot be printed.",
            remedy="Name the folder or address that the tables are published to.",
        )
    # A Windows path is not an address, whatever stands in it.
    if "://" not in address:
        return
    try:
        parts = urlsplit(address)
    except ValueError as error:
        raise ConfigurationError(
            "The address of the published tables cannot be read as one.",
            remedy="Name the folder or address that the tables are published to.",
        ) from error
    has_user = bool(parts.username) and not _AZURE.fullmatch(address)
    if parts.query or parts.fragment or parts.password or has_user:
        raise ConfigurationError(
            "The address of the published tables carries a query, a fragment or a password.",
            means="It would be written into files that are shared, and such addresses usually hold a secret.",
            remedy="Name the address without it; each tool asks its user to sign in.",
        )

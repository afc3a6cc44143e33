"""S3 on moto, Azure's storage on Azurite and Google's on its emulator, with an empty bucket each."""

from strava_assets_tests.deploy.conftest import running_storage, storage
from strava_assets_tests.published.conftest import amazon, azure, use

__all__ = ["amazon", "azure", "running_storage", "storage", "use"]

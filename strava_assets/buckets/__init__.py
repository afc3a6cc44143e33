"""What fsspec cannot do with a bucket: writes under a precondition, and old versions of objects.

One module a cloud, each with a `Bucket`; `kinds.py` registers them by the schemes of their addresses. Reading
and writing files belongs into `storage_folder.py`, which every filesystem can do.
"""

from __future__ import annotations

from strava_assets.buckets.bucket import Bucket, ObjectReplacedError, Retention
from strava_assets.buckets.kinds import SCHEMES, open_bucket

__all__ = ["SCHEMES", "Bucket", "ObjectReplacedError", "Retention", "open_bucket"]

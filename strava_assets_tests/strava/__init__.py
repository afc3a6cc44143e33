"""The API without Dagster, over real HTTP on loopback."""

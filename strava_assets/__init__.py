"""A Strava history that its athlete owns, as software-defined assets on Dagster."""

__version__ = "0.1.0"

"""Which sport types count together, as in Strava's totals."""

from __future__ import annotations

RIDES = frozenset({"Ride", "VirtualRide", "GravelRide", "MountainBikeRide"})
"""Rides of Strava's totals; e-bikes have totals of their own, which the API does not give."""

E_BIKE_RIDES = frozenset({"EBikeRide", "EMountainBikeRide"})
RUNS = frozenset({"Run", "TrailRun", "VirtualRun"})
SWIMS = frozenset({"Swim"})

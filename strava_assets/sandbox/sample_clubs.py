"""The sample athlete's clubs, as the profile and GET /athlete/clubs list them."""

from __future__ import annotations

from typing import Any

SAMPLE_CLUBS: tuple[dict[str, Any], ...] = (
    {
        "id": 231_407,
        "resource_state": 2,
        "name": "Plateau Wheelers",
        "profile_medium": "avatar/club/medium.png",
        "profile": "avatar/club/large.png",
        "cover_photo": None,
        "cover_photo_small": None,
        "activity_types": ["Ride", "VirtualRide"],
        "sport_type": "cycling",
        "city": "",
        "state": "",
        "country": "",
        "private": False,
        "member_count": 87,
        "featured": False,
        "verified": False,
        "url": "plateau-wheelers",
        "membership": "member",
        "admin": False,
        "owner": False,
    },
    {
        "id": 418_122,
        "resource_state": 2,
        "name": "Sunday Trails",
        "profile_medium": "avatar/club/medium.png",
        "profile": "avatar/club/large.png",
        "cover_photo": None,
        "cover_photo_small": None,
        "activity_types": ["Run", "Hike"],
        "sport_type": "running",
        "city": "",
        "state": "",
        "country": "",
        "private": True,
        "member_count": 14,
        "featured": False,
        "verified": False,
        "url": "sunday-trails",
        "membership": "member",
        "admin": False,
        "owner": False,
    },
)

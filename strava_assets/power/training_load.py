"""Training load of a ride's power: intensity relative to the threshold, and training stress."""

from __future__ import annotations


def intensity_factor(normalized_power_w: float, ftp_w: float) -> float:
    """Normalized power divided by functional threshold power; 1 can be sustained for about an hour."""
    return normalized_power_w / ftp_w


def training_stress_score(normalized_power_w: float, ftp_w: float, seconds: float) -> float:
    """Hours times the squared intensity times 100: an hour at FTP is 100 points.

    Source: Allen & Coggan, Training and Racing with a Power Meter, chapter 7.

    Args:
        normalized_power_w: of the ride, W.
        ftp_w: of the day, W.
        seconds: recorded time without pauses.
    """
    return seconds / 36 * intensity_factor(normalized_power_w, ftp_w) ** 2

"""Tests, in rooms that mirror the package's; what concerns the platform as a whole stands here."""

"""The marts: against a second implementation, hand-worked numbers, calendars and bad input."""

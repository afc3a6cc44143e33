"""Webhooks: the receiver, the runs that its events start, and the commands."""

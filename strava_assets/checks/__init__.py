"""Asset checks, by table: what is measured, against what, and whether a finding stops what follows.

A check is a query with a threshold. It reads the tables as they are and knows nothing of how they were made.
"""

"""Power cuts, kills and failing disks at every file call of everything that is written to disk."""

"""How runs are executed: locks, pools, killed runs, records that are removed."""

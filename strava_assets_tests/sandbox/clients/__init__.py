"""Other people's Strava clients, unmodified, against the sandbox; `make tools-clients` installs them."""

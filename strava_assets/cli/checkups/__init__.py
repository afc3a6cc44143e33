"""What `strava-assets doctor` looks at, one file a subject. Each look yields findings and repairs nothing."""

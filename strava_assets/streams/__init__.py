"""The seconds of a ride in Parquet files: what a recording is, how it is kept, found and removed."""

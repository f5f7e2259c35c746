"""All that was heard of markets: recent rows in SQLite, months in Parquet, one index over both."""

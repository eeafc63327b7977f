"""What DuckDB and pandas see in the files of cells."""

import json
import sys

import duckdb

files = sys.argv[1]
cells = f"read_parquet('{files}')"
described = duckdb.sql(f"DESCRIBE SELECT * FROM {cells}").fetchall()
hours = duckdb.sql(
    f"SELECT avg(voltage_mean::DOUBLE) FROM {cells} WHERE cell = 131 AND timestamp < '2026-03-02' "
    "GROUP BY hour(timestamp) ORDER BY hour(timestamp)"
).fetchall()
print(
    json.dumps(
        {
            "columns": [row[0] for row in described],
            "type": described[0][1],
            "cells": duckdb.sql(f"SELECT count(DISTINCT cell) FROM {cells}").fetchall()[0][0],
            "hours_of_131": [row[0] for row in hours],
        }
    )
)

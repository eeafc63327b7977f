"""Writes the same sixty rows with every codec that DuckDB has, newest first.

Usage: duckdb_codecs.py FOLDER
"""
import sys

import duckdb

folder = sys.argv[1]
con = duckdb.connect()
con.execute("""
CREATE TABLE telemetry AS
SELECT TIMESTAMP '2026-10-24 22:30:00' + to_milliseconds(200 * i) AS timestamp,
       (80 - i / 100)::DECIMAL(9, 2) AS soc, 832.5::DOUBLE AS pack_voltage, (12.25 - i)::FLOAT AS pack_current
FROM range(60) AS numbers(i)
""")
for codec in ["uncompressed", "snappy", "gzip", "zstd", "brotli", "lz4", "lz4_raw"]:
    con.execute(f"COPY (FROM telemetry ORDER BY timestamp DESC) TO '{folder}/{codec}.parquet' (COMPRESSION {codec})")
    print(codec)

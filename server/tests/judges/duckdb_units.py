"""Writes one row in units of other programs: shares of 1, degrees Fahrenheit, kelvins.

Usage: duckdb_units.py FILE
"""
import sys

import duckdb

con = duckdb.connect()
con.execute(f"""
COPY (SELECT TIMESTAMP '2026-10-24 22:30:00' AS timestamp, 0.8::DOUBLE AS "soc [1]", 0.8325::DOUBLE AS "pack_voltage [kV]",
             77.0::DOUBLE AS "max_cell_temp (°F)", 298.15::DOUBLE AS "cell_temperature_min [K]")
TO '{sys.argv[1]}' (FORMAT parquet)
""")

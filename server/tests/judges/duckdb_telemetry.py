"""What DuckDB makes of sealed history: python duckdb_telemetry.py 'data/systems/hv/pack/*.parquet' prints JSON."""

import json
import sys

import duckdb

con = duckdb.connect()
con.execute("SET threads = 1")
con.execute(f"CREATE VIEW telemetry AS SELECT * FROM read_parquet('{sys.argv[1]}')")
columns = [row[:2] for row in con.execute("DESCRIBE telemetry").fetchall()]
rows, mean_v, std_v, net_wh = con.execute(
    """
    SELECT count(*), avg(pack_voltage::DOUBLE), stddev_samp(pack_voltage::DOUBLE),
           sum(pack_voltage::DOUBLE * pack_current::DOUBLE * 1.0) / 3600
    FROM telemetry
    """
).fetchone()
buckets = con.execute(
    """
    SELECT min(pack_voltage)::DOUBLE, max(pack_voltage)::DOUBLE FROM telemetry
    GROUP BY time_bucket(INTERVAL 20 MINUTE, timestamp) ORDER BY time_bucket(INTERVAL 20 MINUTE, timestamp)
    """
).fetchall()
print(
    json.dumps(
        {
            "columns": [name for name, _ in columns],
            "type": columns[0][1],
            "rows": rows,
            "mean_v": mean_v,
            "std_v": std_v,
            "net_wh": net_wh,
            "twenty_minutes": buckets,
        }
    )
)

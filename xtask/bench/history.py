"""The peers' side of the history benchmark: the same questions to DuckDB and SQLite, over the same rows.

python history.py FOLDER ANSWERS.json: FOLDER is a history of `packtwin generate`, ANSWERS what our program answered.
Prints one line for each question, medians of five, warm, in ms; fails if an answer differs by more than 1e-6.
"""

import glob
import json
import os
import sqlite3
import statistics
import sys
import tempfile
import time

import duckdb

folder, ours = sys.argv[1], json.load(open(sys.argv[2]))
files = f"{folder}/systems/hv/pack/*.parquet"
scratch = tempfile.mkdtemp(dir=folder)
columns = "timestamp, soc, pack_voltage, pack_current, min_cell_v, max_cell_temp"
day, step_us, from_us = ours["day_ms"] * 1000, ours["step_ms"] * 1000, ours["from_ms"] * 1000
limit = ours["sag_pct"]
end_us = from_us + 30 * 86_400_000_000


def median(ask, rounds=5):
    ask()
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        answer = ask()
        times.append((time.perf_counter() - start) * 1e3)
    return statistics.median(times), answer


con = duckdb.connect(f"{scratch}/peer.duckdb")
con.execute("SET threads = 2")
con.execute(f"CREATE TABLE telemetry AS SELECT {columns} FROM '{files}' ORDER BY timestamp")
con.execute("CHECKPOINT")
size_mb = os.path.getsize(f"{scratch}/peer.duckdb") / 1e6
names = ", ".join(f"'{name}'" for name in columns.split(", "))
(ours_mb,) = con.execute(
    f"SELECT sum(total_compressed_size) / 1e6 FROM parquet_metadata('{files}') WHERE path_in_schema IN ({names})"
).fetchone()
print(f"six columns: {ours_mb:.1f} MB in our files, {size_mb:.1f} MB as a table of DuckDB {duckdb.__version__}")

# The same columns on both sides: all that we keep.
whole = duckdb.connect(f"{scratch}/whole.duckdb")
whole.execute(f"CREATE TABLE telemetry AS SELECT * FROM '{files}' ORDER BY timestamp")
count = len(whole.execute("DESCRIBE telemetry").fetchall())
whole.close()
print(f"peer\thistory-disk\tDuckDB table, all {count} columns\t{os.path.getsize(f'{scratch}/whole.duckdb') / 1e6:.1f}")

QUESTIONS = {
    "history-energy-exact": "SELECT sum(pack_voltage::DOUBLE * pack_current * 0.2) / 3600000 FROM {t}",
    "history-hourly-exact": "SELECT hour(timestamp) AS h, avg(pack_current) FROM {t} GROUP BY h ORDER BY h",
    "history-sags": f"""WITH reading AS (
  SELECT timestamp, pack_voltage, epoch_ms(timestamp) // 1000 AS second FROM {{t}}
  WHERE epoch_us(timestamp) >= {day - 60_000_000} AND epoch_us(timestamp) < {day + 86_460_000_000}
), means AS (
  SELECT second, avg(pack_voltage)::FLOAT AS mean_v FROM reading GROUP BY second
), level AS (
  SELECT second, max(mean_v) OVER (ORDER BY second RANGE BETWEEN 29 PRECEDING AND 1 PRECEDING) AS level_v FROM means
), depth AS (
  SELECT timestamp, coalesce(100 * (level_v - pack_voltage) / level_v, 0) AS pct FROM reading JOIN level USING (second)
), state AS (
  SELECT *, coalesce(last_value(CASE WHEN pct > {limit}::FLOAT THEN 1 WHEN pct <= {0.7 * limit}::FLOAT THEN 0 END
    IGNORE NULLS) OVER (ORDER BY timestamp), 0) AS low FROM depth
), edge AS (
  SELECT *, low > lag(low, 1, 0) OVER (ORDER BY timestamp) AS begins FROM state
)
SELECT count(*) FILTER (begins), coalesce(max(pct) FILTER (low = 1), 0) FROM edge
WHERE epoch_us(timestamp) >= {day} AND epoch_us(timestamp) < {day + 86_400_000_000}""",
    "history-chart": f"SELECT (epoch_us(timestamp) - {from_us}) // {step_us} AS b, min(pack_voltage), max(pack_voltage)"
    " FROM {t} GROUP BY b ORDER BY b",
    "history-last-ten": "SELECT timestamp, pack_current FROM {t}"
    f" WHERE epoch_us(timestamp) >= {end_us - 600_000_000} ORDER BY timestamp",
}
answers = {}
for key, sql in QUESTIONS.items():
    for name, table in (("DuckDB table", "telemetry"), ("DuckDB on our Parquet", f"'{files}'")):
        ms, answers[key] = median(lambda: con.execute(sql.format(t=table)).fetchall())
        print(f"peer\t{key}\t{name}\t{ms:.2f}")


def close(what, a, b):
    if abs(a - b) > 1e-6 * max(abs(a), abs(b), 1e-9):
        sys.exit(f"{what} differs: ours {a}, DuckDB {b}")


rows = con.execute("SELECT count(*) FROM telemetry").fetchone()[0]
close("rows", ours["rows"], rows)
energy = answers["history-energy-exact"][0][0]
close("energy, by rollup", ours["energy_kwh"], energy)
close("energy, row by row", ours["energy_exact_kwh"], energy)
for hour, mean in answers["history-hourly-exact"]:
    close(f"mean current at {hour} h", ours["hourly"][hour], mean)
close("number of sags", ours["sags"], answers["history-sags"][0][0])
if ours["sags"]:
    close("deepest sag", round(ours["deepest"], 3), round(answers["history-sags"][0][1], 3))
close("rows of ten minutes", ours["last_ten"], len(answers["history-last-ten"]))
for (low, high), (_, peer_low, peer_high) in zip(ours["extremes"], answers["history-chart"], strict=True):
    close("lowest of a step", low, peer_low)
    close("highest of a step", high, peer_high)
print("answers agree with DuckDB's to 1e-6")

lite = sqlite3.connect(f"{scratch}/peer.sqlite")
lite.execute("PRAGMA journal_mode = WAL")
lite.execute("PRAGMA cache_size = -1500000")
lite.execute("CREATE TABLE telemetry (timestamp INTEGER PRIMARY KEY, pack_voltage REAL, pack_current REAL)")
for file in sorted(glob.glob(files)):
    batch = con.execute(f"SELECT epoch_us(timestamp), pack_voltage, pack_current FROM '{file}'").fetchall()
    lite.executemany("INSERT INTO telemetry VALUES (?, ?, ?)", batch)
    lite.commit()
SQLITE = {
    "history-energy-exact": "SELECT sum(pack_voltage * pack_current * 0.2) / 3600000 FROM telemetry",
    "history-hourly-exact": "SELECT timestamp / 3600000000 % 24 AS h, avg(pack_current) FROM telemetry GROUP BY h",
    "history-chart": f"SELECT (timestamp - {from_us}) / {step_us} AS b, min(pack_voltage), max(pack_voltage)"
    " FROM telemetry GROUP BY b",
    "history-last-ten": f"SELECT timestamp, pack_current FROM telemetry WHERE timestamp >= {end_us - 600_000_000}",
}
for key, sql in SQLITE.items():
    ms, _ = median(lambda: lite.execute(sql).fetchall(), rounds=3)
    print(f"peer\t{key}\tSQLite\t{ms:.2f}")

//! The ready questions as SQL: what a person opens in the editor to go on from. Each gives what the store's own kernels
//! give, and the tests hold them to it.

use store::{IDLE_A, Range};

/// The rows of a range.
fn within(range: Range) -> String {
    let at = |at_ms: i64| crate::archive::rfc3339(at_ms).trim_end_matches('Z').replace('T', " ");
    format!("timestamp >= TIMESTAMP '{}' AND timestamp < TIMESTAMP '{}'", at(range.from_ms), at(range.to_ms))
}

/// Rows with how long each stands: until the next one of its day, but no longer than three times the usual.
fn held(range: Range, columns: &str) -> String {
    format!(
        "WITH step AS (
  SELECT timestamp, {columns},
    epoch_ms(lead(timestamp) OVER day) - epoch_ms(timestamp) AS step_ms,
    row_number() OVER day AS place
  FROM telemetry
  WHERE {}
  WINDOW day AS (PARTITION BY timestamp::DATE ORDER BY timestamp)
), usual AS (
  SELECT quantile_disc(step_ms, 0.5) AS usual_ms FROM step
), held AS (
  SELECT *, least(coalesce(step_ms, usual_ms), greatest(3 * usual_ms, 1000)) / 1000.0 AS held_s
  FROM step, usual
)
",
        within(range)
    )
}

pub(super) fn energy(range: Range) -> String {
    let columns = "pack_current, pack_voltage::DOUBLE * pack_current AS power_w";
    format!(
        "{}SELECT
  sum(greatest(power_w, 0) * held_s) / 3.6e6 AS out_kwh,
  sum(greatest(-power_w, 0) * held_s) / 3.6e6 AS in_kwh,
  sum(power_w * held_s) / 3.6e6 AS net_kwh,
  sum(held_s) FILTER (pack_current >= {IDLE_A}) / 3600 AS discharging_h,
  sum(held_s) FILTER (pack_current <= -{IDLE_A}) / 3600 AS charging_h,
  sum(held_s) / 3600 AS known_h
FROM held
WHERE power_w IS NOT NULL",
        held(range, columns)
    )
}

pub(super) fn hourly(range: Range, offset_min: i64) -> String {
    let local = match offset_min {
        0 => "timestamp".to_owned(),
        ahead => format!("timestamp + INTERVAL ({ahead}) MINUTE"),
    };
    format!(
        "SELECT hour({local}) AS hour, avg(pack_current) AS mean_current_a
FROM telemetry
WHERE {} AND pack_current IS NOT NULL
GROUP BY hour
ORDER BY hour",
        within(range)
    )
}

pub(super) fn sags(range: Range, limit_v_s: f32, worst: usize) -> String {
    format!(
        "WITH step AS (
  SELECT timestamp, pack_current,
    lag(timestamp) OVER day AS began,
    pack_voltage - lag(pack_voltage) OVER day AS rise_v,
    epoch_ms(timestamp) - epoch_ms(lag(timestamp) OVER day) AS step_ms,
    row_number() OVER day AS place
  FROM telemetry
  WHERE {}
  WINDOW day AS (PARTITION BY timestamp::DATE ORDER BY timestamp)
), usual AS (
  SELECT quantile_disc(step_ms, 0.5) AS usual_ms FROM step
), fall AS (
  -- falls that follow one another have the same number: they are one sag
  SELECT *, rise_v / (step_ms / 1000.0) AS v_s,
    place - row_number() OVER (PARTITION BY timestamp::DATE ORDER BY timestamp) AS sag
  FROM step, usual
  WHERE step_ms > 0 AND step_ms <= greatest(3 * usual_ms, 1000)
    AND rise_v / (step_ms / 1000.0) < {limit_v_s}
)
SELECT min(began) AS began, sum(step_ms) AS duration_ms, min(v_s) AS velocity_v_s,
  -sum(rise_v) AS depth_v, arg_max(pack_current, timestamp) AS current_a
FROM fall
GROUP BY timestamp::DATE, sag
ORDER BY velocity_v_s, began
LIMIT {worst}",
        within(range)
    )
}

pub(super) fn headroom(range: Range, share: f64) -> String {
    let columns = "pack_voltage::DOUBLE * pack_current / sop_discharge AS used";
    format!(
        "{}, high AS (
  -- rows that follow one another have the same number: they are one time
  SELECT timestamp::DATE AS day, held_s,
    place - row_number() OVER (PARTITION BY timestamp::DATE ORDER BY timestamp) AS time
  FROM held
  WHERE isfinite(used) AND used >= {share}
), times AS (
  SELECT sum(held_s) AS s FROM high GROUP BY day, time
)
SELECT
  (SELECT sum(held_s) / 3600 FROM held WHERE isfinite(used)) AS known_h,
  (SELECT coalesce(sum(s), 0) FROM times) AS above_s,
  (SELECT count(*) FROM times) AS times,
  (SELECT coalesce(max(s), 0) FROM times) AS longest_s,
  (SELECT 100 * greatest(max(used), 0) FROM held WHERE isfinite(used)) AS peak_pct",
        held(range, columns).trim_end()
    )
}

/// From the minutes of the cells; of equals, the first is the lowest. A cell that was not known throughout a minute has a
/// mean over other instants than the rest, and is left out of it.
pub(super) fn cells(range: Range, most: usize) -> String {
    let within = within(range);
    format!(
        "WITH counted AS (
  SELECT *, max(voltage_n) OVER (PARTITION BY timestamp) AS most
  FROM cells
  WHERE {within} AND voltage_mean IS NOT NULL
), throughout AS (
  FROM counted WHERE voltage_n >= most - most // 50
), minute AS (
  SELECT timestamp, avg(voltage_mean::DOUBLE) AS mean_v,
    min_by(cell, voltage_mean::DOUBLE + 1e-9 * cell) AS lowest
  FROM throughout
  GROUP BY timestamp
), times AS (
  SELECT lowest, count(*) AS times FROM minute GROUP BY lowest
)
SELECT any_value(name) AS cell,
  100.0 * any_value(times) / (SELECT count(*) FROM minute) AS lowest_pct_of_time,
  1000 * avg(voltage_mean::DOUBLE - mean_v) AS mean_deviation_mv
FROM throughout JOIN minute USING (timestamp) JOIN times ON throughout.cell = times.lowest
GROUP BY throughout.cell
ORDER BY lowest_pct_of_time DESC, throughout.cell
LIMIT {most}"
    )
}

/// By what the BMS says is the lowest, where there are no minutes of cells.
pub(super) fn cells_by_bms(range: Range, most: usize) -> String {
    format!(
        "SELECT coalesce(cell_names.name, (cell_voltage_min_at::INT)::VARCHAR) AS cell,
  100.0 * count(*) / sum(count(*)) OVER () AS lowest_pct_of_time
FROM telemetry LEFT JOIN cell_names ON cell_names.cell = cell_voltage_min_at
WHERE {} AND cell_voltage_min_at IS NOT NULL
GROUP BY cell_voltage_min_at, cell_names.name
ORDER BY lowest_pct_of_time DESC, cell_voltage_min_at
LIMIT {most}",
        within(range)
    )
}

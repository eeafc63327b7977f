//! The ready questions as SQL: what a person opens in the editor to go on from. Each gives what the store's own kernels
//! give, and the tests hold them to it.

use domain::energy::IDLE_A;
use domain::sag::{HOLD_MS, WINDOW_S, clear_pct};
use store::{Range, SAG_MARGIN_MS};

/// The rows of a range.
fn within(range: Range) -> String {
    let at = |at_ms: i64| crate::times::rfc3339(at_ms).trim_end_matches('Z').replace('T', " ");
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
  coalesce(sum(held_s) FILTER (pack_current >= {IDLE_A}), 0) / 3600 AS discharging_h,
  coalesce(sum(held_s) FILTER (pack_current <= -{IDLE_A}), 0) / 3600 AS charging_h,
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

/// By the definition of `domain::sag`, row by row as its finder goes.
pub(super) fn sags(range: Range, limit_pct: f32, worst: usize) -> String {
    let clear_pct = clear_pct(limit_pct);
    let around = Range::new(range.from_ms.saturating_sub(SAG_MARGIN_MS), range.to_ms.saturating_add(SAG_MARGIN_MS));
    format!(
        "WITH reading AS (
  -- with a minute on both sides, so that no sag is cut
  SELECT timestamp, pack_voltage, pack_current, epoch_ms(timestamp) // 1000 AS second
  FROM telemetry
  WHERE {} AND pack_voltage IS NOT NULL
), means AS (
  SELECT second, avg(pack_voltage)::FLOAT AS mean_v FROM reading GROUP BY second
), level AS (
  -- the level: the highest one-second mean of the last {WINDOW_S} s
  SELECT second, max(mean_v) OVER (ORDER BY second RANGE BETWEEN {} PRECEDING AND 1 PRECEDING) AS level_v
  FROM means
), depth AS (
  SELECT timestamp, pack_current, level_v - pack_voltage AS depth_v,
    coalesce(100 * (level_v - pack_voltage) / level_v, 0) AS depth_pct,
    1000 * (pack_voltage - lag(pack_voltage) OVER times)
      / nullif(epoch_ms(timestamp) - epoch_ms(lag(timestamp) OVER times), 0) AS v_s,
    coalesce(lead(timestamp) OVER times, timestamp) AS next
  FROM reading JOIN level USING (second)
  WINDOW times AS (ORDER BY timestamp)
), state AS (
  -- a sag is deeper than the limit, {limit_pct} %, and over at {clear_pct} %
  SELECT *, coalesce(last_value(
      CASE WHEN depth_pct > {limit_pct}::FLOAT THEN 1 WHEN depth_pct <= {clear_pct}::FLOAT THEN 0 END IGNORE NULLS
    ) OVER (ORDER BY timestamp), 0) AS low
  FROM depth
), numbered AS (
  -- rows that follow one another have the same number: they are one sag
  SELECT *, row_number() OVER (ORDER BY timestamp) - row_number() OVER (PARTITION BY low ORDER BY timestamp) AS sag
  FROM state
), sags AS (
  SELECT min(timestamp) AS began,
    epoch_ms(least(max(next), max(timestamp) + INTERVAL ({HOLD_MS}) MILLISECOND)) - epoch_ms(min(timestamp)) AS duration_ms,
    max(depth_pct) AS depth_pct, max(depth_v) AS depth_v, min(v_s) AS velocity_v_s, max(pack_current) AS current_a
  FROM numbered
  WHERE low = 1
  GROUP BY sag
)
FROM sags
WHERE {}
ORDER BY depth_pct DESC, began
LIMIT {worst}",
        within(around),
        WINDOW_S - 1,
        within(range).replace("timestamp", "began")
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

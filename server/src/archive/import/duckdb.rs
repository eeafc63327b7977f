//! DuckDB files: their table `telemetry`, by the DuckDB program.

use super::parquet;
use super::summary::Refused;
use super::table::Table;
use crate::analysis::find_duckdb;
use anyhow::{Context as _, Result, anyhow, bail};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Reads the table `telemetry` of a DuckDB file part by part. The program is looked for as `packtwin serve` does.
///
/// # Errors
/// There is no DuckDB program, or no such table.
pub(super) fn read(
    path: &Path,
    named: Option<PathBuf>,
    wanted: impl Fn(&str) -> bool,
    refused: &mut Refused,
    take: impl FnMut(Table) -> Result<()>,
) -> Result<()> {
    let shown = path.display().to_string();
    let program = find_duckdb(named).map_err(|why| anyhow!("read {shown}: {why}"))?;
    let folder = tempfile::tempdir().context("make a folder for what DuckDB writes")?;
    let out = folder.path().join("telemetry.parquet");
    let quoted = out.display().to_string().replace('\'', "''");
    let sql = format!("COPY (SELECT * FROM telemetry) TO '{quoted}' (FORMAT parquet, COMPRESSION zstd)");
    let ran = Command::new(&program).arg("-readonly").arg(path).arg("-c").arg(sql).output();
    let ran = ran.with_context(|| format!("run {} to read {shown}", program.display()))?;
    if !ran.status.success() {
        bail!("{shown}: {}", String::from_utf8_lossy(&ran.stderr).trim());
    }
    parquet::read(&out, wanted, refused, take)
}

//! What DuckDB is told before the query, and how the query is wrapped so that it can be nothing but a query.
//!
//! The query is a text within `query('...')`, which takes a single SELECT and nothing else: no COPY, no ATTACH, no SET,
//! no command of the program. Before it, the settings are locked and everything outside of the folder is closed.

use super::jail::SPILL;
use super::snapshot::Snapshot;
use domain::telemetry::{column_name, columns};
use std::fmt::Write as _;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};

/// Rows that a page shows, at most.
pub(super) const ROWS_MAX: usize = 10_000;

/// What DuckDB may take of the memory.
pub(super) const MEMORY: &str = "512MB";
/// The schema of what the tables are made from: `SHOW TABLES` does not list it.
const OWN: &str = "packtwin";

/// What comes of a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// A record with the columns in JSON, then the first rows, as CSV without a header and behind an empty value each:
    /// a row of one empty text would be an empty line, which readers of CSV leave out. See [`super::result`].
    Table,
    /// All rows as CSV with a header.
    Csv,
    /// All rows as Parquet.
    Parquet,
}

/// The arguments of the program that reads a script.
pub(super) const ARGS: [&str; 6] = ["-no-init", "-batch", "-bail", "-csv", "-noheader", "-nullvalue"];

/// How NULL is written in the table of one query: a word that nobody knows before, so that no text of a table is taken for
/// it. Short, as a table may have many.
pub(super) fn null_word() -> String {
    format!("\\N{:06x}", RandomState::new().build_hasher().finish() & 0xff_ffff)
}

/// All that DuckDB is told; `spill_max` is in bytes.
pub(super) fn script(snapshot: &Snapshot, sql: &str, format: Format, spill_max: u64) -> String {
    let mut script = before(snapshot, spill_max);
    let query = format!("query({})", quoted(sql));
    let _ = match format {
        Format::Table => write!(
            script,
            "SELECT to_json(list({{'name': column_name, 'type': column_type}})) FROM (DESCRIBE FROM {query});\n\
             SELECT '', * FROM {query} LIMIT {};\n",
            ROWS_MAX + 1
        ),
        Format::Csv => writeln!(script, "COPY (FROM {query}) TO '/dev/stdout' (FORMAT csv, HEADER);"),
        Format::Parquet => {
            writeln!(script, "COPY (FROM {query}) TO '/dev/stdout' (FORMAT parquet, COMPRESSION zstd);")
        }
    };
    script
}

/// Limits, tables and locks.
fn before(snapshot: &Snapshot, spill_max: u64) -> String {
    let folder = snapshot.folder();
    // Relative: DuckDB works in this folder, and shows paths to who asks for its settings and views.
    let path = quoted;
    let list = |names: &[String]| names.iter().map(|name| quoted(name)).collect::<Vec<_>>().join(", ");
    let fields: Vec<String> = columns().map(|point| format!("{} FLOAT", column_name(point))).collect();
    format!(
        "SET threads = 1;\n\
         SET memory_limit = '{MEMORY}';\n\
         SET temp_directory = {spill};\n\
         SET max_temp_directory_size = '{spill_max}B';\n\
         SET autoinstall_known_extensions = false;\n\
         SET autoload_known_extensions = false;\n\
         SET TimeZone = 'UTC';\n\
         CREATE SCHEMA {OWN};\n\
         CREATE TABLE {OWN}.no_telemetry(timestamp TIMESTAMP, {fields});\n\
         CREATE VIEW telemetry AS FROM {OWN}.no_telemetry\n\
         \x20 UNION ALL BY NAME FROM read_parquet([{files}], union_by_name = true);\n\
         CREATE TABLE {OWN}.cell_names AS FROM read_csv({names}, header = true, columns = {{'cell': 'INTEGER', \
         'name': 'VARCHAR', 'module': 'INTEGER'}});\n\
         CREATE VIEW cells AS FROM read_parquet([{cell_files}]) LEFT JOIN {OWN}.cell_names USING (cell);\n\
         CREATE VIEW device_points AS SELECT *, split_part(point, '/', 1) AS link FROM read_parquet([{device_files}]);\n\
         CREATE TABLE events AS FROM read_csv({events}, header = true, columns = {{'timestamp': 'TIMESTAMP', \
         'kind': 'VARCHAR', 'rule': 'VARCHAR', 'subject': 'VARCHAR', 'severity': 'VARCHAR', 'words': 'VARCHAR'}});\n\
         SET allowed_paths = ['/dev/stdout'];\n\
         SET allowed_directories = [{folder}];\n\
         SET enable_external_access = false;\n\
         SET lock_configuration = true;\n",
        spill = path(SPILL),
        fields = fields.join(", "),
        files = list(&snapshot.files),
        cell_files = list(&snapshot.cell_files),
        device_files = list(&snapshot.device_files),
        names = path("names.csv"),
        events = path("events.csv"),
        folder = quoted(&format!("{}/", folder.display())),
    )
}

/// A text as SQL writes it. A quote within is doubled, so it cannot end there; NUL, which ends texts in C, is left out.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\0', "").replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_cannot_end_before_its_end() {
        for (text, sql) in [
            ("SELECT 1", "'SELECT 1'"),
            ("SELECT 'a'", "'SELECT ''a'''"),
            ("'); COPY x TO 'y", "'''); COPY x TO ''y'"),
            ("a\0'b", "'a''b'"),
            ("\\'", "'\\'''"),
        ] {
            assert_eq!(quoted(text), sql);
        }
    }
}

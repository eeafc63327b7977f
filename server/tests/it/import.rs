//! Other programs' files in the history: every codec and order, what cannot be is told, cells from channels.

use crate::history::packtwin;
use crate::support::{judge, judges, repo};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

struct Into {
    folder: TempDir,
    data: String,
}

impl Into {
    fn a_new_history() -> Into {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data").to_str().unwrap().to_owned();
        Into { folder, data }
    }

    fn import(&self, file: &Path, system: &str, more: &[&str]) -> (Option<i32>, String) {
        let file = file.to_str().unwrap();
        packtwin(&[&["import", file, "--system", system, "--data", &self.data], more].concat())
    }

    /// The rows as `packtwin export` writes them, without the first line.
    fn rows(&self, system: &str, more: &[&str]) -> Vec<String> {
        let out = self.folder.path().join("out.csv").to_str().unwrap().to_owned();
        let export = ["export", "--system", system, "--data", &self.data, "--out", &out];
        let (status, said) = packtwin(&[&export, more].concat());
        assert_eq!(status, Some(0), "{said}");
        std::fs::read_to_string(out).unwrap().lines().skip(1).map(str::to_owned).collect()
    }
}

fn fixture(name: &str) -> PathBuf {
    repo().join("server/tests/fixtures/import").join(name)
}

#[test]
fn files_of_other_programs_are_taken_in_as_they_are_meant() {
    let into = Into::a_new_history();
    for (name, rows, says, first) in [
        ("csv-capital-names.csv", 20, "", "2026-10-24T22:30:00.000Z,80.1,832.5,12.25"),
        ("csv-semicolon.csv", 20, "", "2026-10-24T22:30:00.000Z,80.1,832.5,12.25"),
        ("parquet-decimal.parquet", 1, "", "T"),
        ("parquet-gzip.parquet", 50, "", "T"),
        ("parquet-newest-first.parquet", 60, "", "2026-11-20T"),
        ("parquet-doubled-times.parquet", 50, "doubled    10 rows", "T"),
        ("parquet-epoch-s-int64.parquet", 10, "doubled    40 rows", "2026-10-24T22:30:00.000Z,"),
        ("parquet-epoch-ms-int64.parquet", 50, "", "2026-10-24T22:30:00.000Z,"),
    ] {
        let system = name.split('.').next().unwrap();
        let (status, said) = into.import(&fixture(name), system, &[]);
        let lines = into.rows(system, &[]);
        let expected = if rows == 1 { lines.len() } else { rows };
        // All rows of the file count, those that came twice too.
        let read = match name {
            "parquet-doubled-times.parquet" => 60,
            "parquet-epoch-s-int64.parquet" => 50,
            _ => expected,
        };
        assert!(status == Some(0) && said.contains(&format!("{expected} of {read} rows taken in")), "{name}: {said}");
        assert!(said.contains(says) && !said.contains("refused"), "{name}: {said}");
        assert_eq!(lines.len(), expected, "{name}");
        assert!(lines.is_sorted() && lines[0].contains(first), "{name}: {}", lines[0]);
        let (_, said) = into.import(&fixture(name), system, &[]);
        assert!(said.contains(&format!("0 of {read} rows taken in; {expected} were there")), "{name}: {said}");
    }
    let decimal = into.rows("parquet-decimal", &[]);
    assert!(decimal[0].contains(",812.5,10.25,3.2,"), "{}", decimal[0]);
}

#[test]
fn every_codec_that_duckdb_has_and_its_own_file_give_the_same_rows() {
    let Some(python) = judges() else { return };
    let into = Into::a_new_history();
    let made = judge(&python, "duckdb_codecs.py").arg(into.folder.path()).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let codecs = String::from_utf8(made.stdout).unwrap();
    let mut all = Vec::new();
    for codec in codecs.lines() {
        let file = into.folder.path().join(format!("{codec}.parquet"));
        let (status, said) = into.import(&file, codec.replace('_', "-").as_str(), &[]);
        assert!(status == Some(0) && said.contains("60 of 60 rows taken in"), "{codec}: {said}");
        all.push(into.rows(&codec.replace('_', "-"), &[]));
    }
    assert_eq!(all.len(), 7);
    // By the DuckDB program, if tests are given one.
    if let Some(program) = std::env::var_os("PACKTWIN_DUCKDB") {
        let database = into.folder.path().join("rows.duckdb");
        let made = format!("CREATE TABLE telemetry AS FROM '{}/zstd.parquet'", into.folder.path().display());
        assert!(Command::new(program).arg(&database).args(["-c", &made]).status().unwrap().success());
        let (status, said) = into.import(&database, "duckdb", &[]);
        assert!(status == Some(0) && said.contains("60 of 60 rows taken in"), "{said}");
        all.push(into.rows("duckdb", &[]));
    } else {
        testkit::skip("the import of a DuckDB file needs the DuckDB program, and PACKTWIN_DUCKDB names none");
    }
    assert!(all[0][0].starts_with("2026-10-24T22:30:00.000Z,80,832.5,12.25,"), "{}", all[0][0]);
    assert!(all.iter().all(|rows| rows == &all[0]));
}

#[test]
fn units_of_other_programs_are_converted() {
    let into = Into::a_new_history();
    let first = "2026-10-24T22:30:00.000Z,80,832.5,,,25,25";
    let mut files = vec![(fixture("csv-units-pandas.csv"), 2), (fixture("parquet-units-pandas.parquet"), 2)];
    if let Some(python) = judges() {
        let made = into.folder.path().join("duckdb-units.parquet");
        assert!(judge(&python, "duckdb_units.py").arg(&made).status().unwrap().success());
        files.push((made, 1));
    }
    for (file, count) in files {
        let system = file.file_stem().unwrap().to_str().unwrap();
        let (status, said) = into.import(&file, system, &[]);
        assert!(status == Some(0) && said.contains(&format!("{count} of {count} rows taken in")), "{system}: {said}");
        assert!(!said.contains("refused"), "{system}: {said}");
        let rows = into.rows(system, &[]);
        assert!(rows.len() == count && rows[0].starts_with(first), "{system}: {rows:?}");
    }
}

#[test]
fn what_cannot_be_is_refused_and_told_and_the_rest_is_taken_in() {
    let into = Into::a_new_history();
    let file = into.folder.path().join("odd.csv");
    std::fs::write(
        &file,
        "timestamp,soc,pack_voltage,colour\n\
         2026-03-01T00:00:00Z,50,832.1,red\n\
         yesterday,51,832.2,1\n\
         2026-03-01T00:00:02Z,5000,832.3,1\n\
         2026-03-01T00:00:01Z,NaN,832.4,1\n\
         2099-01-01T00:00:00Z,50,832.5,1\n",
    )
    .unwrap();
    let (status, said) = into.import(&file, "hv", &[]);
    assert!(status == Some(0) && said.contains("3 of 5 rows taken in"), "{said}");
    assert!(said.contains("2026-03-01T00:00:00.000Z to 2026-03-01T00:00:02.000Z"), "{said}");
    assert!(said.contains("left out   colour"), "{said}");
    assert!(
        said.contains("refused    2 rows and 1 value, such as") && said.contains("line 3: \"yesterday\""),
        "{said}"
    );
    let rows = into.rows("hv", &[]);
    let expected = ["00.000Z,50,832.1,", "01.000Z,,832.4,", "02.000Z,,832.3,"];
    assert!(rows.len() == 3 && rows.iter().zip(expected).all(|(row, part)| row.contains(part)), "{rows:?}");

    std::fs::write(&file, "timestamp,soc\n2099-01-01T00:00:00Z,50\n").unwrap();
    let (status, said) = into.import(&file, "hv", &[]);
    assert!(status == Some(1) && said.contains("nothing can be taken in") && said.contains("in the future"), "{said}");
}

#[test]
fn a_folder_of_channels_becomes_rows_and_cells_and_cells_go_out_and_in_again() {
    let into = Into::a_new_history();
    let channels = into.folder.path().join("channels");
    std::fs::create_dir(&channels).unwrap();
    // Two minutes at 2 Hz, the channels a few milliseconds apart.
    let write = |name: &str, shift_ms: u32, value: &dyn Fn(u32) -> f64| {
        let mut text = "timestamp,value\n".to_owned();
        for k in 0..240 {
            let at = format!("2026-03-01T10:{:02}:{:02}.{:03}Z", k / 120, k / 2 % 60, k % 2 * 500 + shift_ms);
            writeln!(text, "{at},{}", value(k)).unwrap();
        }
        std::fs::write(channels.join(format!("{name}.csv")), text).unwrap();
    };
    for module in 1..=5_u32 {
        for cell in 1..=4_u32 {
            write(&format!("bms1_p{module}_v{cell}"), cell, &|k| 3_200.0 + f64::from(module * 10 + cell + k % 2));
            write(&format!("bms1_p{module}_t{cell}"), cell, &|_| 20.0 + f64::from(module));
        }
    }
    write("bms1_i", 3, &|k| 10.0 + f64::from(k));
    write("bms1_soc", 7, &|_| 55.0);
    write("bms1_humidity", 7, &|_| 40.0);
    let map = into.folder.path().join("map.toml");
    std::fs::write(
        &map,
        r#"
modules = 5
cells_per_module = 4
map = [
  { point = "cells/voltage", channel = "bms1_p{module}_v{cell}", scale = 0.001 },
  { point = "cells/temperature", channel = "bms1_p{module}_t{cell}" },
  { point = "battery/current", channel = "bms1_i", sign = "charge-positive" },
  { point = "battery/soc", channel = "bms1_soc" },
]"#,
    )
    .unwrap();
    let map = map.to_str().unwrap();
    let (status, said) = into.import(&channels, "hv", &[]);
    assert!(status == Some(1) && said.contains("--map"), "{said}");
    let (status, said) = into.import(&channels, "hv", &["--map", map]);
    assert!(
        status == Some(0) && said.contains("240 of 240 rows taken in, joined from 10080 readings of 42 files"),
        "{said}"
    );
    assert!(said.contains("40 of 40 cell minutes of 20 cells taken in"), "{said}");
    assert!(said.contains("left out   bms1_humidity") && !said.contains("refused"), "{said}");
    let (_, said) = into.import(&channels, "hv", &["--map", map]);
    assert!(said.contains("0 of 240 rows") && said.contains("0 of 40 cell minutes"), "{said}");

    let rows = into.rows("hv", &[]);
    assert!(rows.len() == 240 && rows[1].starts_with("2026-03-01T10:00:00.400Z,55,,-11,"), "{}", rows[1]);
    let cells = into.rows("hv", &["--cells"]);
    assert_eq!(cells.len(), 40);
    assert_eq!(cells[19], "2026-03-01T10:00:00.000Z,19,3.254,3.2545,3.255,120,25,25,25,120");

    // What was exported is the same after an import, as CSV and as Parquet.
    for kind in ["csv", "parquet"] {
        let out = into.folder.path().join(format!("cells.{kind}"));
        let export = ["export", "--cells", "--data", &into.data, "--out", out.to_str().unwrap()];
        let (status, said) = packtwin(&export);
        assert!(status == Some(0) && said.contains("40 cell minutes"), "{said}");
        let (status, said) = into.import(&out, kind, &[]);
        assert!(status == Some(0) && said.contains("40 of 40 cell minutes of 20 cells taken in"), "{said}");
        assert_eq!(into.rows(kind, &["--cells"]), cells, "{kind}");
    }

    std::fs::write(map, "modules = 4\ncells_per_module = 4\nmap = [{ point = \"cells/voltage\", channel = \"bms1_p{module}_v{cell}\" }]").unwrap();
    let (status, said) = into.import(&channels, "hv", &["--map", map]);
    assert!(status == Some(1) && said.contains("bms1_p5_v1") && said.contains("4 modules of 4 cells"), "{said}");
}

#[test]
fn units_in_names_are_converted_and_what_cannot_be_is_refused_by_name() {
    let into = Into::a_new_history();
    let file = into.folder.path().join("u.csv");
    std::fs::write(
        &file,
        "timestamp (UTC),pack_voltage (kV),pack_power [kW],min_cell_v[mV],sop_discharge(kW),max_cell_temp (\u{b0}R),soc [%],SOC\n\
         2026-03-01T00:00:00Z,0.832,12.5,3200,250,77,55,56\n",
    )
    .unwrap();
    let (status, said) = into.import(&file, "hv", &[]);
    assert!(status == Some(0) && said.contains("1 of 1 rows taken in"), "{said}");
    for words in [
        "refused    column max_cell_temp (\u{b0}R): the unit \u{b0}R is not known here: convert it to \u{b0}C",
        "refused    column soc [%]: it is battery/soc, and so is SOC: keep one of them",
        "refused    column SOC: it is battery/soc, and so is soc [%]",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    let rows = into.rows("hv", &[]);
    assert_eq!(rows, ["2026-03-01T00:00:00.000Z,,832,,3.2,,12500,250000"]);

    for (text, says) in [
        ("timestamp (CET),soc\n2026-11-20 11:00:00,80\n", "times are taken as UTC, and CET is something else"),
        ("timestamp,time,soc\n2026-03-01,2026-03-01,80\n", "columns timestamp and time both say when"),
        ("timestamp,pack_voltage [1]\n2026-03-01,0.5\n", "pack_voltage [1]: the unit 1 is not known here"),
        ("timestamp,soc,pack_voltage\n", "it has no rows, only the names of its columns: pack_voltage, soc"),
        ("timestamp,colour\n2026-03-01,3\n", "none of its columns is one of telemetry"),
    ] {
        std::fs::write(&file, text).unwrap();
        let (status, said) = into.import(&file, "hv", &[]);
        assert!(status == Some(1) && said.contains(says), "{text}: {said}");
    }
}

#[test]
fn a_second_import_fills_what_is_empty_and_overwrites_nothing() {
    let into = Into::a_new_history();
    let file = into.folder.path().join("t.csv");
    let import = |text: &str| {
        std::fs::write(&file, text).unwrap();
        let (status, said) = into.import(&file, "hv", &[]);
        assert_eq!(status, Some(0), "{said}");
        said
    };
    import("timestamp,soc\n2026-03-01T00:00:00Z,50\n2026-03-01T00:00:01Z,51\n");
    let second = "timestamp,soc,pack_current\n2026-03-01T00:00:01Z,99,7\n2026-03-01T00:00:02Z,52,8\n";
    let said = import(second);
    assert!(said.contains("1 of 2 rows taken in; 1 filled what was empty there\n"), "{said}");
    assert!(import(second).contains("0 of 2 rows taken in; 2 were there already"));
    let rows = into.rows("hv", &[]);
    let expected = ["00.000Z,50,,,", "01.000Z,51,,7,", "02.000Z,52,,8,"];
    assert!(rows.len() == 3 && rows.iter().zip(expected).all(|(row, part)| row.contains(part)), "{rows:?}");
    // A stretch that ends before it begins is no empty file.
    let out = into.folder.path().join("o.csv");
    let export = ["export", "--data", &into.data, "--out", out.to_str().unwrap()];
    let (status, said) = packtwin(&[&export[..], &["--from", "2026-03-02", "--to", "2026-03-01"]].concat());
    assert!(status == Some(1) && said.contains("--from 2026-03-02 is not before --to 2026-03-01"), "{said}");
    let (status, said) = packtwin(&[&export[..], &["--from", "2027-03-02"]].concat());
    assert!(status == Some(1) && said.contains("is after the end") && !out.exists(), "{said}");
}

#[test]
fn the_name_of_a_system_leads_nowhere_else() {
    let into = Into::a_new_history();
    let file = fixture("csv-semicolon.csv");
    for command in [&["import", file.to_str().unwrap()][..], &["export", "--out", "o.csv"], &["generate"]] {
        let more = ["--system", "../../../esc", "--data", &into.data];
        let (status, said) = packtwin(&[command, &more].concat());
        assert!(status == Some(2) && said.contains("\"../../../esc\" is no short name"), "{said}");
    }
    assert!(!Path::new(&into.data).exists());
}

#[test]
fn channels_are_found_in_any_case_and_entries_without_one_are_named() {
    let into = Into::a_new_history();
    let channels = into.folder.path().join("channels");
    std::fs::create_dir(&channels).unwrap();
    for (name, unit, value) in [("a_v1", " (mV)", "3200"), ("A_V2", "", "3.3"), ("Bus", "", "800")] {
        std::fs::write(channels.join(format!("{name}.csv")), format!("timestamp,value{unit}\n2026-03-01,{value}\n"))
            .unwrap();
    }
    let map = into.folder.path().join("map.toml");
    let entry = |point: &str, channel: &str| format!("{{ point = \"{point}\", channel = \"{channel}\" }},");
    let write = |entries: &[String]| {
        std::fs::write(&map, format!("cells_per_module = 2\nmap = [{}]", entries.concat())).unwrap();
    };
    write(&[entry("cells/voltage", "A_V{cell}"), entry("battery/voltage", "bus"), entry("battery/soc", "charge")]);
    let (status, said) = into.import(&channels, "hv", &["--map", map.to_str().unwrap()]);
    assert!(status == Some(0) && said.contains("2 of 2 cell minutes of 2 cells taken in"), "{said}");
    assert!(
        said.contains("battery/soc (channel charge): the map names it, and no column or file is called so"),
        "{said}"
    );
    assert_eq!(into.rows("hv", &["--cells"])[0], "2026-03-01T00:00:00.000Z,0,3.2,3.2,3.2,1,,,,0");
    write(&[entry("battery/soc", "charge")]);
    let (status, said) = into.import(&channels, "hv", &["--map", map.to_str().unwrap()]);
    assert!(status == Some(1) && said.contains("the map names none of its columns or files"), "{said}");
    // Two channels of one meaning.
    write(&[entry("battery/voltage", "bus"), entry("battery/voltage", "A_V2")]);
    let (status, said) = into.import(&channels, "hv", &["--map", map.to_str().unwrap()]);
    assert!(status == Some(1) && said.contains("A_V2 and Bus are both battery/voltage: keep one of them"), "{said}");
    std::fs::write(&map, "map = [{ point = \"battery/soc\", channel = \"x\", scale = \"1\" }]").unwrap();
    let (status, said) = into.import(&channels, "hv", &["--map", map.to_str().unwrap()]);
    assert!(
        status == Some(1) && said.contains("map.toml:1: the text \"1\" cannot stand here: write a number"),
        "{said}"
    );
}

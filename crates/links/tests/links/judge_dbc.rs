//! Random DBC files and frames, read by cantools and by us.

use crate::judges::judge;
use links::device::dbc::{Database, Message};
use std::collections::HashMap;
use std::path::{Path, PathBuf};

#[derive(serde::Deserialize)]
struct Frame {
    file: PathBuf,
    id: u32,
    extended: bool,
    data: String,
    /// Values as the bytes of a double, or nothing if a switch has a value that no signal wants.
    values: Option<HashMap<String, String>>,
    words: HashMap<String, String>,
}

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

fn same(ours: f64, theirs: f64) -> bool {
    ours.is_nan() && theirs.is_nan() || ours == theirs || (ours - theirs).abs() <= theirs.abs() * 1e-12 + 1e-9
}

/// How many values of the frame were compared.
fn compare(frame: &Frame, message: &Message, line: &str) -> usize {
    let data = bytes(&frame.data);
    let ours = message.variant(&data).map(|variant| &message.variants()[variant].signals);
    let (Some(ours), Some(theirs)) = (ours, &frame.values) else {
        assert_eq!(ours.is_none(), frame.values.is_none(), "{line}");
        return 0;
    };
    assert_eq!(ours.len(), theirs.len(), "{line}");
    for signal in ours.iter().map(|signal| &message.signals[*signal]) {
        let theirs = f64::from_be_bytes(bytes(&theirs[&signal.name]).try_into().unwrap());
        let value = signal.value(&data);
        assert!(same(value, theirs), "{}: {value} {theirs} in {line}", signal.name);
        let text = signal.text(&data);
        match frame.words.get(&signal.name) {
            Some(word) => assert!(text.ends_with(&format!("({word})")), "{}: {text} in {line}", signal.name),
            None => assert!(!text.contains("(word"), "{}: {text} in {line}", signal.name),
        }
    }
    ours.len()
}

/// `PACKTWIN_JUDGE_SEED` gives other files; the seed is part of the output.
#[test]
fn random_files_are_read_as_cantools_reads_them() {
    let Some(mut judge) = judge("cantools_random.py", "cantools") else { return };
    let seed = std::env::var("PACKTWIN_JUDGE_SEED").unwrap_or_else(|_| "7".into());
    let folder = tempfile::tempdir().unwrap();
    let output = judge.arg(folder.path()).args(["200", "30", &seed]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut databases: HashMap<PathBuf, Database> = HashMap::new();
    let (mut frames, mut values, mut rejected) = (0, 0, 0);
    for line in String::from_utf8(output.stdout).unwrap().lines() {
        let frame: Frame = serde_json::from_str(line).unwrap();
        let open = |path: &Path| Database::open(path).unwrap_or_else(|e| panic!("seed {seed}: {e}"));
        let database = databases.entry(frame.file.clone()).or_insert_with(|| open(&frame.file));
        let raw = frame.id | if frame.extended { 1 << 31 } else { 0 };
        let message = database.messages.iter().find(|m| m.id.raw() == raw).unwrap();
        let compared = compare(&frame, message, line);
        (frames, values, rejected) = (frames + 1, values + compared, rejected + usize::from(compared == 0));
    }
    println!("seed {seed}: {frames} frames, {values} values agree with cantools, {rejected} frames rejected by both");
    assert!(values > 10_000 && rejected > 100);
}

#[derive(serde::Deserialize)]
struct Line {
    file: PathBuf,
    error: Option<String>,
    messages: Option<usize>,
    name: Option<String>,
    id: Option<u32>,
    extended: Option<bool>,
    length: Option<usize>,
    data: Option<String>,
    values: Option<HashMap<String, String>>,
    #[serde(default)]
    words: HashMap<String, String>,
}

/// How a folder of DBC files was read.
#[derive(Debug, Default)]
struct Tally {
    files: usize,
    only_ours: usize,
    /// Messages of the files that cantools reads.
    messages: usize,
    messages_left_out: usize,
    /// Messages and signals of which frames were compared.
    messages_compared: usize,
    signals_compared: usize,
    frames: usize,
    values: usize,
    wrong: Vec<String>,
    /// The message of the last line.
    last: Option<(PathBuf, String, u32)>,
}

impl Tally {
    fn take(&mut self, line: Line, database: &Database, text: &str) {
        let Some(name) = &line.name else {
            self.files += 1;
            self.only_ours += usize::from(line.error.is_some());
            self.messages += line.messages.unwrap_or(0);
            return;
        };
        let raw = line.id.unwrap() | if line.extended.unwrap() { 1 << 31 } else { 0 };
        let place = Some((line.file.clone(), name.clone(), raw));
        let is_new = std::mem::replace(&mut self.last, place.clone()) != place;
        let Some(message) = database.messages.iter().find(|m| m.id.raw() == raw && m.name == *name) else {
            match database.left_out.iter().any(|left| left.whole && left.name == *name) || line.length == Some(0) {
                true => self.messages_left_out += usize::from(is_new),
                false => self.wrong.push(format!("{}: {name} is neither read nor left out", line.file.display())),
            }
            return;
        };
        let Some(data) = line.data else { return };
        let frame = Frame {
            file: line.file,
            id: line.id.unwrap(),
            extended: line.extended.unwrap(),
            data,
            values: line.values,
            words: line.words,
        };
        self.messages_compared += usize::from(is_new);
        self.signals_compared += if is_new { message.signals.len() } else { 0 };
        let compared = std::panic::catch_unwind(|| compare(&frame, message, text));
        self.frames += 1;
        match compared {
            Ok(values) => self.values += values,
            Err(_) => self.wrong.push(format!("{}: {name}", frame.file.display())),
        }
    }
}

/// `PACKTWIN_DBC_CORPUS` names the folder: the public collections opendbc, cantools and canmatrix, for example.
#[test]
#[ignore = "needs a folder of DBC files, named by PACKTWIN_DBC_CORPUS"]
fn a_folder_of_files_is_read_as_cantools_reads_it() {
    let folder = std::env::var("PACKTWIN_DBC_CORPUS").expect("PACKTWIN_DBC_CORPUS names no folder of DBC files");
    let Some(mut judge) = judge("cantools_corpus.py", "cantools") else { return };
    let output = judge.args([&folder, "10", "7"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let (mut tally, mut databases) = (Tally::default(), HashMap::new());
    for text in String::from_utf8(output.stdout).unwrap().lines() {
        let line: Line = serde_json::from_str(text).unwrap();
        let file = line.file.clone();
        let open = || Database::open(&file).unwrap_or_else(|e| panic!("{e}"));
        tally.take(line, databases.entry(file.clone()).or_insert_with(open), text);
    }
    let mut files: Vec<_> = databases.iter().collect();
    files.sort_by_key(|(file, _)| *file);
    for (file, database) in files {
        for warning in database.warnings() {
            println!("{}, {warning}", file.display());
        }
    }
    tally.wrong.sort();
    tally.wrong.dedup();
    println!("{tally:#?}");
    assert!(tally.files > 0 && tally.wrong.is_empty());
}

//! From the statements of a DBC file to our table of messages.
//!
//! A message that cannot be used is left out and named; the others work. A signal whose bits cannot be costs itself only,
//! unless it is a switch. Whoever maps what is left out is told why.

use super::statements::{Key, RawMessage, RawSignal, Statements, read};
use super::{BitField, ByteOrder, Database, DbcError, Encoding, LeftOut, Message, Presence, Signal, Variants, text};
use crate::can::{CanId, MAX_DATA};
use std::collections::BTreeMap;
use std::time::Duration;

/// Holds signals that belong to no frame.
const NO_FRAME: &str = "VECTOR__INDEPENDENT_SIG_MSG";
/// The bit that says that an identifier has 29 bits.
const EXTENDED: u64 = 0x8000_0000;
/// So many of a kind are named in one note.
const NAMED: usize = 3;
/// The longest period that a message may have, ms: ten minutes.
const LONGEST_CYCLE_MS: f64 = 600_000.0;

pub(super) fn parse(bytes: &[u8]) -> Result<Database, DbcError> {
    let text = text::decode(bytes);
    let file = read(&text);
    if !file.any {
        return Err(DbcError { line: 1, what: "this is no DBC file: it has no statement of one, such as BO_".into() });
    }
    let (mut messages, mut left_out, mut unflagged) = (Vec::new(), Vec::new(), Vec::new());
    for source in file.messages.iter().filter(|source| source.name != NO_FRAME) {
        let name = file.long_messages.get(&source.id).unwrap_or(&source.name);
        match message(source, name, &file) {
            Ok((message, lost)) => {
                left_out.extend(lost);
                if source.id & EXTENDED == 0 && message.id.is_extended() {
                    unflagged.push(format!("{name} ({})", message.id));
                }
                messages.push((source.line, message));
            }
            // Without signals nothing is lost.
            Err(_) if source.size == 0 && source.signals.is_empty() && source.wrong.is_none() => {}
            Err((line, what)) => {
                let signals = source.signals.iter().map(|s| signal_name(source, s, &file)).collect();
                left_out.push(LeftOut { name: name.clone(), line, what, signals, whole: true });
            }
        }
    }
    let messages = without_doubled(messages, &mut left_out);
    left_out.sort_by_key(|left| left.line);
    let mut notes = Vec::new();
    if !unflagged.is_empty() {
        let identifiers = if unflagged.len() == 1 { "identifier has" } else { "identifiers have" };
        notes.push(format!(
            "{} {identifiers} more than 11 bits, but not the flag of 29 bits (bit 31); read as 29 bits: {}",
            unflagged.len(),
            some_of(&unflagged)
        ));
    }
    if !file.wrong.is_empty() {
        let wrong: Vec<_> = file.wrong.iter().map(|wrong| format!("line {}: {}", wrong.line, wrong.what)).collect();
        notes.push(format!("passed over: {}", some_of(&wrong)));
    }
    Ok(Database { messages, left_out, notes })
}

/// The first of them, and how many more there are.
fn some_of(all: &[String]) -> String {
    let more = if all.len() > NAMED { format!("; and {} more", all.len() - NAMED) } else { String::new() };
    format!("{}{more}", all[..all.len().min(NAMED)].join("; "))
}

/// The messages by identifier, without those that have the same as another: a frame does not say which it is.
fn without_doubled(messages: Vec<(usize, Message)>, left_out: &mut Vec<LeftOut>) -> Vec<Message> {
    let mut by_id: BTreeMap<CanId, Vec<(usize, Message)>> = BTreeMap::new();
    for (line, message) in messages {
        by_id.entry(message.id).or_default().push((line, message));
    }
    let mut single = Vec::with_capacity(by_id.len());
    for (id, mut same) in by_id {
        if same.len() == 1 {
            single.extend(same.pop().map(|(_, message)| message));
            continue;
        }
        let names: Vec<_> = same.iter().map(|(line, message)| format!("{} in line {line}", message.name)).collect();
        let what = format!("{} have the same identifier {id}", names.join(" and "));
        left_out.extend(same.into_iter().map(|(line, message)| {
            let signals = message.signals.into_iter().map(|signal| signal.name).collect();
            LeftOut { name: message.name, line, what: what.clone(), signals, whole: true }
        }));
    }
    single
}

/// 29 bits if the flag says so, or if there are more than 11: never 11 of more.
fn identifier(id: u64) -> Result<CanId, String> {
    let (bits, extended) = if id & EXTENDED == 0 { (id, id > 0x7FF) } else { (id & !EXTENDED, true) };
    let known = u32::try_from(bits).ok().and_then(|bits| match extended {
        true => CanId::extended(bits),
        false => CanId::standard(bits),
    });
    known.ok_or_else(|| format!("has the identifier {id} ({id:#X}), which has more than 29 bits"))
}

fn signal_name(message: &RawMessage, signal: &RawSignal, file: &Statements) -> String {
    let key = (message.id, signal.name.clone());
    file.long_signals.get(&key).unwrap_or(&signal.name).clone()
}

/// The message with its signals that cannot be used; or the line and what is wrong there.
fn message(source: &RawMessage, name: &str, file: &Statements) -> Result<(Message, Vec<LeftOut>), (usize, String)> {
    if let Some(wrong) = &source.wrong {
        return Err((wrong.line, format!("{name}: {}", wrong.what)));
    }
    let about = |what: String| (source.line, format!("{name} {what}"));
    let id = identifier(source.id).map_err(about)?;
    let size = match source.size {
        0 => return Err(about("has no data bytes".into())),
        size if size > MAX_DATA as u64 => {
            return Err(about(format!("has {size} bytes, a frame has at most {MAX_DATA}")));
        }
        size => size as usize,
    };
    let (mut sound, mut lost) = (Vec::with_capacity(source.signals.len()), Vec::new());
    for signal in &source.signals {
        match bits(signal, &(source.id, signal.name.clone()), size, file) {
            Ok(bits) => sound.push((signal, bits)),
            Err(what) => {
                let what = format!("{} of {name} {what}", signal.name);
                // Without it nobody knows what a frame carries.
                if signal.switch {
                    return Err((signal.line, what));
                }
                let signals = vec![signal_name(source, signal, file)];
                lost.push(LeftOut { name: name.to_owned(), line: signal.line, what, signals, whole: false });
            }
        }
    }
    if let (true, Some(first)) = (sound.is_empty(), lost.first()) {
        return Err((first.line, first.what.clone()));
    }
    let others: Vec<&RawSignal> = sound.iter().map(|(signal, _)| *signal).collect();
    let mut signals = Vec::with_capacity(sound.len());
    for (s, (field, encoding)) in sound {
        let key: Key = (source.id, s.name.clone());
        let present = presence(s, source.id, &others, file);
        signals.push(Signal {
            name: signal_name(source, s, file),
            field,
            encoding,
            factor: s.factor,
            offset: s.offset,
            unit: s.unit.trim().to_owned(),
            range: Some(s.range).filter(|(low, high)| low < high),
            present: present.map_err(|what| (s.line, format!("{} of {name} {what}", s.name)))?,
            words: file.words.get(&key).cloned().unwrap_or_default(),
        });
    }
    let variants = Variants::of(&signals)
        .map_err(|(signal, what)| (others[signal].line, format!("{} of {name} {what}", signals[signal].name)))?;
    Ok((Message { id, name: name.to_owned(), size, cycle: cycle(source.id, file), signals, variants }, lost))
}

/// Where the bits of a signal are, and what they are; or why that cannot be.
fn bits(signal: &RawSignal, key: &Key, size: usize, file: &Statements) -> Result<(BitField, Encoding), String> {
    let order = if signal.big_endian { ByteOrder::BigEndian } else { ByteOrder::LittleEndian };
    let field = BitField::new(signal.start, signal.bits, order, size)
        .ok_or_else(|| format!("does not lie within its {size} bytes"))?;
    match (file.types.get(key), field.bits()) {
        (Some(1), 32) => Ok((field, Encoding::Float32)),
        (Some(2), 64) => Ok((field, Encoding::Float64)),
        (Some(1 | 2), _) => Err("is a float, but not 32 or 64 bits wide".into()),
        _ if signal.signed => Ok((field, Encoding::Signed)),
        _ => Ok((field, Encoding::Unsigned)),
    }
}

/// How often a message is sent. What is longer than any device's period is a mistake.
fn cycle(id: u64, file: &Statements) -> Option<Duration> {
    let ms = file.cycles.get(&id).copied().unwrap_or(file.usual_cycle);
    (ms > 0.0 && ms <= LONGEST_CYCLE_MS).then(|| Duration::from_secs_f64(ms / 1_000.0))
}

/// When a frame carries a signal: what `SG_MUL_VAL_` says, or else the value in the signal's own line for the only
/// switch of the message.
fn presence(signal: &RawSignal, id: u64, all: &[&RawSignal], file: &Statements) -> Result<Presence, String> {
    let find = |name: &str| all.iter().position(|s| s.name == name && s.switch);
    // Some tools write a switch behind another as a plain switch, and say only there what it is behind.
    if let Some(behind) =
        file.behind.get(&(id, signal.name.clone())).filter(|_| signal.switch || signal.value.is_some())
    {
        let name = &behind[0].0;
        let switch = find(name).ok_or_else(|| format!("depends on `{name}`, which is no switch of its message"))?;
        let ranges = behind.iter().filter(|(other, _)| other == name).flat_map(|(_, ranges)| ranges.clone());
        return Ok(Presence::When { switch, values: ranges.collect() });
    }
    let Some(value) = signal.value else { return Ok(Presence::Always) };
    let mut switches = (0..all.len()).filter(|index| all[*index].switch);
    let outer = switches.clone().filter(|index| all[*index].value.is_none());
    match (outer.collect::<Vec<_>>()[..].as_ref(), switches.next()) {
        ([switch], _) => Ok(Presence::When { switch: *switch, values: vec![value..=value] }),
        // A single switch that is marked as if it were behind another is behind none.
        ([], Some(only)) if switches.next().is_none() => match all[only].name == signal.name {
            true => Ok(Presence::Always),
            false => Ok(Presence::When { switch: only, values: vec![value..=value] }),
        },
        ([], None) => Err("is multiplexed, but its message has no switch".into()),
        (several, _) => Err(format!("does not say which of its {} switches it depends on", several.len().max(2))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "VERSION \"\"\n\nNS_ :\n\tNS_DESC_\n\tCM_\n\tBO_TX_BU_\n\nBS_:\n\nBU_: A\n\n";
    /// Lines of the head.
    const ABOVE: usize = 11;

    fn parse_text(body: &str) -> Database {
        parse(format!("{HEAD}{body}").as_bytes()).unwrap()
    }

    #[test]
    fn messages_signals_switches_and_words() {
        let db = parse_text(
            "BO_ 592 CellVoltages: 8 A\n SG_ Mux M : 7|8@0+ (1,0) [0|64] \"\" A\n SG_ V0 m0 : 11|13@0+ (1,0) [0|8191] \"mV\" A\n \
             SG_ V4 m1 : 11|13@0+ (1,0) [0|8191] \"mV\" A\n\nBO_ 2566848512 Wide: 8 A\n SG_ F : 0|32@1- (0.5,1) [0|0] \"W\" A\n \
             SG_ State : 32|4@1+ (1,0) [0|15] \"\" A\n\nVAL_ 2566848512 State 7 \"normal\" 8 \"error\" ;\nSIG_VALTYPE_ 2566848512 F : 1;\n",
        );
        let [voltages, wide] = db.messages.as_slice() else { panic!("{db:?}") };
        assert_eq!((voltages.id, voltages.size), (CanId::standard(0x250).unwrap(), 8));
        let variants: Vec<_> = voltages.variants().iter().map(|v| (v.switches.clone(), v.signals.clone())).collect();
        assert_eq!(variants, [(vec![(0, 0..=0)], vec![0, 1]), (vec![(0, 1..=1)], vec![0, 2])]);
        assert_eq!((voltages.signals[1].range, wide.signals[0].range), (Some((0.0, 8191.0)), None));
        assert_eq!(voltages.signals[1].text(&[0x00, 0xF6, 0x72, 0x33, 0x95, 0x9C, 0xCC, 0xE7]), "3300 mV");
        assert_eq!(wide.id, CanId::extended(0x18FF_0000).unwrap());
        let mut frame = [0_u8; 8];
        frame[..4].copy_from_slice(&1.5_f32.to_le_bytes());
        frame[4] = 7;
        assert_eq!(wide.signals[0].value(&frame), 1.75);
        assert_eq!(wide.signals[1].text(&frame), "7 (normal)");
        assert_eq!((db.left_out, db.notes), (vec![], vec![]));
    }

    #[test]
    fn a_message_that_is_wrong_is_left_out_with_its_line_and_the_others_work() {
        let good = "BO_ 17 Good: 8 A\n SG_ U : 0|8@1+ (1,0) [0|0] \"V\" A\n";
        for (body, line, words) in [
            (
                "BO_ 16 M: 8 A\n SG_ Long : 60|8@1+ (1,0) [0|0] \"\" A\n SG_ L2 : 64|8@1+ (1,0) [0|0] \"\" A\n",
                2,
                "Long of M does not lie within its 8 bytes",
            ),
            (
                "BO_ 16 M: 8 A\n SG_ S M : 60|8@1+ (1,0) [0|0] \"\" A\n SG_ T m1 : 0|8@1+ (1,0) [0|0] \"\" A\n",
                2,
                "S of M does not lie within its 8 bytes",
            ),
            ("BO_ 16 M: 65 A\n", 1, "65 bytes"),
            ("BO_ 4294967295 M: 8 A\n", 1, "more than 29 bits"),
            ("BO_ 16 M: 8 A\n SG_ S m0 : 0|8@1+ (1,0) [0|0] \"\" A\n", 2, "no switch"),
            ("BO_ 16 M: 8 A\n SG_ F : 0|16@1+ (1,0) [0|0] \"\" A\n\nSIG_VALTYPE_ 16 F : 1;\n", 2, "float"),
            ("BO_ 16 M: 8 A\n SG_ S : what\n", 2, "`what`"),
            ("BO_ 16 M 8 A\n SG_ S : 0|8@1+ (1,0) [0|0] \"\" A\n", 1, "`:` should stand where `8` is"),
            ("BO_ sixteen M: 8 A\n", 1, "a whole number should stand where `sixteen` is"),
            ("BO_ 16 M: 0 A\n SG_ S : 0|8@1+ (1,0) [0|0] \"\" A\n", 1, "no data bytes"),
        ] {
            let db = parse_text(&format!("{body}{good}"));
            let [left] = db.left_out.as_slice() else { panic!("{body}: {db:?}") };
            assert_eq!(left.line, line + ABOVE, "{left}");
            assert!(left.to_string().contains(words), "{left}");
            assert_eq!(db.messages.len(), 1, "{body}");
            assert_eq!(db.messages[0].name, "Good");
        }
    }

    #[test]
    fn a_signal_whose_bits_cannot_be_costs_itself_only() {
        let plain = "BO_ 16 M: 8 A\n SG_ S : 0|8@1+ (1,0) [0|0] \"\" A\n";
        let switched =
            "BO_ 16 M: 8 A\n SG_ Mux M : 56|8@1+ (1,0) [0|0] \"\" A\n SG_ S m1 : 0|8@1+ (1,0) [0|0] \"\" A\n";
        for (head, bad, words) in [
            (plain, "SG_ Bad : 60|8@1+ (1,0) [0|0] \"\" A", "Bad of M does not lie within its 8 bytes"),
            (plain, "SG_ Bad : 24|1600@1+ (1,0) [0|4.4E+481] \"\" A", "Bad of M does not lie within its 8 bytes"),
            (plain, "SG_ Bad : 8|16@1- (1,0) [0|0] \"\" A\n\nSIG_VALTYPE_ 16 Bad : 1;", "Bad of M is a float"),
            (switched, "SG_ Bad m2 : 60|8@1+ (1,0) [0|0] \"\" A", "Bad of M does not lie within its 8 bytes"),
        ] {
            // Before the others and after them: what is behind a switch goes by its place.
            let (first, rest) = head.split_once('\n').unwrap();
            for body in [
                format!("{head} {bad}\n"),
                format!(
                    "{first}\n {}\n{rest}{}\n",
                    bad.lines().next().unwrap(),
                    bad.lines().skip(1).collect::<String>()
                ),
            ] {
                let db = parse_text(&body);
                let [left] = db.left_out.as_slice() else { panic!("{body}: {db:?}") };
                assert!(left.what.contains(words) && !left.whole && left.signals == ["Bad"], "{body}: {left:?}");
                let message = &db.messages[0];
                let frame = [7, 0, 0, 0, 0, 0, 0, 1];
                let read = &message.variants()[message.variant(&frame).unwrap()].signals;
                let values: Vec<_> = read
                    .iter()
                    .map(|s| (message.signals[*s].name.as_str(), message.signals[*s].value(&frame)))
                    .collect();
                assert!(values.contains(&("S", 7.0)), "{body}: {values:?}");
                assert!(db.warnings()[0].ends_with("the signal is left out"));
            }
        }
    }

    #[test]
    fn ranges_may_be_missing_and_a_switch_may_be_written_small() {
        for (range, expected) in [
            ("[0|100]", Some((0.0, 100.0))),
            ("[0|4.4E+481]", None),
            ("[|]", None),
            ("[0|]", None),
            ("[-1e400|1e400]", None),
        ] {
            let db = parse_text(&format!("BO_ 16 M: 8 A\n SG_ S : 0|8@1+ (1,0) {range} \"V\" A\n"));
            assert_eq!(db.messages[0].signals[0].range, expected, "{range}");
        }
        let db = parse_text(
            "BO_ 16 M: 8 A\n SG_ Mux m : 0|8@1+ (1,0) [0|0] \"\" A\n SG_ S m1 : 8|8@1+ (1,0) [0|0] \"\" A\n",
        );
        let found = [[1, 9, 0, 0, 0, 0, 0, 0], [2, 9, 0, 0, 0, 0, 0, 0]].map(|frame| db.messages[0].variant(&frame));
        assert_eq!(found, [Some(0), None]);
    }

    #[test]
    fn periods_are_those_of_the_file() {
        let message = |n: u32| format!("BO_ {n} M{n}: 8 A\n SG_ S : 0|8@1+ (1,0) [0|0] \"\" A\n");
        let four: String = (16..20).map(message).collect();
        let own = "BA_ \"GenMsgCycleTime\" BO_ 16 5000;\nBA_ \"GenMsgCycleTime\" BO_ 17 0;\nBA_ \"GenMsgCycleTime\" BO_ 18 1e9;\n";
        let ms = |text: &str| -> Vec<_> {
            let db = parse_text(text);
            assert_eq!(db.notes, Vec::<String>::new());
            db.messages.iter().map(|m| m.cycle.map(|cycle| cycle.as_millis())).collect()
        };
        assert_eq!(ms(&four), [None; 4]);
        assert_eq!(ms(&format!("{four}{own}")), [Some(5_000), None, None, None]);
        let usual = "BA_DEF_ BO_ \"GenMsgCycleTime\" INT 0 65535;\nBA_DEF_DEF_ \"GenMsgCycleTime\" 100;\n";
        assert_eq!(ms(&format!("{four}{usual}{own}")), [Some(5_000), None, None, Some(100)]);
    }

    #[test]
    fn messages_with_one_identifier_are_left_out_both_and_name_one_another() {
        let db = parse_text("BO_ 16 M: 8 A\n SG_ S : 0|8@1+ (1,0) [0|0] \"\" A\nBO_ 16 N: 8 A\nBO_ 17 O: 8 A\n");
        assert_eq!((db.messages.len(), db.left_out.len()), (1, 2));
        assert_eq!(db.left_out[0].signals, ["S"]);
        let expected = "line 12: M in line 12 and N in line 14 have the same identifier 0x010";
        assert_eq!(db.left_out[0].to_string(), expected);
        assert_eq!(db.warnings(), [format!("{expected}: the messages are left out")]);
    }

    #[test]
    fn an_identifier_of_more_than_11_bits_is_never_cut() {
        let db = parse_text("BO_ 419365456 P: 8 A\n SG_ U : 0|8@1+ (1,0) [0|0] \"V\" A\nBO_ 592 Q: 8 A\n");
        let ids: Vec<_> = db.messages.iter().map(|m| m.id.to_string()).collect();
        assert_eq!(ids, ["0x250", "0x18FF0250"]);
        assert!(db.notes[0].contains("P (0x18FF0250)") && db.notes[0].contains("bit 31"), "{:?}", db.notes);
    }

    #[test]
    fn every_kind_of_statement_may_go_on_in_the_next_line() {
        let signal = "SG_ V : 0|8@1+ (1,0) [0|0] \"\" A";
        let body = format!(
            "BO_ 16 M: 8 A\n {signal}\n SG_ F : 32|32@1- (1,0) [0|0] \"\" A\n\n\
             CM_ SG_ 16 V \"a; b\nBO_ c\";\nCM_ BO_ 16 \"text\";\nVAL_ 16 V 0 \"off\" 1 \"on\" ;\nSIG_VALTYPE_ 16 F : 1;\n\
             BA_DEF_ SG_ \"X\" ENUM \"a\",\"b\";\nBA_ \"SystemSignalLongSymbol\" SG_ 16 V \"Voltage\";\nVAL_TABLE_ T 0 \"a\" ;\n\
             SIG_GROUP_ 16 G 1 : V F;\nBO_ 17 N: 8 A\n {signal}\n"
        );
        let whole = format!("{:?}", parse_text(&body));
        assert!(whole.contains("\"on\"") && whole.contains("Voltage") && whole.contains("Float32"), "{whole}");
        // A line break in the place of each space outside of texts.
        let mut quoted = false;
        for at in 0..body.len() {
            quoted ^= &body[at..=at] == "\"";
            if &body[at..=at] == " " && !quoted {
                let broken = format!("{}\r\n{}", &body[..at], &body[at + 1..]);
                assert_eq!(format!("{:?}", parse_text(&broken)), whole, "{broken}");
            }
        }
    }

    #[test]
    fn what_is_not_understood_outside_of_messages_is_passed_over_and_told() {
        let db = parse_text(
            "VAL_ 16 V 0 what;\nnonsense here;\nCM_ \"without its end\"\nBO_ 16 M: 8 A\n SG_ V : 0|8@1+ (1,0) [0|0] \"\" A\n\
             VAL_ 16 V 0 \"a\" ;\nBA_ \"x\" BO_ 16 a b c;\nBO_ 17 N: 8 A\n",
        );
        assert_eq!((db.messages.len(), db.messages[0].signals[0].words.len()), (2, 1));
        assert!(
            db.notes[0].contains("line 12") && db.notes[0].contains("line 13: not understood: `nonsense`"),
            "{db:?}"
        );
    }

    #[test]
    fn a_text_of_another_kind_is_no_dbc_file() {
        for text in ["", "hello", "{\"a\": 1}"] {
            assert!(parse(text.as_bytes()).unwrap_err().to_string().contains("no DBC file"), "{text}");
        }
    }

    #[test]
    fn a_single_switch_marked_as_behind_another_is_the_switch() {
        let db = parse_text(
            "BO_ 16 M: 8 A\n SG_ S m0M : 0|8@1+ (1,0) [0|0] \"\" A\n SG_ V m2 : 8|8@1+ (1,0) [0|0] \"\" A\n",
        );
        let plain = parse_text(
            "BO_ 16 M: 8 A\n SG_ S M : 0|8@1+ (1,0) [0|0] \"\" A\n SG_ T M : 8|8@1+ (1,0) [0|0] \"\" A\n \
             SG_ V m3 : 16|8@1+ (1,0) [0|0] \"\" A\nSG_MUL_VAL_ 16 T S 2-2;\nSG_MUL_VAL_ 16 V T 3-3;\n",
        );
        let found =
            [[2, 3], [2, 4], [1, 3]].map(|switches| plain.messages[0].variant(&[&switches[..], &[0; 6]].concat()));
        assert_eq!(found, [Some(0), None, None]);
        assert_eq!(db.messages[0].variants().len(), 1);
        assert_eq!((db.messages[0].variant(&[2; 8]), db.messages[0].variant(&[1; 8])), (Some(0), None));
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,200}", body in "(BO_|SG_|VAL_|BA_|SG_MUL_VAL_|[0-9MmS :@|+(),;\\[\\]\"\n-]){0,80}") {
            let _ = parse(text.as_bytes());
            parse_text(&body);
        }
    }
}

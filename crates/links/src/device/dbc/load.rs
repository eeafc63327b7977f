//! From the parsed text of a DBC file to our table of messages.

use super::{BitField, Database, DbcError, Encoding, Message, Presence, Signal, Variants};
use crate::can::{CanId, MAX_DATA};
use can_dbc::{Dbc, MessageId, MultiplexIndicator, NumericValue, SignalExtendedValueType, ValueDescription, ValueType};
use std::borrow::Cow;
use std::collections::HashMap;

/// Holds signals that belong to no frame.
const NO_FRAME: &str = "VECTOR__INDEPENDENT_SIG_MSG";

/// Words for raw values, by message and signal.
type Words<'a> = HashMap<SignalKey<'a>, Vec<(i64, String)>>;
type SignalKey<'a> = (MessageId, &'a str);

pub(super) fn parse(bytes: &[u8]) -> Result<Database, DbcError> {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => can_dbc::decode_cp1252(bytes)
            .ok_or_else(|| DbcError { line: 1, what: "not a text file in UTF-8 or Windows-1252".into() })?,
    };
    let dbc = Dbc::try_from(text.as_ref()).map_err(|e| syntax_error(&e))?;
    let words: Words<'_> = dbc.value_descriptions.iter().filter_map(signal_words).collect();
    let mut messages = Vec::with_capacity(dbc.messages.len());
    for source in dbc.messages.iter().filter(|m| m.name != NO_FRAME && m.size > 0) {
        let id = identifier(source.id)
            .ok_or_else(|| semantic_error(&text, source, None, "has an identifier of more than 11 bits"))?;
        messages.push(message(source, id, &dbc, &words, &text)?);
    }
    messages.sort_by_key(|m| m.id);
    if let Some(pair) = messages.windows(2).find(|pair| pair[0].id == pair[1].id) {
        let line = line_with(&text, 0, &format!("BO_ {} {}", pair[1].id.raw(), pair[1].name));
        let what = format!("{} has the identifier {} of {}", pair[1].name, pair[1].id, pair[0].name);
        return Err(DbcError { line, what });
    }
    Ok(Database { messages })
}

fn identifier(id: MessageId) -> Option<CanId> {
    match id {
        MessageId::Standard(id) => CanId::standard(u32::from(id)),
        MessageId::Extended(id) => CanId::extended(id),
    }
}

fn message(
    source: &can_dbc::Message,
    id: CanId,
    dbc: &Dbc,
    words: &Words<'_>,
    text: &str,
) -> Result<Message, DbcError> {
    let size = source.size as usize;
    if size > MAX_DATA {
        return Err(semantic_error(text, source, None, &format!("has {size} bytes, a frame has at most {MAX_DATA}")));
    }
    let mut signals = Vec::with_capacity(source.signals.len());
    for s in &source.signals {
        let wrong = |what: &str| semantic_error(text, source, Some(&s.name), what);
        let field = BitField::new(s.start_bit, s.size, s.byte_order, size)
            .ok_or_else(|| wrong("does not lie within its message"))?;
        let encoding = match (dbc.extended_value_type_for_signal(source.id, &s.name), field.bits(), s.value_type) {
            (Some(SignalExtendedValueType::IEEEfloat32Bit), 32, _) => Encoding::Float32,
            (Some(SignalExtendedValueType::IEEEdouble64bit), 64, _) => Encoding::Float64,
            (Some(SignalExtendedValueType::IEEEfloat32Bit | SignalExtendedValueType::IEEEdouble64bit), ..) => {
                return Err(wrong("is a float, but not 32 or 64 bits wide"));
            }
            (_, _, ValueType::Signed) => Encoding::Signed,
            (_, _, ValueType::Unsigned) => Encoding::Unsigned,
        };
        signals.push(Signal {
            name: s.name.clone(),
            field,
            encoding,
            factor: s.factor,
            offset: s.offset,
            unit: s.unit.clone(),
            range: range(s),
            present: presence(s, source, dbc).map_err(|what| wrong(&what))?,
            words: words.get(&(source.id, s.name.as_str())).cloned().unwrap_or_default(),
        });
    }
    let variants = Variants::of(&signals)
        .map_err(|(signal, what)| semantic_error(text, source, Some(&signals[signal].name), &what))?;
    Ok(Message { id, name: source.name.clone(), size, signals, variants })
}

/// When a frame carries a signal: what `SG_MUL_VAL_` says, or else the value in the signal's own line for the only
/// switch of the message.
fn presence(signal: &can_dbc::Signal, message: &can_dbc::Message, dbc: &Dbc) -> Result<Presence, String> {
    use MultiplexIndicator::{MultiplexedSignal, Multiplexor, MultiplexorAndMultiplexedSignal, Plain};
    let value = match signal.multiplexer_indicator {
        Plain | Multiplexor => return Ok(Presence::Always),
        MultiplexedSignal(value) | MultiplexorAndMultiplexedSignal(value) => value,
    };
    let is_switch =
        |s: &can_dbc::Signal| matches!(s.multiplexer_indicator, Multiplexor | MultiplexorAndMultiplexedSignal(_));
    let mut extended =
        dbc.extended_multiplex.iter().filter(|e| e.message_id == message.id && e.signal_name == signal.name).peekable();
    if let Some(first) = extended.peek() {
        let name = first.multiplexor_signal_name.clone();
        let switch = message.signals.iter().position(|s| s.name == name && is_switch(s));
        let switch = switch.ok_or_else(|| format!("depends on `{name}`, which is no switch of its message"))?;
        let ranges = extended.filter(|e| e.multiplexor_signal_name == name).flat_map(|e| &e.mappings);
        return Ok(Presence::When { switch, values: ranges.map(|r| r.min_value..=r.max_value).collect() });
    }
    let outer = (message.signals.iter().enumerate()).filter(|(_, s)| s.multiplexer_indicator == Multiplexor);
    match outer.map(|(place, _)| place).collect::<Vec<_>>()[..] {
        [switch] => Ok(Presence::When { switch, values: vec![value..=value] }),
        [] => Err("is multiplexed, but its message has no switch".into()),
        ref several => Err(format!("does not say which of its {} switches it depends on", several.len())),
    }
}

fn range(signal: &can_dbc::Signal) -> Option<(f64, f64)> {
    let number = |value: NumericValue| match value {
        NumericValue::Uint(value) => value as f64,
        NumericValue::Int(value) => value as f64,
        NumericValue::Double(value) => value,
    };
    Some((number(signal.min), number(signal.max))).filter(|(low, high)| low < high)
}

fn signal_words(description: &ValueDescription) -> Option<(SignalKey<'_>, Vec<(i64, String)>)> {
    let ValueDescription::Signal { message_id, name, value_descriptions } = description else { return None };
    let words = value_descriptions.iter().map(|word| (word.id, word.description.clone())).collect();
    Some(((*message_id, name.as_str()), words))
}

/// The parser tells the place only in its text: ` --> line:column` first, ` = what was expected` last.
fn syntax_error(error: &can_dbc::DbcError) -> DbcError {
    let text = error.to_string();
    let line = text.split_once("--> ").and_then(|(_, place)| place.split(':').next()?.parse().ok()).unwrap_or(1);
    let what = text.rsplit_once("= ").map_or(text.as_str(), |(_, what)| what).trim();
    DbcError { line, what: format!("not understood: {what}") }
}

fn semantic_error(text: &str, message: &can_dbc::Message, signal: Option<&str>, what: &str) -> DbcError {
    let start = line_with(text, 0, &format!("BO_ {} {}", message.id.raw(), message.name));
    match signal {
        None => DbcError { line: start, what: format!("{} {what}", message.name) },
        Some(signal) => {
            let line = line_with(text, start, &format!("SG_ {signal} "));
            DbcError { line, what: format!("{signal} of {} {what}", message.name) }
        }
    }
}

/// The number, from 1, of the first line after `skip` that begins with `start`; that of the last line skipped if none does.
fn line_with(text: &str, skip: usize, start: &str) -> usize {
    let found = text.lines().skip(skip).position(|line| line.trim_start().starts_with(start));
    found.map_or(skip.max(1), |place| skip + place + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "VERSION \"\"\n\nNS_ :\n\nBS_:\n\nBU_: A\n\n";

    fn parse_text(body: &str) -> Result<Database, DbcError> {
        parse(format!("{HEAD}{body}").as_bytes())
    }

    #[test]
    fn messages_signals_switches_and_words() {
        let db = parse_text(
            "BO_ 592 CellVoltages: 8 A\n SG_ Mux M : 7|8@0+ (1,0) [0|64] \"\" A\n SG_ V0 m0 : 11|13@0+ (1,0) [0|8191] \"mV\" A\n \
             SG_ V4 m1 : 11|13@0+ (1,0) [0|8191] \"mV\" A\n\nBO_ 2566848512 Wide: 8 A\n SG_ F : 0|32@1- (0.5,1) [0|0] \"W\" A\n \
             SG_ State : 32|4@1+ (1,0) [0|15] \"\" A\n\nVAL_ 2566848512 State 7 \"normal\" 8 \"error\" ;\nSIG_VALTYPE_ 2566848512 F : 1;\n",
        )
        .unwrap();
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
    }

    #[test]
    fn a_wrong_file_names_the_line() {
        for (body, line, words) in [
            (
                "BO_ 16 M: 8 A\n SG_ S : 0|8@1+ (1,0) [0|0] \"\" A\n SG_ Long : 60|8@1+ (1,0) [0|0] \"\" A\n",
                11,
                "Long of M",
            ),
            ("BO_ 16 M: 65 A\n", 9, "65 bytes"),
            ("BO_ 4000 M: 8 A\n", 9, "11 bits"),
            ("BO_ 16 M: 8 A\n\nBO_ 16 N: 8 A\n", 11, "identifier 0x010"),
            ("BO_ 16 M: 8 A\n SG_ S m0 : 0|8@1+ (1,0) [0|0] \"\" A\n", 10, "no switch"),
            ("BO_ 16 M: 8 A\n SG_ F : 0|16@1+ (1,0) [0|0] \"\" A\n\nSIG_VALTYPE_ 16 F : 1;\n", 10, "float"),
            ("BO_ 16 M: 8 A\n SG_ S : what\n", 10, "not understood"),
        ] {
            let error = parse_text(body).unwrap_err();
            assert_eq!(error.line, line, "{error}");
            assert!(error.what.contains(words), "{error}");
        }
    }

    #[test]
    fn a_degree_sign_in_windows_1252_is_read() {
        let mut bytes = format!("{HEAD}BO_ 16 M: 8 A\n SG_ T : 0|8@1- (1,0) [0|0] \"").into_bytes();
        bytes.extend_from_slice(b"\xB0C\" A\n");
        assert_eq!(parse(&bytes).unwrap().messages[0].signals[0].unit, "°C");
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,200}", body in "(BO_|SG_|[0-9MmS :@|+(),\\[\\]\"\n-]){0,80}") {
            let _ = parse(text.as_bytes());
            let _ = parse_text(&body);
        }
    }
}

//! The layout table as a DBC file.

use super::commands;
use super::layout::{CONTROLLER, Message, SWEEP_MS, Signal};
use crate::controller::report::NodeState;
use std::fmt::Write;

/// The text of the DBC file that describes `messages`.
pub fn text(messages: &[Message]) -> String {
    let mut out = format!("VERSION \"\"\n\nNS_ :\n\nBS_:\n\nBU_: {CONTROLLER} {}\n", commands::SENDER);
    for message in messages {
        out.push_str(&describe(message));
    }
    out.push('\n');
    for message in messages {
        line(&mut out, format_args!("CM_ BO_ {} \"{}\";", message.id, message.comment));
    }
    line(&mut out, format_args!("\nBA_DEF_ BO_ \"GenMsgCycleTime\" INT 0 65535;"));
    line(&mut out, format_args!("BA_DEF_DEF_ \"GenMsgCycleTime\" 0;"));
    for message in messages.iter().filter(|message| message.sender == CONTROLLER) {
        line(&mut out, format_args!("BA_ \"GenMsgCycleTime\" BO_ {} {SWEEP_MS};", message.id));
    }
    out.push('\n');
    for message in messages {
        for signal in message.frames.iter().flatten() {
            let words = value_words(signal);
            if !words.is_empty() {
                line(&mut out, format_args!("VAL_ {} {} {words};", message.id, signal.name));
            }
        }
    }
    out
}

fn line(out: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = writeln!(out, "{text}");
}

fn describe(message: &Message) -> String {
    let mut out = String::new();
    line(&mut out, format_args!("\nBO_ {} {}: 8 {}", message.id, message.name, message.sender));
    if let Some(mux) = message.mux {
        let last = message.frames.len().saturating_sub(1);
        line(&mut out, format_args!(" SG_ {mux} M : 7|8@0+ (1,0) [0|{last}] \"\" Vector__XXX"));
    }
    for (mux, signals) in message.frames.iter().enumerate() {
        let place = if message.mux.is_some() { format!(" m{mux}") } else { String::new() };
        for s in signals {
            let (low, high) = s.raw_range();
            let sign = if s.signed { '-' } else { '+' };
            line(
                &mut out,
                format_args!(
                    " SG_ {}{place} : {}|{}@0{sign} ({},0) [{}|{}] \"{}\" Vector__XXX",
                    s.name,
                    dbc_start_bit(s),
                    s.bits,
                    s.scale,
                    rounded(low as f64 * s.scale),
                    rounded(high as f64 * s.scale),
                    s.unit
                ),
            );
        }
    }
    out
}

/// DBC counts a big-endian signal's highest bit as byte number times 8 plus the bit in the byte.
fn dbc_start_bit(signal: &Signal) -> u8 {
    (63 - signal.high_bit) / 8 * 8 + signal.high_bit % 8
}

/// Steps down to 0.01 exist, so more digits are only noise of binary fractions.
fn rounded(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

/// The words for the values of a signal, in DBC order, empty if it is a plain number.
fn value_words(signal: &Signal) -> String {
    let words: Vec<(u8, &str)> = if signal.name == "BmsState" {
        (0..=10).map(|code| (code, domain::derived::controller_mode(f32::from(code)))).collect()
    } else if signal.name.starts_with("AfeState_") {
        NodeState::WORDS.iter().map(|(state, word)| (*state as u8, *word)).collect()
    } else {
        commands::words(&signal.name).unwrap_or_default().to_vec()
    };
    words.iter().map(|(code, word)| format!("{code} \"{word}\"")).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::can::layout::messages;
    use domain::topology::Topology;

    #[test]
    fn the_committed_file_is_what_the_table_says() {
        let committed = include_str!("../../../../dbc/packtwin_hv.dbc");
        let table = text(&messages(&Topology::new(1, 13, 20)));
        assert!(
            committed == table,
            "dbc/packtwin_hv.dbc differs from the layout table: cargo run -p sim --example dbc > dbc/packtwin_hv.dbc"
        );
    }
}

//! Bytes from outside, bent at random: no codec may panic, and no value that cannot be may become a reading.
//!
//! Every codec that reads a wire, a file or a tape is a target. Each begins with sound inputs and those saved in
//! `corpus/TARGET/`; [`testkit::fuzz`] bends them, for a moment or for as long as it is told. What comes from a device or
//! a person may not take much more memory than it is long.

#![allow(clippy::unwrap_used, reason = "what cannot be set up fails its test")]

mod memory;
mod modbus;
mod targets;

use memory::Bounded;
use std::path::Path;
use testkit::fuzz;

macro_rules! fuzzed {
    ($($test:ident: $target:expr;)*) => {
        $(#[test] fn $test() {
            fuzz(&$target, &Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus"));
        })*
    };
}

fuzzed! {
    cannelloni_packets: Bounded(targets::Cannelloni::new());
    candump_lines: Bounded(targets::Candump);
    shared_memory_segments: Bounded(targets::Segments::new());
    dbc_files: Bounded(targets::DbcFile);
    register_tables_and_words: Bounded(targets::Registers);
    frames_among_noise: Bounded(modbus::Rtu);
    chains_of_sunspec_models: Bounded(modbus::Chain);
    vrm_answers: Bounded(targets::Vrm);
    mqtt_packets_of_a_gx: Bounded(targets::VictronMqtt);
    // What the server packs for pages is bounded by its rows, not by its bytes.
    live_frames: targets::Live;
    wire_messages: targets::Messages;
}

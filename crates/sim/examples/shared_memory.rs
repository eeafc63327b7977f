//! Simulates 6,400 cells into shared memory, as a foreign simulator would, until it is stopped:
//! `cargo run -p sim --example shared_memory -- [file]`.

use sim::bus::shared_memory::{PERIOD_S, RACKS, SEGMENT, SharedRacks};
use std::path::PathBuf;
use std::time::Duration;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = PathBuf::from(std::env::args().nth(1).unwrap_or_else(|| SEGMENT.to_owned()));
    let mut racks = SharedRacks::create(&path, RACKS, 1)?;
    println!("{} cells are written to {}", RACKS.cells(), path.display());
    let mut ticks = tokio::time::interval(Duration::from_secs_f32(PERIOD_S));
    loop {
        ticks.tick().await;
        racks.step(PERIOD_S)?;
    }
}

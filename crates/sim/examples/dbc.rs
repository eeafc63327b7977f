//! Prints the DBC file of the simulated pack: `cargo run -p sim --example dbc > dbc/packtwin_hv.dbc`.

use domain::topology::Topology;

fn main() {
    print!("{}", sim::can::dbc::text(&sim::can::layout::messages(&Topology::new(1, 13, 20))));
}

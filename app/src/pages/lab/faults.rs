//! Faults: to be injected, and those that are active, each with its way back.

use super::command::CommandForm;
use super::field::{ChoiceField, TextField};
use super::state::Lab;
use crate::components::{Card, EmptyState};
use crate::derived::Derived;
use crate::format::sentence;
use domain::lab::{LATE_MAX_S, LabFault, Make, PackFault, SimDevice, WriteFault};
use domain::spec::SystemKind;
use leptos::prelude::*;

/// A form for each kind of thing that can fail. A system without cells has only devices.
#[component]
pub(super) fn Inject(
    /// The lab.
    lab: Lab,
) -> impl IntoView {
    let last = lab.topology.cell_name(lab.topology.cells().saturating_sub(1));
    let first = lab.topology.cell_name(0);
    let options = |of: &[(Make, &str, &str)]| {
        of.iter().map(|(_, id, words)| ((*id).to_owned(), sentence(words))).collect::<Vec<_>>()
    };
    let (kinds, node_kinds) = (options(&LabFault::OF_CELLS), options(&LabFault::OF_NODES));
    let pack = PackFault::ALL.map(|(_, id, words)| (id.to_owned(), sentence(words))).to_vec();
    let writes = WriteFault::ALL.map(|(_, id, words)| (id.to_owned(), sentence(words))).to_vec();
    let nodes = (1..=lab.topology.modules()).map(|node| (node.to_string(), format!("Node {node}"))).collect::<Vec<_>>();
    let devices = SimDevice::of(lab.kind).iter();
    let devices = devices.map(|device| (device.id().to_owned(), sentence(device.name()))).collect::<Vec<_>>();
    let house = LabFault::OF_HOUSES.map(|(_, id, words)| (id.to_owned(), sentence(words))).to_vec();
    let is_house = lab.kind == SystemKind::Home;
    let has_cells = lab.topology.cells() > 0;
    let (cell, node, link) = (RwSignal::default(), RwSignal::default(), RwSignal::default());
    let whole = RwSignal::default();
    let (taking, late) = (RwSignal::default(), RwSignal::default());
    view! {
        <Card title="Inject a fault" class="lab-inject">
            {has_cells.then(|| {
                view! {
                    <CommandForm lab action="inject" submit="Inject into the cell" outcome=cell>
                        <ChoiceField
                            name="fault"
                            label="Cell fault"
                            options=kinds
                            hint="weak: 4 % less capacity, 30 % more resistance; hot: about 25 K warmer; over and under voltage: read 600 mV off; frozen: its reading stands still"
                            outcome=cell
                        />
                        <TextField
                            name="cell"
                            label="Cell"
                            hint=format!("module and cell, {first} to {last}")
                            value=first.clone()
                            outcome=cell
                        />
                    </CommandForm>
                    <CommandForm lab action="inject" submit="Inject into the node" outcome=node>
                        <ChoiceField name="fault" label="Node fault" options=node_kinds hint="dead: its cells are no longer measured; slow: it answers 400 ms late" outcome=node />
                        <ChoiceField name="node" label="AFE node" options=nodes hint="one per module" outcome=node />
                    </CommandForm>
                    <CommandForm lab action="inject" submit="Inject into the pack" outcome=whole>
                        <ChoiceField name="fault" label="Pack fault" options=pack hint="some show only under load: with a loose busbar, a burst makes a sag" outcome=whole />
                    </CommandForm>
                }
            })}
            {(!is_house).then(|| {
                view! {
                    <CommandForm lab action="inject" submit="Inject into the controller" outcome=taking>
                        <ChoiceField name="fault" label="Fault of writes" options=writes hint="it shows when something is set" outcome=taking />
                    </CommandForm>
                    <CommandForm lab action="inject" submit="Make writes late" outcome=late>
                        <input type="hidden" name="fault" value=LabFault::LATE_WRITES />
                        <TextField
                            name="seconds"
                            label="Writes are taken late by"
                            hint=format!("1 to {LATE_MAX_S} s")
                            value="5".to_owned()
                            outcome=late
                        />
                    </CommandForm>
                }
            })}
            {is_house.then(|| {
                view! {
                    <CommandForm lab action="inject" submit="Inject into the house" outcome=whole>
                        <ChoiceField name="fault" label="House fault" options=house outcome=whole />
                    </CommandForm>
                }
            })}
            <CommandForm lab action="inject" submit="Silence the device" outcome=link>
                <input type="hidden" name="fault" value="silent-link" />
                <ChoiceField name="device" label="Device" options=devices hint="it stops sending and answering" outcome=link />
            </CommandForm>
        </Card>
    }
}

/// The faults that are active now.
#[component]
pub(super) fn ActiveFaults(
    /// The lab.
    lab: Lab,
) -> impl IntoView {
    let faults =
        Derived::new(move || lab.state.with(|state| state.as_ref().map_or_else(Vec::new, |s| s.faults.clone())));
    let known = Derived::new(move || lab.state.with(Option::is_some));
    let none = Derived::new(move || faults.with(Vec::is_empty));
    let count = Derived::new(move || match faults.with(Vec::len) {
        0 => String::new(),
        n => format!("{n} active"),
    });
    view! {
        <Card title="Active faults" note=count class="lab-faults">
            <ul class="fault-list">
                <For
                    each=move || faults.get()
                    key=|fault| *fault
                    children=move |fault| view! { <FaultRow lab fault /> }
                />
            </ul>
            {move || match (known.get(), none.get()) {
                (false, _) => view! { <EmptyState title="Not known yet" advice="The simulation has not answered." /> }.into_any(),
                (true, true) => {
                    view! { <EmptyState title="No fault is injected" advice="The simulated devices work as they should." /> }.into_any()
                }
                (true, false) => view! { <CommandForm lab action="clear-all" submit="Clear all" /> }.into_any(),
            }}
        </Card>
    }
}

#[component]
fn FaultRow(lab: Lab, fault: LabFault) -> impl IntoView {
    let words = fault.words(&lab.topology);
    let label = format!("Clear: {words}");
    let hidden = |(name, value): (&'static str, String)| view! { <input type="hidden" name=name value=value /> };
    view! {
        <li class="fault">
            <span class="fault-words">{sentence(&words)}</span>
            <CommandForm lab action="clear" submit="Clear" label=label class="inline">
                {fault.fields(&lab.topology).into_iter().map(hidden).collect_view()}
            </CommandForm>
        </li>
    }
}

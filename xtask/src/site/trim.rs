//! Takes code out of the compiled page that never runs there.
//!
//! Leptos can hydrate a page in two ways, at once or piece by piece as futures become ready. `hydrate_body` does the
//! first; but every erased view carries a table of all its methods, so the compiler must keep the second, a sixth of
//! the module. The bodies of these functions are replaced by a trap here, and what only they used goes with them.
//! Would a later version of the page use them, the trap is a loud error in the first browser test.

use anyhow::{Context as _, Result, ensure};
use walrus::{FunctionKind, InstrLocId, Module, ModuleConfig};
use wasm_bindgen_cli_support::Bindgen;

/// In the names of the functions that are taken out.
const NEVER_CALLED: &str = "hydrate_async";

/// Gives `code` to `bindgen`, without what never runs.
///
/// # Errors
/// It is no WebAssembly, or has lost the names of its functions.
pub(super) fn input(bindgen: &mut Bindgen, code: &[u8]) -> Result<()> {
    // The compiler's output is well-formed; wasm-bindgen does not validate it again either.
    let mut config = ModuleConfig::new();
    config.strict_validate(false).generate_name_section(false).generate_producers_section(false);
    let mut module = config.parse(code).context("read the compiled page")?;
    ensure!(empty(&mut module, NEVER_CALLED) > 0, "the compiled page has no names of functions; do not strip them");
    bindgen.input_module("frontend", module);
    Ok(())
}

/// Makes a trap of every function with `part` in its name; tells how many there were.
fn empty(module: &mut Module, part: &str) -> usize {
    let mut emptied = 0;
    for function in module.funcs.iter_mut() {
        let named = function.name.as_ref().is_some_and(|name| name.contains(part));
        if let FunctionKind::Local(local) = &mut function.kind
            && named
        {
            let body = local.block_mut(local.entry_block());
            body.instrs.clear();
            body.instrs.push((walrus::ir::Unreachable {}.into(), InstrLocId::default()));
            emptied += 1;
        }
    }
    emptied
}

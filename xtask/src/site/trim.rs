//! Takes the second way of hydrating out of the compiled page.
//!
//! A view that hides its type carries a table of all its methods, so the linker keeps them all: among them hydration as a
//! future, which only pages with `<Suspense>` start. Ours have none, and a tenth of the page would be code that nothing
//! reaches. The bodies go, a trap stays in their place, and what only they called goes with them.

use anyhow::{Context as _, Result};
use walrus::{FunctionBuilder, FunctionId, FunctionKind, Module};

/// The method of which only the name stays.
const UNUSED: &str = "hydrate_async";

/// The page without it. Functions are known by their names, so the module must still have its names.
///
/// # Errors
/// The module cannot be read, or has no such function: then its names are gone, or Leptos has changed.
pub(super) fn trim(module: &[u8]) -> Result<Vec<u8>> {
    let mut module = Module::from_buffer(module).context("read the compiled page")?;
    let unused: Vec<FunctionId> = (module.funcs.iter())
        .filter(|function| function.name.as_deref().is_some_and(is_unused))
        .map(|function| function.id())
        .collect();
    anyhow::ensure!(!unused.is_empty(), "no function of the page is called {UNUSED}: look at {}", file!());
    for id in unused {
        let kind = module.types.get(module.funcs.get(id).ty());
        let (params, results) = (kind.params().to_vec(), kind.results().to_vec());
        let arguments = params.iter().map(|kind| module.locals.add(*kind)).collect();
        let mut trap = FunctionBuilder::new(&mut module.types, &params, &results);
        trap.func_body().unreachable();
        module.funcs.get_mut(id).kind = FunctionKind::Local(trap.local_func(arguments));
    }
    walrus::passes::gc::run(&mut module);
    Ok(module.emit_wasm())
}

/// Whether a mangled name is that of the method or of the future that it returns. What is defined within them may have
/// been merged with equal code from elsewhere; these are like nothing else.
fn is_unused(mangled: &str) -> bool {
    let name = format!("{:#}", rustc_demangle::demangle(mangled));
    let path = without_generics(&name);
    let function = path.strip_suffix("::{closure#0}").unwrap_or(&path);
    function.ends_with(UNUSED) && !path.starts_with("core::")
}

/// `<a::B<c> as d::E>::f::<g>::{closure#0}` without all that stands in angle brackets: `::f::{closure#0}`.
fn without_generics(name: &str) -> String {
    let mut path = String::new();
    let (mut depth, mut before) = (0u32, ' ');
    for letter in name.chars() {
        match letter {
            '<' => depth += 1,
            // The arrow of a function's type closes nothing.
            '>' if before != '-' => depth = depth.saturating_sub(1),
            _ if depth == 0 => path.push(letter),
            _ => {}
        }
        before = letter;
    }
    path.replace("::::", "::").trim_end_matches("::").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generics_are_left_out_of_a_path() {
        for (name, path) in [
            ("<a::B<c::D> as e::F>::f::<g::H<i>>::{closure#0}", "::f::{closure#0}"),
            ("a::f::<dyn core::ops::FnMut<()> -> b::C>", "a::f"),
            ("a::b", "a::b"),
        ] {
            assert_eq!(without_generics(name), path);
        }
    }

    #[test]
    fn only_the_method_and_its_future_are_taken_out() {
        for (name, unused) in [
            ("_RNvXCs1_4viewNtB2_4HtmlNtB2_6Render13hydrate_async", true),
            ("_RNCNvXCs1_4viewNtB2_4HtmlNtB2_6Render13hydrate_async0", true),
            ("_RNCNCNvXCs1_4viewNtB2_4HtmlNtB2_6Render13hydrate_async00", false),
            ("_RNvXCs1_4viewNtB2_4HtmlNtB2_6Render7hydrate", false),
            ("main", false),
        ] {
            assert_eq!(is_unused(name), unused, "{name}: {:#}", rustc_demangle::demangle(name));
        }
    }

    #[test]
    fn a_page_without_the_method_is_reported() {
        let error = trim(&Module::default().emit_wasm()).unwrap_err();
        assert!(error.to_string().contains(UNUSED), "{error}");
    }
}

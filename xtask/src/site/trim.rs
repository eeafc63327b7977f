//! Takes what is never called out of the compiled page: the second way of hydrating, and streams.
//!
//! A view that hides its type carries a table of all its methods, so the linker keeps them all: among them hydration as a
//! future, which only pages with `<Suspense>` start. Ours have none, and a tenth of the page would be code that nothing
//! reaches. Leptos brings streams for server functions that answer bit by bit; a script could call them, and none does.
//! The bodies go, a trap stays in their place, and what only they called goes with them.

use anyhow::{Context as _, Result};
use std::ops::Range;
use wasm_encoder::{CustomSection, Encode as _, Module, RawSection};
use wasmparser::{KnownCustom, Name, Parser, Payload, RelocSectionReader, TypeRef};

/// The method of which only the name stays.
const UNUSED: &str = "hydrate_async";
/// How the names of the functions begin by which a script would read and write streams of Rust.
const STREAMS: [&str; 2] = ["intounderlying", "__wbg_intounderlying"];
/// The linker's list of what each function refers to.
const REFERENCES: &str = "reloc.CODE";
/// No locals, then `unreachable`: the begin of a function that traps. Filling and an end follow, so that functions keep
/// their places, by which the list names them.
const TRAP: [u8; 2] = [0x00, 0x00];
const FILLING: u8 = 0x01;
const END: u8 = 0x0b;

/// The page without it. Functions are known by their names, and what they refer to by the linker's list: the module must
/// have both. What is referred to no more goes when the page is [split](super::split).
///
/// # Errors
/// The module cannot be read, or has no such function: then its names are gone, or Leptos has changed.
pub(super) fn trim(module: &[u8]) -> Result<Vec<u8>> {
    let page = Page::read(module).context("read the compiled page")?;
    anyhow::ensure!(!page.unused.is_empty(), "no function of the page is called {UNUSED}: look at {}", file!());
    let references = page.references.as_ref().with_context(|| format!("the page has no list {REFERENCES}"))?;
    let mut trapping = module.to_vec();
    for body in &page.unused {
        let code = trapping.get_mut(body.clone()).context("a function is cut off")?;
        code.fill(FILLING);
        code[..TRAP.len()].copy_from_slice(&TRAP);
        code[body.len() - 1] = END;
    }
    let kept = page.kept(module, references)?;
    let mut trimmed = Module::new();
    for (id, range) in &page.sections {
        if *range == references.range {
            trimmed.section(&CustomSection { name: REFERENCES.into(), data: kept.as_slice().into() });
        } else {
            trimmed.section(&RawSection { id: *id, data: &trapping[range.clone()] });
        }
    }
    Ok(trimmed.finish())
}

/// Where things are in a module.
#[derive(Default)]
struct Page<'a> {
    /// Number and contents of every section.
    sections: Vec<(u8, Range<usize>)>,
    /// The begin of the section with the functions.
    code: usize,
    /// The functions to take out.
    unused: Vec<Range<usize>>,
    references: Option<References<'a>>,
}

struct References<'a> {
    range: Range<usize>,
    list: RelocSectionReader<'a>,
}

impl<'a> Page<'a> {
    fn read(module: &'a [u8]) -> Result<Page<'a>> {
        let mut page = Page::default();
        let (mut imported, mut bodies) = (0, Vec::new());
        for payload in Parser::new(0).parse_all(module) {
            let payload = payload?;
            page.sections.extend(payload.as_section().map(|(id, range)| (id, bytes(&range))));
            match payload {
                Payload::ImportSection(imports) => {
                    for import in imports.into_imports() {
                        imported += usize::from(matches!(import?.ty, TypeRef::Func(_)));
                    }
                }
                Payload::CodeSectionStart { range, .. } => page.code = bytes(&range).start,
                Payload::CodeSectionEntry(body) => bodies.push(bytes(&body.range())),
                Payload::CustomSection(custom) if custom.name() == REFERENCES => {
                    let range = bytes(&custom.range());
                    page.references = Some(References { range, list: RelocSectionReader::new(custom.data_reader())? });
                }
                Payload::CustomSection(custom) => {
                    let KnownCustom::Name(names) = custom.as_known() else { continue };
                    for name in names {
                        let Name::Function(functions) = name? else { continue };
                        for function in functions {
                            let function = function?;
                            let place = (function.index as usize).checked_sub(imported);
                            let body = place.and_then(|place| bodies.get(place));
                            page.unused.extend(body.filter(|_| is_unused(function.name)).cloned());
                        }
                    }
                }
                _ => {}
            }
        }
        Ok(page)
    }

    /// The list without what the unused functions refer to.
    fn kept(&self, module: &[u8], references: &References) -> Result<Vec<u8>> {
        let mut unused: Vec<&Range<usize>> = self.unused.iter().collect();
        unused.sort_by_key(|body| body.start);
        let mut entries = references.list.entries().into_iter_with_offsets().peekable();
        let (mut count, mut kept) = (0_u32, Vec::new());
        while let Some(entry) = entries.next() {
            let (start, entry) = entry?;
            let end = match entries.peek() {
                Some(Ok((next, _))) => *next as usize,
                _ => references.range.end,
            };
            let at = self.code + entry.offset as usize;
            let before = unused.partition_point(|body| body.start <= at);
            if !unused[..before].last().is_some_and(|body| body.contains(&at)) {
                count += 1;
                kept.extend_from_slice(&module[start as usize..end]);
            }
        }
        let mut list = Vec::new();
        references.list.section_index().encode(&mut list);
        count.encode(&mut list);
        list.extend(kept);
        Ok(list)
    }
}

fn bytes(range: &Range<u64>) -> Range<usize> {
    range.start as usize..range.end as usize
}

/// Whether a mangled name is that of a stream, of the method, or of the future that it returns. What is defined within them
/// may have been merged with equal code from elsewhere; these are like nothing else.
fn is_unused(mangled: &str) -> bool {
    if STREAMS.iter().any(|begin| mangled.starts_with(begin)) {
        return true;
    }
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

    /// Two functions that call the first one, each with an entry in the linker's list.
    fn page(second: &str) -> Vec<u8> {
        use wasm_encoder::*;
        let (mut types, mut functions, mut code) = (TypeSection::new(), FunctionSection::new(), CodeSection::new());
        types.ty().function([], []);
        for _ in 0..2 {
            functions.function(0);
            code.raw(&[0x00, 0x10, 0x80, 0x80, 0x80, 0x80, 0x00, 0x0b]);
        }
        let mut module = Module::new();
        module.section(&types).section(&functions).section(&code);
        // To section 2, two entries: a call 4 and 13 bytes into it, of symbol 0.
        let list = [2, 2, 0, 4, 0, 0, 13, 0];
        module.section(&CustomSection { name: REFERENCES.into(), data: (&list[..]).into() });
        let mut names = NameMap::new();
        names.append(0, "main");
        names.append(1, second);
        let mut section = NameSection::new();
        section.functions(&names);
        module.section(&section);
        module.finish()
    }

    #[test]
    fn the_method_traps_and_refers_to_nothing() {
        let trimmed = trim(&page("_RNvXCs1_4viewNtB2_4HtmlNtB2_6Render13hydrate_async")).unwrap();
        wasmparser::Validator::new().validate_all(&trimmed).unwrap();
        let mut bodies = Vec::new();
        for payload in Parser::new(0).parse_all(&trimmed) {
            match payload.unwrap() {
                Payload::CodeSectionEntry(body) => bodies.push(body.as_bytes().to_vec()),
                Payload::CustomSection(custom) if custom.name() == REFERENCES => {
                    assert_eq!(custom.data(), [2, 1, 0, 4, 0]);
                }
                _ => {}
            }
        }
        assert_eq!(bodies[0], [0x00, 0x10, 0x80, 0x80, 0x80, 0x80, 0x00, 0x0b]);
        assert_eq!(bodies[1], [0x00, 0x00, 0x01, 0x01, 0x01, 0x01, 0x01, 0x0b]);
        assert!(trim(&page("_RNvXCs1_4viewNtB2_4HtmlNtB2_6Render7hydrate")).is_err());
    }

    #[test]
    fn a_page_without_the_method_is_reported() {
        let error = trim(&Module::new().finish()).unwrap_err();
        assert!(error.to_string().contains(UNUSED), "{error}");
    }
}

//! Makes the folder that the server serves, from the compiled page, the style sheets and `public/`.
//!
//! ```text
//! target/site/favicon.png ...            public/, as it is
//! target/site/pkg/manifest.txt           what each file is, and its name
//! target/site/pkg/frontend.<hash>.js     and frontend_bg.<hash>.wasm, packtwin.<hash>.css, each also as .br
//! target/site/pkg/chunks.<hash>.js       loads the chunks of lazy pages: lab.<hash>.wasm, ...
//! ```
//!
//! The manifest has a line for each of `build`, `js`, `wasm`, `css` and `loader`, and a line `chunk <page>` for each chunk
//! that a lazy page needs. `build` is a number of all that the site is made from: a page and a server that have the same
//! belong together.
//!
//! Names carry a hash of the content, so browsers may keep the files for ever. Nothing is done if nothing has changed.
//!
//! A plain page goes to `target/site-plain`: one module, one script, nothing compressed.

mod split;
mod style;
mod trim;

use crate::commands::target_dir;
use crate::demo_page::Files;
use crate::wasm::Page;
use anyhow::{Context as _, Result};
use std::collections::BTreeMap;
use std::fs;
use std::hash::{DefaultHasher, Hasher as _};
use std::path::{Path, PathBuf};
use std::time::Duration;
use wasm_bindgen_cli_support::Bindgen;

/// Changes when this module makes other files from the same sources.
const FORMAT: &[u8] = b"7";
/// How long the files of an earlier build stay: a server that runs since then still serves them.
const KEPT: Duration = Duration::from_secs(24 * 3_600);

/// Where the site is.
pub(crate) fn folder(page: Page) -> PathBuf {
    target_dir().join(match page {
        Page::Small => "site",
        Page::Plain => "site-plain",
        Page::Demo { .. } => "demo-page",
    })
}

/// Makes the site from the compiled page; `false` if it was made before from the same sources.
///
/// # Errors
/// A source cannot be read, or the page is not what wasm-bindgen expects.
pub(crate) fn assemble(page: Page) -> Result<bool> {
    let (site, module) = (folder(page), page.module());
    let pkg = site.join("pkg");
    let code = fs::read(&module).with_context(|| format!("read {}", module.display()))?;
    let css = style::bundle(Path::new("style/main.css"))?;
    let public = public_files()?;
    let mut sources = vec![FORMAT, &code, css.as_bytes()];
    sources.extend(public.iter().flat_map(|(name, content)| [name.as_encoded_bytes(), content]));
    let stamp = hash(&sources);
    let (stamp_file, manifest) = (site.join("sources.txt"), pkg.join("manifest.txt"));
    if manifest.exists() && fs::read_to_string(&stamp_file).is_ok_and(|old| old == stamp) {
        return Ok(false);
    }
    if page == Page::Plain && pkg.exists() {
        fs::remove_dir_all(&pkg).with_context(|| format!("remove {}", pkg.display()))?;
    }

    fs::create_dir_all(&pkg).with_context(|| format!("make {}", pkg.display()))?;
    for (name, content) in public {
        write(&site.join(name), &content)?;
    }
    let files = match page {
        Page::Small => small(&code, &site, &pkg)?,
        Page::Plain | Page::Demo { .. } => plain(&code, &pkg)?,
    };
    let css = publish(page, &pkg, "packtwin", "css", css.as_bytes())?;
    write(&manifest, format!("build {}\n{files}css {css}\n", build_number(page, &stamp)).as_bytes())?;
    write(&stamp_file, stamp.as_bytes())?;
    remove_older(&pkg, KEPT)?;
    Ok(true)
}

/// What page and server compare. An open page of a developer is loaded again at once when it changes.
fn build_number(page: Page, stamp: &str) -> String {
    match page {
        Page::Small | Page::Demo { .. } => stamp.to_owned(),
        Page::Plain => format!("dev-{stamp}"),
    }
}

/// The files of a page as it is delivered: without what is never used, and cut into chunks; their lines of the manifest.
fn small(code: &[u8], site: &Path, pkg: &Path) -> Result<String> {
    let parts = split::split(&trim::trim(code)?, &site.join("parts"))?;
    bind(Page::Small, &parts.page, pkg)?;
    let [mut glue, mut loader] = [text(take(&pkg.join("frontend.js"))?)?, parts.loader];
    let wasm = publish(Page::Small, pkg, "frontend_bg", "wasm", &take(&pkg.join("frontend_bg.wasm"))?)?;
    let mut lines = format!("wasm {wasm}\n");
    for (part, content) in &parts.chunks {
        let name = publish(Page::Small, pkg, part.trim_start_matches("split_"), "wasm", content)?;
        loader = renamed(&loader, &format!("./{part}.wasm"), &name)?;
        for page in parts.needs.iter().filter(|(_, parts)| parts.contains(part)).map(|(page, _)| page) {
            lines.push_str(&format!("chunk {page} {name}\n"));
        }
    }
    // The two scripts import each other, so their names come from the content of both.
    let pair = hash(&[glue.as_bytes(), loader.as_bytes()]);
    let [js, chunks] = ["frontend", "chunks"].map(|stem| format!("{stem}.{pair}.js"));
    glue = renamed(&glue, split::LOADER, &chunks)?;
    loader = renamed(&loader, split::GLUE, &js)?;
    for (kind, name, content) in [("js", js, glue), ("loader", chunks, loader)] {
        write_compressed(pkg, &name, content.as_bytes())?;
        lines.push_str(&format!("{kind} {name}\n"));
    }
    Ok(lines)
}

/// The files of a page as the compiler made it; their lines of the manifest.
fn plain(code: &[u8], pkg: &Path) -> Result<String> {
    bind(Page::Plain, code, pkg)?;
    let wasm = publish(Page::Plain, pkg, "frontend_bg", "wasm", &take(&pkg.join("frontend_bg.wasm"))?)?;
    let js = publish(Page::Plain, pkg, "frontend", "js", &take(&pkg.join("frontend.js"))?)?;
    Ok(format!("wasm {wasm}\njs {js}\n"))
}

/// Makes the files of the demo without a server in `folder`.
///
/// # Errors
/// As [`assemble`].
pub(crate) fn demo(page: Page, folder: &Path) -> Result<Files> {
    let module = page.module();
    let code = fs::read(&module).with_context(|| format!("read {}", module.display()))?;
    bind(page, &code, folder)?;
    let css = style::bundle(Path::new("style/main.css"))?;
    let icon = fs::read("public/favicon.png").context("read public/favicon.png")?;
    let publish = |stem, kind, content: &[u8]| publish(page, folder, stem, kind, content);
    Ok(Files {
        wasm: publish("frontend_bg", "wasm", &take(&folder.join("frontend_bg.wasm"))?)?,
        js: publish("frontend", "js", &take(&folder.join("frontend.js"))?)?,
        css: publish("packtwin", "css", css.as_bytes())?,
        icon: publish("favicon", "png", &icon)?,
    })
}

/// Removes what earlier builds left, if it was written more than `age` ago.
fn remove_older(folder: &Path, age: Duration) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let about = entry.metadata()?;
        if about.is_file() && about.modified()?.elapsed().is_ok_and(|old| old > age) {
            fs::remove_file(entry.path()).with_context(|| format!("remove {}", entry.path().display()))?;
        }
    }
    Ok(())
}

/// What is sent to a browser, brotli, bytes.
pub(crate) struct Transfer {
    /// On the first visit, whatever the page: `wasm`, `js`, `loader`, `css`.
    pub(crate) first: BTreeMap<String, u64>,
    /// What each lazy page, or part of one, needs beside that. Some have code in common, which is sent once.
    pub(crate) lazy: BTreeMap<String, u64>,
}

/// Measures what is sent.
///
/// # Errors
/// The site is not there.
pub(crate) fn transfer() -> Result<Transfer> {
    let pkg = folder(Page::Small).join("pkg");
    let manifest = fs::read_to_string(pkg.join("manifest.txt")).context("the site is not built")?;
    let mut sent = Transfer { first: BTreeMap::new(), lazy: BTreeMap::new() };
    let files = manifest.lines().filter_map(|line| line.rsplit_once(' ')).filter(|(kind, _)| *kind != "build");
    for (kind, name) in files {
        let bytes = fs::metadata(pkg.join(format!("{name}.br")))?.len();
        let (sizes, what) = match kind.strip_prefix("chunk ") {
            Some(page) => (&mut sent.lazy, page),
            None => (&mut sent.first, kind),
        };
        *sizes.entry(what.to_owned()).or_default() += bytes;
    }
    Ok(sent)
}

/// The glue between the browser and the module: the same library as the program `wasm-bindgen`, so that there is nothing
/// to install whose version could differ.
fn bind(page: Page, code: &[u8], pkg: &Path) -> Result<()> {
    (Bindgen::new().input_bytes("frontend", code.to_vec()).out_name("frontend").web(true)?)
        .typescript(false)
        .remove_name_section(page != Page::Plain)
        .remove_producers_section(true)
        // Chunks share what the linker exports: the stack and the function table.
        .keep_lld_exports(!matches!(page, Page::Demo { .. }))
        .omit_default_module_path(true)
        .generate(pkg)
        .context("make the glue of the page")
}

fn public_files() -> Result<Vec<(std::ffi::OsString, Vec<u8>)>> {
    let mut files = Vec::new();
    for entry in fs::read_dir("public").context("read public/")? {
        let path = entry?.path();
        if let Some(name) = path.file_name().filter(|_| path.is_file()) {
            files.push((name.to_owned(), fs::read(&path).with_context(|| format!("read {}", path.display()))?));
        }
    }
    files.sort();
    Ok(files)
}

fn compress(content: &[u8]) -> Result<Vec<u8>> {
    let params =
        brotli::enc::BrotliEncoderParams { quality: 11, lgwin: 22, size_hint: content.len(), ..Default::default() };
    let mut compressed = Vec::new();
    brotli::BrotliCompress(&mut &*content, &mut compressed, &params)?;
    Ok(compressed)
}

/// Writes a file that carries its hash in its name, which is returned.
fn publish(page: Page, pkg: &Path, stem: &str, kind: &str, content: &[u8]) -> Result<String> {
    let name = format!("{stem}.{}.{kind}", hash(&[content]));
    match page {
        Page::Small => write_compressed(pkg, &name, content)?,
        Page::Plain | Page::Demo { .. } => write(&pkg.join(&name), content)?,
    }
    Ok(name)
}

fn write_compressed(pkg: &Path, name: &str, content: &[u8]) -> Result<()> {
    write(&pkg.join(name), content)?;
    write(&pkg.join(format!("{name}.br")), &compress(content).with_context(|| format!("compress {name}"))?)
}

/// A script in which the file that it asks for has another name. The page asks its loader by the name in the module, which
/// stays: only where a file is named, at the end of an import or in a fetch, the name changes.
fn renamed(script: &str, file: &str, name: &str) -> Result<String> {
    let (import, fetch) = (format!("from \"{file}\""), format!("URL(\"{file}\""));
    let places = script.matches(&import).count() + script.matches(&fetch).count();
    // Every lazy page has an import of its own, of the one loader.
    anyhow::ensure!(places > 0, "{file} is asked for nowhere");
    Ok(script.replace(&import, &format!("from \"./{name}\"")).replace(&fetch, &format!("URL(\"./{name}\"")))
}

fn text(bytes: Vec<u8>) -> Result<String> {
    String::from_utf8(bytes).context("a script that is not text")
}

fn take(path: &Path) -> Result<Vec<u8>> {
    let content = fs::read(path).with_context(|| format!("read {}", path.display()))?;
    fs::remove_file(path).with_context(|| format!("remove {}", path.display()))?;
    Ok(content)
}

fn write(path: &Path, content: &[u8]) -> Result<()> {
    fs::write(path, content).with_context(|| format!("write {}", path.display()))
}

/// A short name for some content. It guards against stale files, not against people.
pub(crate) fn hash(parts: &[&[u8]]) -> String {
    let mut hasher = DefaultHasher::new();
    for part in parts {
        hasher.write_usize(part.len());
        hasher.write(part);
    }
    format!("{:016x}", hasher.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_old_files_are_removed() {
        let folder = std::env::temp_dir().join(format!("packtwin-site-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let (old, new) = (folder.join("old.js"), folder.join("new.js"));
        for path in [&old, &new] {
            write(path, b"x").unwrap();
        }
        let yesterday = std::time::SystemTime::now() - 2 * KEPT;
        fs::File::options().write(true).open(&old).unwrap().set_modified(yesterday).unwrap();
        remove_older(&folder, KEPT).unwrap();
        let left = (old.exists(), new.exists());
        fs::remove_dir_all(&folder).unwrap();
        assert_eq!(left, (false, true));
    }

    #[test]
    fn the_hash_sees_content_and_where_it_is_cut() {
        assert_eq!(hash(&[b"ab", b"c"]), hash(&[b"ab", b"c"]));
        assert_ne!(hash(&[b"ab", b"c"]), hash(&[b"a", b"bc"]));
        assert_ne!(hash(&[b"ab"]), hash(&[b"ac"]));
    }

    #[test]
    fn a_file_has_another_name_only_where_it_is_asked_for() {
        let glue = "import * as i from \"./chunks.js\";\nimports[\"./chunks.js\"] = i;";
        let renamed_glue = "import * as i from \"./chunks.0f.js\";\nimports[\"./chunks.js\"] = i;";
        assert_eq!(renamed(glue, "./chunks.js", "chunks.0f.js").unwrap(), renamed_glue);
        let loader = "fetch(new URL(\"./split_lab.wasm\", import.meta.url))";
        let renamed_loader = "fetch(new URL(\"./lab.0f.wasm\", import.meta.url))";
        assert_eq!(renamed(loader, "./split_lab.wasm", "lab.0f.wasm").unwrap(), renamed_loader);
        assert!(renamed(loader, "./split_trends.wasm", "trends.0f.wasm").is_err());
    }

    #[test]
    fn what_is_compressed_comes_back() {
        let content = b"260 cells healthy ".repeat(500);
        let compressed = compress(&content).unwrap();
        let mut back = Vec::new();
        brotli::BrotliDecompress(&mut &*compressed, &mut back).unwrap();
        assert_eq!(back, content);
        assert!(compressed.len() < 100);
    }
}

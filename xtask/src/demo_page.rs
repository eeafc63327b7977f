//! `demo-page`: the demo that has no server, as a folder for any static host, in `target/demo-page`.
//!
//! ```text
//! index.html, 404.html            the document; a host shows 404.html for /cells and the like
//! frontend.<hash>.js, _bg.wasm    the page with the simulated site
//! packtwin.<hash>.css, favicon    style sheet and icon
//! ```
//!
//! What Trunk makes of the top `index.html`, without Trunk.

use crate::job::{Steps, run_together};
use crate::site;
use crate::tools::wasm_target;
use crate::wasm::Page;
use anyhow::{Context as _, Result, ensure};
use std::fs;
use std::path::PathBuf;
use std::time::Instant;

/// Builds the page and makes the folder; gives it.
///
/// # Errors
/// A tool is missing, something does not compile, or the folder cannot be written.
pub(crate) fn build(plain: bool) -> Result<PathBuf> {
    let page = Page::Demo { plain };
    let mut steps = Steps::of(2);
    run_together(vec![page.job(wasm_target::find()?)], &mut steps)?;
    let began = Instant::now();
    let folder = site::folder(page);
    if folder.exists() {
        fs::remove_dir_all(&folder).with_context(|| format!("remove {}", folder.display()))?;
    }
    fs::create_dir_all(&folder).with_context(|| format!("make {}", folder.display()))?;
    let files = site::demo(page, &folder)?;
    let template = fs::read_to_string("index.html").context("read index.html")?;
    let document = document(&template, &files)?;
    for name in ["index.html", "404.html"] {
        fs::write(folder.join(name), &document).with_context(|| format!("write {name}"))?;
    }
    steps.done("folder", began.elapsed());
    let size = fs::metadata(folder.join(&files.wasm))?.len();
    eprintln!("      {} holds the demo ({} KB of code): put it on any static host", folder.display(), size / 1_000);
    Ok(folder)
}

/// The files of the page, by what they are.
pub(crate) struct Files {
    pub(crate) js: String,
    pub(crate) wasm: String,
    pub(crate) css: String,
    pub(crate) icon: String,
}

/// The document with the files' names in the place of what Trunk would fill in. Names are relative: the folder may lie
/// anywhere, and every page of the demo is in it.
fn document(template: &str, files: &Files) -> Result<String> {
    let Files { js, wasm, css, icon } = files;
    let mut document = String::new();
    for line in template.lines() {
        let text = match line.trim() {
            line if line.contains("data-trunk rel=\"rust\"") => format!(
                "<link rel=\"modulepreload\" href=\"./{js}\">\n  <script type=\"module\">import init from './{js}'; \
                 init({{module_or_path: new URL('./{wasm}', document.baseURI)}});</script>"
            ),
            line if line.contains("data-trunk rel=\"icon\"") => format!("<link rel=\"icon\" href=\"./{icon}\">"),
            line if line.starts_with("<link data-trunk") => continue,
            line if line.starts_with("<link rel=\"stylesheet\"") => {
                format!("<link rel=\"stylesheet\" href=\"./{css}\">")
            }
            _ => {
                document += line;
                document.push('\n');
                continue;
            }
        };
        document += &format!("  {text}\n");
    }
    for name in [js, wasm, css, icon] {
        ensure!(document.contains(name.as_str()), "index.html has no place for {name}");
    }
    Ok(document)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_names_its_files_relative_and_nothing_of_trunk_is_left() {
        let files =
            |css: &str| Files { js: "a.js".into(), wasm: "b.wasm".into(), css: css.into(), icon: "d.png".into() };
        let template = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../index.html")).unwrap();
        let made = document(&template, &files("c.css")).unwrap();
        let head = made.split("<html").nth(1).unwrap();
        assert!(!head.contains("data-trunk") && !head.contains("\"/"), "{made}");
        for name in ["'./a.js'", "'./b.wasm'", "\"./c.css\"", "\"./d.png\""] {
            assert!(head.contains(name), "{name} in {made}");
        }
        assert!(document("<head></head>", &files("c.css")).is_err());
    }
}

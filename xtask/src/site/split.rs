//! Splits the compiled page into what every visitor loads and the chunks of the lazy pages.
//!
//! `app::lazy` marks the places where the page is cut. Which function belongs to which part follows from what refers to
//! what, so the linker must leave its lists in the module (`--emit-relocs` in `.cargo/config.toml`). A chunk shares memory
//! and function table with the page and calls it through the table.

use anyhow::{Context as _, Result, anyhow};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use wasm_split_cli_support::{Options, transform};

/// The script that loads chunks, as the page imports it.
pub(super) const LOADER: &str = "./chunks.js";
/// The page's own glue, as that script imports it.
pub(super) const GLUE: &str = "./frontend.js";

/// The parts of the page.
pub(super) struct Parts {
    /// What every visitor loads, not yet bound to the browser.
    pub(super) page: Vec<u8>,
    /// The content of [`LOADER`].
    pub(super) loader: String,
    /// Chunks, each with the name of its file as the loader has it, without `.wasm`.
    pub(super) chunks: Vec<(String, Vec<u8>)>,
    /// The chunks that a lazy page needs.
    pub(super) needs: BTreeMap<String, Vec<String>>,
}

/// Splits the compiled page. `folder` is for intermediate files.
///
/// # Errors
/// The module has no lists of references, or is not what the splitter expects.
pub(super) fn split(module: &[u8], folder: &Path) -> Result<Parts> {
    fs::create_dir_all(folder).with_context(|| format!("make {}", folder.display()))?;
    let page = folder.join("page.wasm");
    let mut options = Options::new(module);
    options.output_dir = folder;
    options.main_out_path = &page;
    options.link_name = LOADER;
    options.main_module = GLUE;
    let made = transform(options).map_err(|error| anyhow!("split the page: {error:#}"))?;
    let mut chunks = Vec::new();
    for path in &made.split_modules {
        let name = path.file_stem().context("a chunk without a name")?.to_string_lossy().into_owned();
        chunks.push((name, packed(&read(path)?).with_context(|| format!("pack {}", path.display()))?));
    }
    chunks.retain(|(name, _)| made.prefetch_map.values().flatten().any(|needed| needed == name));
    let parts = Parts {
        page: read(&page)?,
        loader: String::from_utf8(read(&folder.join(LOADER))?).context("the loader of chunks")?,
        chunks,
        needs: made.prefetch_map.into_iter().collect(),
    };
    fs::remove_dir_all(folder).with_context(|| format!("remove {}", folder.display()))?;
    Ok(parts)
}

/// A chunk without names, with numbers of no more bytes than they need: the linker makes room for any.
fn packed(chunk: &[u8]) -> Result<Vec<u8>> {
    let mut config = walrus::ModuleConfig::new();
    config.generate_name_section(false).generate_producers_section(false);
    let mut module = config.parse(chunk)?;
    walrus::passes::gc::run(&mut module);
    Ok(module.emit_wasm())
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("read {}", path.display()))
}

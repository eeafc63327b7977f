//! The document that the server sends: everything around the app.
//!
//! Inline scripts carry a nonce, so that a strict content security policy can stand. The first one sets the theme before
//! the first paint; the second loads the app and lets it take over what is already on the screen.

use crate::App;
use crate::address::Address;
use crate::boot::{Boot, ELEMENT, Person};
use crate::theme::THEME_KEY;
use crate::{pages, whose};
use leptos::prelude::*;

/// Where the built files are. Their names carry content hashes, so they may be cached for ever.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assets {
    /// The number of the build: a page and a server with the same belong together.
    pub build: String,
    /// The number of the site that documents carry.
    pub site: String,
    /// The glue script made by wasm-bindgen.
    pub js: String,
    /// The script that loads chunks, of a page that is cut into chunks.
    pub loader: Option<String>,
    /// The WebAssembly module.
    pub wasm: String,
    /// The style sheet.
    pub css: String,
    /// The chunks of lazy pages: the name of the page's chunk and a file. A page may need several.
    pub chunks: Vec<(String, String)>,
}

/// Loads the app and lets it take over. It begins after the first paint: what a person reads is in the document already,
/// and on a slow line must not wait for what makes it live. Chunks are asked for in tasks of their own: a request takes a
/// browser a while.
/// The worker that keeps the page's files is asked for when the page has been there for WORKER_AFTER, ms.
const START: &str = "requestAnimationFrame(()=>setTimeout(async()=>{try{\
    const wasm=fetch('WASM');[CHUNKS].forEach(href=>setTimeout(()=>document.head.append(\
    Object.assign(document.createElement('link'),\
    {rel:'preload',as:'fetch',type:'application/wasm',crossOrigin:'',href}))));\
    const{default:init,hydrate}=await import('JS');await init({module_or_path:wasm});await hydrate();\
    setTimeout(()=>navigator.serviceWorker?.register('/sw.js').catch(console.info),WORKER_AFTER)}\
    catch(why){console.error(why);document.body.append(Object.assign(document.createElement('p'),\
    {className:'half-loaded',role:'alert',innerHTML:'WORDS'}))}}))";

/// See [`START`].
const WORKER_AFTER_MS: &str = "3000";

/// The colour around the page, light and dark: that of its ground in `style/tokens.css`; and while the page shows the past,
/// that of the status bar then.
const AROUND: [(&str, &str, &str); 2] = [("light", "#f2f3f5", "#fdf3e3"), ("dark", "#0d0f13", "#33270f")];

/// Closes an open list when one of its links is followed, and when the focus goes on behind it.
const POPOVERS: &str = "{const f=e=>{const l=e.target.closest?.(':popover-open'),t=e.relatedTarget;\
    if(l&&(e.type=='click'?e.target.closest('a'):t&&!l.parentNode.contains(t)))l.hidePopover()};\
    addEventListener('click',f);addEventListener('focusout',f)}";

/// Keeps the focus near when what had it is gone: the part of the page that it was in has it then, not the document's top.
const FOCUS: &str = "{let h=[];addEventListener('focusin',e=>{h=[];for(let n=e.target;n;n=n.parentElement)h.push(n)});\
    new MutationObserver(()=>{if(h[0]&&document.activeElement==document.body&&!h[0].checkVisibility()){\
    const n=h.find(n=>n.matches('section,main,dialog')&&n.checkVisibility());h=[];\
    if(n){n.tabIndex=-1;n.focus({preventScroll:true})}}})\
    .observe(document,{childList:true,subtree:true,attributeFilter:['hidden']})}";

/// What every document of ours runs: it keeps these colours as the theme says and as the page shows the present or the past,
/// if it has a `<meta name="theme-color" data-scheme>` for each scheme, closes open lists, and keeps the focus near.
pub fn of_document() -> String {
    let colours = AROUND.map(|(scheme, now, past)| format!("{scheme}:['{now}','{past}']")).join(",");
    format!(
        "{{const r=document.documentElement,c={{{colours}}},f=()=>{{const t=r.dataset.theme;\
        document.querySelectorAll('meta[name=theme-color]').forEach(m=>{{const s=m.dataset.scheme;\
        m.content=c[s]['past'in r.dataset?1:0];m.media=t?t==s?'all':'not all':`(prefers-color-scheme: ${{s}})`}})}};\
        new MutationObserver(f).observe(r,{{attributeFilter:['data-theme','data-past']}});f()}}{POPOVERS}{FOCUS}"
    )
}

/// The script that sets the chosen theme, before the first paint.
pub(crate) fn theme_from_storage() -> String {
    format!("try{{const t=localStorage.getItem('{THEME_KEY}');if(t)document.documentElement.dataset.theme=t}}catch{{}}")
}

/// Said over a page whose code did not come: it looks alive, and is not.
const HALF_LOADED: &str =
    "This page did not load to its end: what it shows stands still. <a href=\"\">Load it again</a>";

/// The whole document for one request, of the page at `address`, for `person`. `nonce` goes on every inline script.
pub fn shell(
    assets: &Assets,
    boot: Boot,
    address: Address,
    person: Person,
    nonce: Option<String>,
) -> impl IntoView + use<> {
    let Assets { build, site, js, loader, wasm, css, chunks } = assets.clone();
    let chunk = pages::chunk(&address).map(|chunk| chunk.name);
    let chunks = chunks.iter().filter(|(name, _)| chunk == Some(name)).map(|(_, file)| format!("'{file}'"));
    let chunks = chunks.collect::<Vec<_>>().join(",");
    let theme = format!(
        "{}{}\
        addEventListener('beforeinstallprompt',e=>{{e.preventDefault();window.installOffer=e;dispatchEvent(new Event('installOffer'))}})",
        theme_from_storage(),
        of_document()
    );
    let past = boot.at.map(|_| "");
    let start = START
        .replace("WORKER_AFTER", WORKER_AFTER_MS)
        .replace("JS", &js)
        .replace("WASM", &wasm)
        .replace("CHUNKS", &chunks)
        .replace("WORDS", HALF_LOADED);
    let carried = boot.encode();
    let named = whose::system(&address, &boot.site).is_some();
    provide_context(boot);
    provide_context(person.clone());
    let title = pages::title(pages::place(&address).filter(|_| named), 0);
    provide_context(address);
    view! {
        <!DOCTYPE html>
        <html lang="en" data-build=build data-site=site data-past=past data-person=person.0>
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover" />
                <title inner_html=title></title>
                <meta name="color-scheme" content="light dark" />
                {AROUND.map(|(scheme, colour, _)| {
                    let media = format!("(prefers-color-scheme: {scheme})");
                    leptos::html::meta().name("theme-color").attr("media", media).attr("data-scheme", scheme).content(colour)
                })}
                <meta name="apple-mobile-web-app-title" content="Packtwin" />
                <meta name="description" content="A live twin of a battery: every cell, five times a second." />
                <script nonce=nonce.clone()>{theme}</script>
                <link rel="stylesheet" href=css />
                <link rel="modulepreload" href=js fetchpriority="low" nonce=nonce.clone() />
                {loader.map(|loader| view! { <link rel="modulepreload" href=loader fetchpriority="low" nonce=nonce.clone() /> })}
                <link rel="manifest" href="/manifest.webmanifest" />
                <link rel="apple-touch-icon" href="/apple-touch-icon.png" />
                <link rel="icon" href="/favicon.png" type="image/png" sizes="64x64" />
                <script type="module" nonce=nonce.clone()>
                    {start}
                </script>
                <script type="text/plain" id=ELEMENT nonce=nonce>
                    {carried}
                </script>
            </head>
            <body>
                <App />
            </body>
        </html>
    }
}

#[cfg(test)]
mod tests;

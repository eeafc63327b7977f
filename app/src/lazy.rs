//! Code that a browser loads when a page first needs it.
//!
//! The page is compiled as one module; `cargo xtask` cuts it where [`lazy_page!`](crate::lazy_page) says. What only lazy
//! pages use is then in chunks, which a first visit does not load (see `docs/adr/0007`). The server has all of it at once,
//! and so has a page that is built without the feature `split`.

use leptos::prelude::AnyView;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::OnceLock;
use std::task::{Context, Poll, Waker};
pub use wasm_split_helpers::SplitLoaderError;
#[cfg(feature = "split")]
pub use wasm_split_helpers::wasm_split;

/// Draws a page.
pub type View = fn() -> AnyView;
/// A view that is on its way.
pub type Loading = Pin<Box<dyn Future<Output = Result<View, SplitLoaderError>>>>;

/// The code of a lazy page.
pub struct Chunk {
    /// Its name in the manifest of the built page.
    pub name: &'static str,
    load: fn() -> Loading,
    view: OnceLock<View>,
}

impl Chunk {
    /// For [`lazy_page!`](crate::lazy_page).
    #[doc(hidden)]
    pub const fn new(name: &'static str, load: fn() -> Loading) -> Chunk {
        Chunk { name, load, view: OnceLock::new() }
    }

    /// Loads the code, if it is not there.
    ///
    /// # Errors
    /// It cannot be had: there is no connection, or the server has a newer page by now. The console says which. Another
    /// call tries again.
    pub async fn load(&self) -> Result<View, SplitLoaderError> {
        if let Some(view) = self.view.get() {
            return Ok(*view);
        }
        let view = (self.load)().await?;
        Ok(*self.view.get_or_init(|| view))
    }

    /// The code, if it is there: in a page that is cut, once it is [loaded](Chunk::load); elsewhere always.
    pub fn view(&self) -> Option<View> {
        if cfg!(all(target_family = "wasm", feature = "split")) {
            return self.view.get().copied();
        }
        let ready = pin!(self.load()).poll(&mut Context::from_waker(Waker::noop()));
        match ready {
            Poll::Ready(view) => view.ok(),
            Poll::Pending => None,
        }
    }
}

/// `lazy_page!(LAB, lab, LabPage)`: a static [`Chunk`] called `LAB` with the page `<LabPage />` in a chunk called `lab`.
#[macro_export]
macro_rules! lazy_page {
    ($chunk:ident, $name:ident, $page:ident) => {
        #[doc = concat!("The code of the page ", stringify!($page), ".")]
        pub static $chunk: $crate::lazy::Chunk = {
            #[cfg(feature = "split")]
            #[$crate::lazy::wasm_split($name, fallible)]
            fn $name() -> Result<$crate::lazy::View, $crate::lazy::SplitLoaderError> {
                Ok(|| view! { <$page /> }.into_any())
            }
            #[cfg(not(feature = "split"))]
            async fn $name() -> Result<$crate::lazy::View, $crate::lazy::SplitLoaderError> {
                Ok(|| view! { <$page /> }.into_any())
            }
            $crate::lazy::Chunk::new(stringify!($name), || Box::pin($name()))
        };
    };
}

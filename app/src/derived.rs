//! Values that follow from signals.
//!
//! [`Derived`] does what a memo does, and is one type inside, whatever it holds: the reactive machinery is compiled once
//! for the page and not once for each closure and type, which is a fifth of what a browser loads.

use leptos::prelude::*;
use leptos::tachys::reactive_graph::ReactiveFunction;
use std::any::Any;
use std::marker::PhantomData;
use std::sync::{Arc, Mutex};

/// A value that follows from signals. Computed when it is asked for and something that it read has changed; what reads it
/// runs again only if the new value differs.
pub struct Derived<T> {
    memo: Memo<Erased>,
    of: PhantomData<fn() -> T>,
}

impl<T: PartialEq + Send + Sync + 'static> Derived<T> {
    /// What `read` says of the signals that it reads.
    pub fn new(read: impl Fn() -> T + Send + Sync + 'static) -> Derived<T> {
        Derived::erased(Box::new(move |_| Erased::new(read())))
    }

    /// The same, where the last value is worth having: to keep a thing that has just gone, say.
    pub fn with_last(read: impl Fn(Option<&T>) -> T + Send + Sync + 'static) -> Derived<T> {
        Derived::erased(Box::new(move |last| Erased::new(read(last.and_then(Erased::get)))))
    }

    /// A value that stays as it is.
    pub fn fixed(value: T) -> Derived<T> {
        let value = Erased::new(value);
        Derived::erased(Box::new(move |_| value.clone()))
    }

    fn erased(read: Read) -> Derived<T> {
        Derived { memo: memo(read), of: PhantomData }
    }
}

impl<T: 'static> Derived<T> {
    /// Gives the value to `look`. The reader runs again when it changes.
    pub fn with<U>(&self, look: impl FnOnce(&T) -> U) -> U {
        look(self.memo.get().expect())
    }

    /// The value. The reader runs again when it changes.
    pub fn get(&self) -> T
    where
        T: Clone,
    {
        self.memo.get().expect::<T>().clone()
    }

    /// The reader runs again when the value changes.
    pub fn track(&self) {
        // A memo that was never read follows nothing yet, and would never say that it has changed.
        self.memo.with(|_| ());
    }

    /// Gives the value to `look`, once.
    pub fn with_untracked<U>(&self, look: impl FnOnce(&T) -> U) -> U {
        look(self.memo.get_untracked().expect())
    }

    /// The value as it is now.
    pub fn get_untracked(&self) -> T
    where
        T: Clone,
    {
        self.with_untracked(T::clone)
    }
}

/// A derived value stands in a view as it is: `{words}`, `class=state`.
impl<T: Clone + 'static> ReactiveFunction for Derived<T> {
    type Output = T;

    fn invoke(&mut self) -> T {
        self.get()
    }

    fn into_shared(self) -> Arc<Mutex<dyn FnMut() -> T + Send>> {
        Arc::new(Mutex::new(move || self.get()))
    }
}

impl<T> Copy for Derived<T> {}

impl<T> Clone for Derived<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: Default + PartialEq + Send + Sync + 'static> Default for Derived<T> {
    fn default() -> Self {
        Derived::fixed(T::default())
    }
}

impl<T: PartialEq + Send + Sync + 'static> From<T> for Derived<T> {
    fn from(value: T) -> Self {
        Derived::fixed(value)
    }
}

impl From<&str> for Derived<String> {
    fn from(words: &str) -> Self {
        Derived::fixed(words.to_owned())
    }
}

type Read = Box<dyn Fn(Option<&Erased>) -> Erased + Send + Sync>;

/// The one memo of which all are made.
fn memo(read: Read) -> Memo<Erased> {
    Memo::new(read)
}

/// A value of some type, comparable with one of the same type.
#[derive(Clone)]
struct Erased {
    value: Arc<dyn Any + Send + Sync>,
    same: fn(&dyn Any, &dyn Any) -> bool,
}

impl Erased {
    fn new<T: PartialEq + Send + Sync + 'static>(value: T) -> Erased {
        Erased {
            value: Arc::new(value),
            same: |one, other| one.downcast_ref::<T>().is_some_and(|one| Some(one) == other.downcast_ref()),
        }
    }

    fn get<T: 'static>(&self) -> Option<&T> {
        self.value.downcast_ref()
    }

    #[allow(clippy::expect_used, reason = "only a Derived<T> makes and reads this value")]
    fn expect<T: 'static>(&self) -> &T {
        self.get().expect("a derived value has one type")
    }
}

impl PartialEq for Erased {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.value, &other.value) || (self.same)(&*self.value, &*other.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[test]
    fn what_follows_is_computed_again_only_after_a_change() {
        Owner::new().with(|| {
            let runs = Arc::new(AtomicUsize::new(0));
            let source = RwSignal::new(3);
            let even = Derived::new(move || source.get() % 2 == 0);
            let words = {
                let runs = Arc::clone(&runs);
                Derived::new(move || {
                    runs.fetch_add(1, Ordering::Relaxed);
                    if even.get() { "even" } else { "odd" }
                })
            };
            assert_eq!(words.get(), "odd");
            source.set(5);
            assert_eq!((words.get(), runs.load(Ordering::Relaxed)), ("odd", 1));
            source.set(6);
            assert_eq!((words.get(), runs.load(Ordering::Relaxed)), ("even", 2));
        });
    }

    #[test]
    fn what_is_only_tracked_wakes_its_reader() {
        Owner::new().with(|| {
            let source = RwSignal::new(3);
            let even = Derived::new(move || source.get() % 2 == 0);
            let runs = AtomicUsize::new(0);
            let reader = Derived::new(move || {
                even.track();
                runs.fetch_add(1, Ordering::Relaxed)
            });
            assert_eq!(reader.get(), 0);
            source.set(5);
            assert_eq!(reader.get(), 0);
            source.set(6);
            assert_eq!(reader.get(), 1);
        });
    }

    #[test]
    fn the_last_value_can_be_kept() {
        Owner::new().with(|| {
            let source = RwSignal::new(Some(7));
            let kept = Derived::with_last(move |last| source.get().or(last.copied().flatten()));
            assert_eq!(kept.get(), Some(7));
            source.set(None);
            assert_eq!(kept.get(), Some(7));
        });
    }

    #[test]
    fn a_plain_value_is_one_too() {
        Owner::new().with(|| {
            assert_eq!(Derived::<String>::from("now").get_untracked(), "now");
            assert_eq!(Derived::<Option<u8>>::default().get(), None);
        });
    }
}

//! How much memory a codec takes for an input, counted by an allocator that counts for each thread.

#![allow(unsafe_code, reason = "an allocator cannot be written without; this one only counts and passes on")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use testkit::Target;

/// So many bytes for each byte of the input,
const FACTOR: usize = 50;
/// and so many for what any input needs.
const ANYWAY: usize = 256 << 10;

thread_local! {
    static HELD: Cell<isize> = const { Cell::new(0) };
    static MOST: Cell<isize> = const { Cell::new(0) };
}

fn count(bytes: isize) {
    // Threads that end allocate after their locals are gone.
    let _ = HELD.try_with(|held| {
        held.set(held.get() + bytes);
        let _ = MOST.try_with(|most| most.set(most.get().max(held.get())));
    });
}

struct Counting;

// SAFETY: everything is passed on to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as isize);
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        count(-(layout.size() as isize));
        unsafe { System.dealloc(at, layout) }
    }
    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // While it moves, both are there.
        count(size as isize);
        count(-(layout.size() as isize));
        unsafe { System.realloc(at, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// A target that may not take much more memory than its input.
pub(crate) struct Bounded<T>(pub(crate) T);

impl<T: Target> Target for Bounded<T> {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn seeds(&self) -> Vec<Vec<u8>> {
        self.0.seeds()
    }

    fn take(&self, input: &[u8]) -> bool {
        let before = HELD.get();
        MOST.set(before);
        let sound = self.0.take(input);
        let most = usize::try_from(MOST.get() - before).unwrap_or_default();
        assert!(most <= ANYWAY + FACTOR * input.len(), "{most} bytes of memory for {} bytes", input.len());
        sound
    }

    fn few(&self) -> u64 {
        self.0.few()
    }
}

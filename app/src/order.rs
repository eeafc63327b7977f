//! Sorting of short lists.
//!
//! The sorts of the standard library are made for long ones and bring 4 KB of code for each type of item into the page.

/// Sorts a list of some hundred items at most: equal ones keep their order.
pub fn sort_by<T>(items: &mut [T], before: impl Fn(&T, &T) -> bool) {
    for end in 1..items.len() {
        let mut place = end;
        while place > 0 && before(&items[place], &items[place - 1]) {
            items.swap(place, place - 1);
            place -= 1;
        }
    }
}

/// The first `n` of `items` in the order of `before`; of equal ones the first come first. Time grows with `n`.
pub fn first<T>(items: impl Iterator<Item = T>, n: usize, before: impl Fn(&T, &T) -> bool) -> Vec<T> {
    let mut first: Vec<T> = Vec::with_capacity(n + 1);
    for item in items {
        let place = first.iter().rposition(|kept| !before(&item, kept)).map_or(0, |place| place + 1);
        if place < n {
            first.insert(place, item);
            first.truncate(n);
        }
    }
    first
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_sorts_as_the_standard_library_does(mut items in prop::collection::vec((0u8..9, any::<u8>()), 0..40), n in 0usize..9) {
            let mut sorted = items.clone();
            sorted.sort_by_key(|item| item.0);
            prop_assert_eq!(first(items.iter().copied(), n, |a, b| a.0 < b.0), &sorted[..n.min(sorted.len())]);
            sort_by(&mut items, |a, b| a.0 < b.0);
            prop_assert_eq!(items, sorted);
        }
    }
}

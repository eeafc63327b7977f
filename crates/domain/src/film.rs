//! A stretch of the past, to be played: live frames, each at its own instant, and where the next stretch begins.

use crate::time::Utc;
use crate::wire::{Reader, Wire, WireError, Writer};

/// The most frames of one stretch.
pub const FRAMES_MAX: usize = 256;

/// A stretch of a system's past. The first frame is a key frame, the others follow it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Film {
    /// Its frames, oldest first, see [`live`](crate::live).
    pub frames: Vec<Frame>,
    /// Where the next stretch begins: right behind this one, or with the next reading, if this one has none.
    pub next: Utc,
    /// The present, by the clock of the server.
    pub now: Utc,
}

/// One frame of a [`Film`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frame {
    /// Whether every cell is as it was at that instant; else cells are means of their minute, or not known.
    pub whole: bool,
    /// The live frame.
    pub bytes: Vec<u8>,
}

/// Somewhere to go in the past.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// When.
    pub at: Utc,
    /// What is there, for people.
    pub words: String,
}

impl Wire for Film {
    fn write(&self, w: &mut Writer) {
        w.signed(self.next.0);
        w.signed(self.now.0);
        self.frames.write(w);
    }

    fn read(r: &mut Reader<'_>) -> Result<Film, WireError> {
        Ok(Film { next: Utc(r.signed()?), now: Utc(r.signed()?), frames: Wire::read(r)? })
    }
}

impl Wire for Frame {
    fn write(&self, w: &mut Writer) {
        w.u8(self.whole.into());
        w.bytes(&self.bytes);
    }

    fn read(r: &mut Reader<'_>) -> Result<Frame, WireError> {
        Ok(Frame { whole: r.u8()? != 0, bytes: r.bytes()?.to_vec() })
    }
}

impl Wire for Place {
    fn write(&self, w: &mut Writer) {
        w.signed(self.at.0);
        w.str(&self.words);
    }

    fn read(r: &mut Reader<'_>) -> Result<Place, WireError> {
        Ok(Place { at: Utc(r.signed()?), words: r.str()?.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_film_comes_back_as_it_was(
            (next, now) in any::<(i64, i64)>(),
            frames in prop::collection::vec((any::<bool>(), prop::collection::vec(any::<u8>(), 0..20)), 0..8),
        ) {
            let frames = frames.into_iter().map(|(whole, bytes)| Frame { whole, bytes }).collect();
            let film = Film { frames, next: Utc(next), now: Utc(now) };
            prop_assert_eq!(Film::from_bytes(&film.to_bytes()), Ok(film));
        }

        #[test]
        fn what_is_read_of_any_bytes_can_be_written_and_read_again(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            if let Ok(film) = Film::from_bytes(&bytes) {
                prop_assert_eq!(Film::from_bytes(&film.to_bytes()), Ok(film));
            }
            if let Ok(place) = Place::from_bytes(&bytes) {
                prop_assert_eq!(Place::from_bytes(&place.to_bytes()), Ok(place));
            }
        }
    }
}

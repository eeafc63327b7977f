//! A system's past as files for another program: the sealed days as they lie, and what is not sealed yet.

use super::{History, Range};
use crate::block::Block;
use crate::sealed::Kind;
use crate::segment::Segment;
use domain::point::PointId;
use std::path::PathBuf;

/// All of a system's past at one instant.
#[derive(Clone, Debug, PartialEq)]
pub struct Parts {
    /// The sealed days with their files, oldest first. A file may be replaced by a longer one at any time.
    pub sealed: Vec<(Segment, PathBuf)>,
    /// The rows that are in none of them.
    pub tail: Block,
}

impl History {
    /// The parts that a system's past consists of now. No row is in two of them. A damaged day is left
    /// out, which is told.
    pub fn parts(&self, system: &str) -> Parts {
        let found = self.find(system, Range::new(i64::MIN, i64::MAX), PointId::ALL);
        let file = |segment: Segment| {
            let sound = self.checks.check(system, &segment).ok();
            sound.map(|()| (segment, Kind::Pack.path(&self.data, system, segment.day)))
        };
        Parts { sealed: found.segments.into_iter().filter_map(file).collect(), tail: found.tail }
    }
}

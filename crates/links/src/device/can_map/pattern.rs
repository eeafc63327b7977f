//! Signal names with numbers in them: `CellVoltage_{cell}` stands for `CellVoltage_000` to `CellVoltage_259`.

use domain::topology::Topology;

/// What a number in a signal's name counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placeholder {
    /// Cells, of the pack or of a module.
    Cell,
    /// Modules.
    Module,
    /// AFE nodes.
    Node,
}

/// The numbers found in a name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Numbers {
    /// That of `{cell}`.
    pub cell: Option<u32>,
    /// That of `{module}`.
    pub module: Option<u32>,
    /// That of `{node}`.
    pub node: Option<u32>,
}

/// Why the numbers in a name are no cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoSuchCell {
    /// One lies below the first.
    BelowFirst,
    /// The battery does not have so many modules, or cells in a module.
    BeyondTopology,
}

impl Numbers {
    /// The cell that the numbers name, counted from 0 through the battery; `None` if they name none. They are counted
    /// from `first`: cells through the battery, or in each module where there is a number for the module.
    ///
    /// # Errors
    /// The battery has no such cell.
    pub fn cell_index(&self, first: u32, topology: &Topology) -> Result<Option<usize>, NoSuchCell> {
        let from_first = |number: u32| number.checked_sub(first).map(|n| n as usize).ok_or(NoSuchCell::BelowFirst);
        let Some(cell) = self.cell.map(from_first).transpose()? else { return Ok(None) };
        let of_module = usize::from(topology.cells_per_module);
        let index = match self.module.map(from_first).transpose()? {
            None => Some(cell).filter(|cell| *cell < topology.cells()),
            Some(module) => (module < topology.modules() && cell < of_module).then_some(module * of_module + cell),
        };
        index.map(Some).ok_or(NoSuchCell::BeyondTopology)
    }

    /// Whether all numbers that are here are the same as there.
    pub(super) fn agree(&self, there: &Numbers) -> bool {
        let same = |here: Option<u32>, there: Option<u32>| here.is_none() || here == there;
        same(self.cell, there.cell) && same(self.module, there.module) && same(self.node, there.node)
    }
}

/// A name with placeholders, optionally of one message or of numbered ones: `PackValues.BatteryVoltage`,
/// `Module{module}.Cell{cell}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern<'a> {
    message: Option<Vec<Part<'a>>>,
    parts: Vec<Part<'a>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part<'a> {
    Text(&'a str),
    Number(Placeholder),
}

impl<'a> Pattern<'a> {
    /// Reads a pattern.
    ///
    /// # Errors
    /// In words: an unknown placeholder, one that is used twice, or two without text between them.
    pub fn parse(text: &'a str) -> Result<Pattern<'a>, String> {
        let (message, signal) = match text.split_once('.') {
            Some((message, signal)) => (Some(parse_parts(message)?), signal),
            None => (None, text),
        };
        let parts = parse_parts(signal)?;
        let pattern = Pattern { message, parts };
        let all: Vec<_> = pattern.all().filter(|part| matches!(part, Part::Number(_))).copied().collect();
        match all.iter().enumerate().any(|(place, part)| all[..place].contains(part)) {
            true => Err(format!("`{text}` has a placeholder twice")),
            false => Ok(pattern),
        }
    }

    fn all(&self) -> impl Iterator<Item = &Part<'a>> {
        self.message.iter().flatten().chain(&self.parts)
    }

    /// Whether it has this placeholder.
    pub fn has(&self, placeholder: Placeholder) -> bool {
        self.all().any(|part| *part == Part::Number(placeholder))
    }

    /// Whether it stands for a single name.
    pub fn is_plain(&self) -> bool {
        !self.all().any(|part| matches!(part, Part::Number(_)))
    }

    /// The numbers in `signal` of `message` if the pattern stands for it. Leading zeros do not count.
    pub fn matches(&self, message: &str, signal: &str) -> Option<Numbers> {
        let mut numbers = Numbers::default();
        if let Some(wanted) = &self.message {
            match_parts(wanted, message, &mut numbers)?;
        }
        match_parts(&self.parts, signal, &mut numbers)?;
        Some(numbers)
    }

    /// As [`Pattern::matches`] for a name that stands alone, upper and lower case being the same.
    pub fn matches_any_case(&self, name: &str) -> Option<Numbers> {
        let mut numbers = Numbers::default();
        match &self.message {
            Some(_) => self.matches("", name),
            None => match_with(&self.parts, name, &mut numbers, strip_any_case).map(|()| numbers),
        }
    }

    /// The name of the signal alone with `#` for each number: what two names have in common.
    pub fn shape(&self) -> String {
        self.parts.iter().map(|part| if let Part::Text(text) = part { text } else { "#" }).collect()
    }
}

/// Cuts a name into text and placeholders.
fn parse_parts(name: &str) -> Result<Vec<Part<'_>>, String> {
    let (mut parts, mut rest) = (Vec::new(), name);
    while let Some((before, after)) = rest.split_once('{') {
        let (placeholder, after) = after.split_once('}').ok_or_else(|| format!("`{name}` has a {{ without a }}"))?;
        let number = match placeholder {
            "cell" => Placeholder::Cell,
            "module" => Placeholder::Module,
            "node" => Placeholder::Node,
            _ => return Err(format!("`{{{placeholder}}}` is not known: use {{cell}}, {{module}} or {{node}}")),
        };
        if !before.is_empty() {
            parts.push(Part::Text(before));
        } else if matches!(parts.last(), Some(Part::Number(_))) {
            return Err(format!("`{name}` has two numbers without text between them"));
        }
        parts.push(Part::Number(number));
        rest = after;
    }
    if !rest.is_empty() {
        parts.push(Part::Text(rest));
    }
    Ok(parts)
}

/// Adds the numbers of `name` if these parts stand for it.
fn match_parts(parts: &[Part<'_>], name: &str, numbers: &mut Numbers) -> Option<()> {
    match_with(parts, name, numbers, |name, text| name.strip_prefix(text))
}

/// What follows `text` at the begin of `name`, upper and lower case being the same.
fn strip_any_case<'n>(name: &'n str, text: &str) -> Option<&'n str> {
    let mut rest = name.chars();
    for wanted in text.chars() {
        if !rest.next()?.to_lowercase().eq(wanted.to_lowercase()) {
            return None;
        }
    }
    Some(rest.as_str())
}

/// As [`match_parts`], with what takes a text from the begin of a name.
fn match_with(
    parts: &[Part<'_>],
    name: &str,
    numbers: &mut Numbers,
    strip: for<'n> fn(&'n str, &str) -> Option<&'n str>,
) -> Option<()> {
    let mut rest = name;
    for part in parts {
        match part {
            Part::Text(text) => rest = strip(rest, text)?,
            Part::Number(placeholder) => {
                let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
                let (number, after) = rest.split_at(digits);
                let slot = match placeholder {
                    Placeholder::Cell => &mut numbers.cell,
                    Placeholder::Module => &mut numbers.module,
                    Placeholder::Node => &mut numbers.node,
                };
                *slot = Some(number.parse().ok()?);
                rest = after;
            }
        }
    }
    rest.is_empty().then_some(())
}

/// A signal's name with `#` for each number in it.
pub fn shape(name: &str) -> String {
    let mut shape = String::with_capacity(name.len());
    for letter in name.chars() {
        match letter {
            '0'..='9' if shape.ends_with('#') => {}
            '0'..='9' => shape.push('#'),
            _ => shape.push(letter),
        }
    }
    shape
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_give_their_numbers() {
        let cell = |n| Some(Numbers { cell: Some(n), ..Numbers::default() });
        for (pattern, name, expected) in [
            ("CellVoltage_{cell}", "CellVoltage_007", cell(7)),
            ("CellVoltage_{cell}", "CellVoltage_259", cell(259)),
            ("CellVoltage_{cell}", "CellVoltageValid_007", None),
            ("CellVoltage_{cell}", "CellVoltage_7a", None),
            ("CellVoltage_{cell}", "CellVoltage_", None),
            ("CellVoltage_{cell}", "CellVoltage_99999999999", None),
            ("M{module}C{cell}_mV", "M3C12_mV", Some(Numbers { cell: Some(12), module: Some(3), node: None })),
            ("Pa{module}.C{cell}", "C3", None),
            ("Pack.C{cell}", "C3", cell(3)),
            ("Soc", "Soc", Some(Numbers::default())),
            ("Pack.Soc", "Soc", Some(Numbers::default())),
            ("Other.Soc", "Soc", None),
        ] {
            assert_eq!(Pattern::parse(pattern).unwrap().matches("Pack", name), expected, "{pattern} {name}");
        }
    }

    #[test]
    fn numbers_may_stand_in_the_messages_name() {
        let numbers = Numbers { cell: Some(3), module: Some(12), node: None };
        let pattern = Pattern::parse("Module{module}_V.Cell{cell}").unwrap();
        assert_eq!(pattern.matches("Module12_V", "Cell3"), Some(numbers));
        assert_eq!((pattern.matches("Module_V", "Cell3"), pattern.is_plain()), (None, false));
    }

    #[test]
    fn upper_and_lower_case_may_be_the_same() {
        for (pattern, name, cell) in [
            ("A_V{cell}", "a_v3", Some(3)),
            ("Ä_{cell}", "ä_7", Some(7)),
            ("A_V{cell}", "b_v3", None),
            ("A{cell}", "a", None),
        ] {
            let found = Pattern::parse(pattern).unwrap().matches_any_case(name).and_then(|numbers| numbers.cell);
            assert_eq!(found, cell, "{pattern} {name}");
        }
    }

    #[test]
    fn a_pattern_that_cannot_be_read_says_why() {
        for (pattern, words) in [
            ("V_{zell}", "{zell}"),
            ("V_{cell", "without a }"),
            ("V_{cell}_{cell}", "twice"),
            ("V_{module}{cell}", "without text"),
            ("M{cell}.V{cell}", "twice"),
        ] {
            let error = Pattern::parse(pattern).unwrap_err();
            assert!(error.contains(words), "{error}");
        }
    }

    proptest::proptest! {
        #[test]
        fn nothing_makes_it_panic(pattern in "\\PC{0,30}", name in "\\PC{0,30}") {
            if let Ok(pattern) = Pattern::parse(&pattern) {
                let _ = (pattern.matches("M", &name), pattern.shape(), shape(&name));
            }
        }
    }
}

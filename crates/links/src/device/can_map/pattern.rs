//! Signal names with numbers in them: `CellVoltage_{cell}` stands for `CellVoltage_000` to `CellVoltage_259`.

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

/// A name with placeholders, optionally of one message: `PackValues.BatteryVoltage`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern<'a> {
    message: Option<&'a str>,
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
        let (message, mut rest) = match text.split_once('.') {
            Some((message, signal)) => (Some(message), signal),
            None => (None, text),
        };
        let mut parts = Vec::new();
        while let Some((before, after)) = rest.split_once('{') {
            let (name, after) = after.split_once('}').ok_or_else(|| format!("`{text}` has a {{ without a }}"))?;
            let number = match name {
                "cell" => Placeholder::Cell,
                "module" => Placeholder::Module,
                "node" => Placeholder::Node,
                _ => return Err(format!("`{{{name}}}` is not known: use {{cell}}, {{module}} or {{node}}")),
            };
            if parts.contains(&Part::Number(number)) {
                return Err(format!("`{text}` has {{{name}}} twice"));
            }
            if !before.is_empty() {
                parts.push(Part::Text(before));
            } else if matches!(parts.last(), Some(Part::Number(_))) {
                return Err(format!("`{text}` has two numbers without text between them"));
            }
            parts.push(Part::Number(number));
            rest = after;
        }
        if !rest.is_empty() {
            parts.push(Part::Text(rest));
        }
        Ok(Pattern { message, parts })
    }

    /// Whether it has this placeholder.
    pub fn has(&self, placeholder: Placeholder) -> bool {
        self.parts.contains(&Part::Number(placeholder))
    }

    /// Whether it stands for a single name.
    pub fn is_plain(&self) -> bool {
        !self.parts.iter().any(|part| matches!(part, Part::Number(_)))
    }

    /// The numbers in `signal` of `message` if the pattern stands for it. Leading zeros do not count.
    pub fn matches(&self, message: &str, signal: &str) -> Option<Numbers> {
        if self.message.is_some_and(|wanted| wanted != message) {
            return None;
        }
        let mut rest = signal;
        let mut numbers = Numbers::default();
        for part in &self.parts {
            match part {
                Part::Text(text) => rest = rest.strip_prefix(text)?,
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
        rest.is_empty().then_some(numbers)
    }

    /// The name of the signal alone with `#` for each number: what two names have in common.
    pub fn shape(&self) -> String {
        self.parts.iter().map(|part| if let Part::Text(text) = part { text } else { "#" }).collect()
    }
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
            ("Soc", "Soc", Some(Numbers::default())),
            ("Pack.Soc", "Soc", Some(Numbers::default())),
            ("Other.Soc", "Soc", None),
        ] {
            assert_eq!(Pattern::parse(pattern).unwrap().matches("Pack", name), expected, "{pattern} {name}");
        }
    }

    #[test]
    fn a_pattern_that_cannot_be_read_says_why() {
        for (pattern, words) in [
            ("V_{zell}", "{zell}"),
            ("V_{cell", "without a }"),
            ("V_{cell}_{cell}", "twice"),
            ("V_{module}{cell}", "without text"),
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

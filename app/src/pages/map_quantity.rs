//! What colours a map of cells: the one choice of it that Cells and Trends share.

/// The quantity that colours a map of cells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MapQuantity {
    /// Cell voltage.
    #[default]
    Voltage,
    /// Cell temperature.
    Temperature,
    /// Cell voltage minus the mean of all fresh cells.
    Deviation,
}

impl MapQuantity {
    /// Every choice with its word, in the address and in the API, and its name.
    pub const ALL: [(MapQuantity, &str, &str); 3] = [
        (MapQuantity::Voltage, "voltage", "Voltage"),
        (MapQuantity::Temperature, "temperature", "Temperature"),
        (MapQuantity::Deviation, "deviation", "Deviation"),
    ];

    /// Its word in the address and in the API.
    pub fn word(self) -> &'static str {
        MapQuantity::ALL[self as usize].1
    }

    /// The choice of this word.
    pub fn from_word(word: &str) -> Option<MapQuantity> {
        MapQuantity::ALL.into_iter().find(|(_, known, _)| *known == word).map(|(quantity, ..)| quantity)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_choice_is_found_by_its_word() {
        for (quantity, word, _) in MapQuantity::ALL {
            assert_eq!((quantity.word(), MapQuantity::from_word(word)), (word, Some(quantity)));
        }
        assert_eq!(MapQuantity::from_word("colour"), None);
    }
}

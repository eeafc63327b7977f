//! What `control.db` keeps of commands, as it is handed in and out.

use domain::time::Utc;

/// A command with its last step.
#[derive(Clone, Debug, PartialEq)]
pub struct CommandRow {
    /// By which it is known.
    pub id: String,
    /// The system's id.
    pub system: String,
    /// The control's key.
    pub control: String,
    /// The value, in the unit of the control.
    pub value: f64,
    /// What the device had, if that was known.
    pub before: Option<f64>,
    /// For how long the value is to stand, s; `None` if until another command.
    pub hold_s: Option<i64>,
    /// The number of the setting that who asked had seen.
    pub revision: i64,
    /// Who has asked.
    pub who: String,
    /// When.
    pub asked: Utc,
    /// What has become of it last.
    pub last: CommandStep,
}

/// A step of a command.
#[derive(Clone, Debug, PartialEq)]
pub struct CommandStep {
    /// When it was known.
    pub at: Utc,
    /// The state in one word.
    pub state: String,
    /// The state in a sentence.
    pub words: String,
    /// What the device had then, if it was read.
    pub read_back: Option<f64>,
}

/// What was expected of a command when it was taken, and how right that was; both in JSON, as the API has them.
#[derive(Clone, Debug, PartialEq)]
pub struct Prediction {
    /// When it was made.
    pub made: Utc,
    /// When it is held against what was measured.
    pub due: Utc,
    /// What was expected.
    pub prediction: String,
    /// When it was held against what was measured, and how right it was; `None` before.
    pub scored: Option<(Utc, String)>,
}

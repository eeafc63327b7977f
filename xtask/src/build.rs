//! Builds the server.

use crate::commands::{cargo, target_dir};
use crate::job::Job;
use std::path::PathBuf;

/// How much the compiler optimises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Profile {
    /// Quick to build.
    Dev,
    /// As it is delivered.
    Release,
}

/// The build of the binary `packtwin`.
pub(crate) fn server(profile: Profile) -> Job {
    let mut command = cargo();
    command.args(["build", "--package", "server"]);
    if profile == Profile::Release {
        command.arg("--release");
    }
    Job::new("server", command)
}

/// Where the binary is, once built.
pub(crate) fn packtwin(profile: Profile) -> PathBuf {
    target_dir().join(match profile {
        Profile::Dev => "debug/packtwin",
        Profile::Release => "release/packtwin",
    })
}

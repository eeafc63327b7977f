//! `packtwin user`, `packtwin token`, `packtwin audit`: on the data folder, also while a server uses it.

use super::accounts::{self, Refused};
use super::{export, hasher};
use crate::cli::{AuditCommand, TokenCommand, UserCommand};
use crate::clock::system_clock;
use crate::times::{parse_instant, rfc3339};
use anyhow::{Context as _, Result, bail};
use domain::people::Requester;
use domain::time::Utc;
use domain::words::Words as _;
use std::fs::File;
use std::io::{BufRead as _, BufWriter, IsTerminal as _, Write};
use std::path::Path;
use store::{AuditFilter, Control};

/// Opens `control.db`; `make` if it may be made.
fn open(data: &Path, make: bool) -> Result<Control> {
    if make {
        store::owner::folder(data).with_context(|| format!("make {}", data.display()))?;
    } else if !Control::exists(data) {
        bail!("{} has no accounts and no audit yet: `packtwin user add NAME --role admin` begins them", data.display());
    }
    Ok(Control::open(data)?)
}

fn words(refused: Refused) -> anyhow::Error {
    anyhow::Error::msg(refused.to_string())
}

/// A new password: typed twice, or the first line of the standard input if that is no terminal.
fn ask_password(name: &str) -> Result<String> {
    let password = if std::io::stdin().is_terminal() {
        let first = rpassword::prompt_password(format!("Password for {name} (12 characters at least): "))?;
        if first != rpassword::prompt_password("Once more: ")? {
            bail!("these are two passwords: nothing was changed");
        }
        first
    } else {
        let mut line = String::new();
        std::io::stdin().lock().read_line(&mut line).context("read the password from the standard input")?;
        line.trim_end_matches(['\r', '\n']).to_owned()
    };
    accounts::check_password(&password, name).map_err(words)?;
    Ok(password)
}

/// `packtwin user ...`
///
/// # Errors
/// It cannot be done, and why.
pub(crate) fn user(command: UserCommand) -> Result<()> {
    let (who, now) = (Requester::console(), system_clock()().utc);
    match command {
        UserCommand::Add { name, role, data } => {
            let control = open(&data.data, true)?;
            let hash = hasher::hash(&ask_password(&name)?).map_err(anyhow::Error::msg)?;
            accounts::add_user(&control, &who, now, (&name, role, &hash), false).map_err(words)?;
            println!("{} is {} now", name.to_ascii_lowercase(), role.word());
        }
        UserCommand::List { data } => {
            let users = open(&data.data, false)?.read(|tables| tables.users())?;
            for user in users {
                let made = rfc3339(user.made.0.div_euclid(1_000));
                println!("{:32} {:8} made {made} by {}", user.name, user.role.word(), user.made_by);
            }
        }
        UserCommand::Role { name, role, data } => {
            accounts::set_role(&open(&data.data, false)?, &who, now, &name, role).map_err(words)?;
            println!("{} is {} now; sessions of it have ended", name.to_ascii_lowercase(), role.word());
        }
        UserCommand::Password { name, data } => {
            let control = open(&data.data, false)?;
            let hash = hasher::hash(&ask_password(&name)?).map_err(anyhow::Error::msg)?;
            accounts::set_password(&control, &who, now, (&name, &hash), None).map_err(words)?;
            println!("the password of {} is another one now; sessions of it have ended", name.to_ascii_lowercase());
        }
        UserCommand::Remove { name, data } => {
            accounts::remove_user(&open(&data.data, false)?, &who, now, &name).map_err(words)?;
            println!("{} is gone, with its sessions and the tokens that it made", name.to_ascii_lowercase());
        }
    }
    Ok(())
}

/// `packtwin token ...`
///
/// # Errors
/// It cannot be done, and why.
pub(crate) fn token(command: TokenCommand) -> Result<()> {
    let (who, now) = (Requester::console(), system_clock()().utc);
    match command {
        TokenCommand::Add { name, scope, days, data } => {
            let control = open(&data.data, true)?;
            let (token, kept) = accounts::add_token(&control, &who, now, (&name, scope, days)).map_err(words)?;
            let ends = rfc3339(kept.ends.0.div_euclid(1_000));
            eprintln!("{} may {} until {ends}. This is shown once:", kept.name, kept.scope.word());
            println!("{token}");
        }
        TokenCommand::List { data } => {
            for token in open(&data.data, false)?.read(|tables| tables.tokens())? {
                let at = |at: Utc| rfc3339(at.0.div_euclid(1_000));
                let used = token.used.map_or("never".to_owned(), at);
                let ends = if token.ends <= now { "ended" } else { "until" };
                let (name, prefix, scope) = (&token.name, &token.prefix, token.scope.as_word());
                println!(
                    "{name:32} {prefix} {scope:8} {ends} {}, used {used}, made by {}",
                    at(token.ends),
                    token.made_by
                );
            }
        }
        TokenCommand::Revoke { name, data } => {
            let control = open(&data.data, false)?;
            let named = name.to_ascii_lowercase();
            let found = control.read(|tables| tables.tokens())?.into_iter().find(|token| token.name == named);
            let Some(token) = found else { bail!("there is no token {name:?}") };
            accounts::end_token(&control, &who, now, token.id).map_err(words)?;
            println!("{named} is worth nothing now");
        }
    }
    Ok(())
}

/// `packtwin audit ...`; false if the chain does not hold.
///
/// # Errors
/// It cannot be read or written, and why.
pub(crate) fn audit(command: AuditCommand) -> Result<bool> {
    match command {
        AuditCommand::Verify { noted, data } => {
            let control = open(&data.data, false)?;
            match control.verify(noted)? {
                Ok(head) => {
                    println!("{} entries, and the chain holds. Its end, to be noted elsewhere:", head.seq);
                    println!("{head}");
                    Ok(true)
                }
                Err(broken) => {
                    eprintln!("packtwin: {}: {broken}", control.path().display());
                    Ok(false)
                }
            }
        }
        AuditCommand::Export { out, from, to, data } => {
            let control = open(&data.data, false)?;
            let bound = |text: Option<String>| -> Result<Option<String>> {
                let at = text.map(|text| parse_instant(&text)).transpose().map_err(anyhow::Error::msg)?;
                Ok(at.map(rfc3339))
            };
            let filter = AuditFilter { from: bound(from)?, to: bound(to)?, ..AuditFilter::default() };
            let count = match &out {
                Some(path) => {
                    let file = File::create(path).with_context(|| format!("make {}", path.display()))?;
                    export(&control, &filter, BufWriter::new(file)).with_context(|| path.display().to_string())?
                }
                None => export(&control, &filter, BufWriter::new(std::io::stdout().lock()))?,
            };
            eprintln!("{count} entries");
            Ok(true)
        }
    }
}

/// Writes entries, a line for each; gives how many.
fn export(control: &Control, filter: &AuditFilter, mut out: impl Write) -> Result<usize> {
    let (mut after, mut count) = (0, 0);
    while let Some((last, lines)) = export::batch(control, filter, after).map_err(words)? {
        after = last;
        count += lines.lines().count();
        out.write_all(lines.as_bytes())?;
    }
    out.flush()?;
    Ok(count)
}

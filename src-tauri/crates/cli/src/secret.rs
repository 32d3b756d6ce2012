//! Secrets come from a prompt or standard input, never from arguments, which other processes see.

use std::io::{BufRead, IsTerminal};

use crate::context::Failure;

/// Asks on a terminal, else reads one line.
pub fn read(prompt: &str) -> Result<String, Failure> {
    let text = if std::io::stdin().is_terminal() {
        rpassword::prompt_password(format!("{prompt}: "))
            .map_err(|error| Failure::Failed(format!("no secret could be read: {error}")))?
    } else {
        let mut line = String::new();
        std::io::stdin()
            .lock()
            .read_line(&mut line)
            .map_err(|error| Failure::Failed(format!("no secret could be read: {error}")))?;
        line
    };
    let text = text.trim_end_matches(['\r', '\n']).to_owned();
    if text.is_empty() {
        return Err(Failure::Usage(format!("{prompt} is empty; give it on standard input")));
    }
    Ok(text)
}

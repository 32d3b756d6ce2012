//! The page as a file. An export takes what is known off the console, so it is recorded.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use chrono::{Local, Offset};
use directories::UserDirs;
use firebreak_core::canonical::sha256_hex;
use firebreak_wire as wire;

use super::page::{self, Heading};
use crate::{Desk, DeskError};

impl Desk {
    /// Writes what burns on one page, as a PDF: to a file that is named, else into the person's folder for
    /// downloads, else into the workspace. Never over a file that is there.
    ///
    /// # Errors
    /// [`DeskError::Export`] says where it could not be written; store errors.
    pub async fn export_overview(
        &self,
        query: wire::CommandQuery,
        to: Option<PathBuf>,
    ) -> Result<wire::ExportedFile, DeskError> {
        let engine = self.owner()?;
        let view = self.command_view(query).await?;
        let heading = Heading {
            workspace: self.home.path().display().to_string(),
            sandbox: engine.store().setting("sandbox").await?.is_some(),
            phase: engine.phase(),
            by: self.me.name.clone(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            zone: view.at.with_timezone(&Local).offset().fix(),
        };
        let bytes = page::drawn(&heading, &view);
        let name = format!("firebreak-what-burns-{}", view.at.format("%Y%m%dT%H%M%SZ"));
        let path = match to {
            Some(path) => write_new(path, &bytes)?,
            None => write_beside(&self.exports()?, &name, &bytes)?,
        };
        let (digest, size) = (sha256_hex(&bytes), bytes.len());
        let recorded = engine.record_export("what burns", &path, &digest, size, &self.me).await;
        if let Err(error) = recorded {
            // What is not on record is not handed out.
            let _left = fs::remove_file(&path);
            return Err(error.into());
        }
        Ok(wire::ExportedFile {
            path: path.display().to_string(),
            bytes: u32::try_from(size).unwrap_or(u32::MAX),
            sha256: digest,
        })
    }

    /// Where files for people go.
    fn exports(&self) -> Result<PathBuf, DeskError> {
        let users = UserDirs::new();
        let downloads = users.as_ref().and_then(UserDirs::download_dir).filter(|dir| dir.is_dir());
        if let Some(downloads) = downloads {
            return Ok(downloads.to_path_buf());
        }
        let own = self.home.path().join("exports");
        fs::create_dir_all(&own).map_err(|source| failed(&own, source))?;
        Ok(own)
    }
}

/// Writes into a folder; a second page of the same second gets a number.
fn write_beside(folder: &Path, name: &str, bytes: &[u8]) -> Result<PathBuf, DeskError> {
    for number in 2.. {
        let ending = if number == 2 { String::new() } else { format!("-{}", number - 1) };
        match write_new(folder.join(format!("{name}{ending}.pdf")), bytes) {
            Err(DeskError::Export { source, .. }) if is_there(&source) && number < 100 => {}
            other => return other,
        }
    }
    Err(DeskError::Invalid("there are too many exports of this second".to_owned()))
}

/// Writes a file that only its owner reads, whole or not at all.
fn write_new(path: PathBuf, bytes: &[u8]) -> Result<PathBuf, DeskError> {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    let mut file = options.open(&path).map_err(|source| failed(&path, source))?;
    if let Err(source) = file.write_all(bytes).and_then(|()| file.sync_all()) {
        drop(file);
        let _half = fs::remove_file(&path);
        return Err(failed(&path, source));
    }
    Ok(path)
}

fn is_there(source: &std::io::Error) -> bool {
    source.kind() == std::io::ErrorKind::AlreadyExists
}

fn failed(path: &Path, source: std::io::Error) -> DeskError {
    use std::io::ErrorKind::{
        AlreadyExists, NotFound, PermissionDenied, QuotaExceeded, ReadOnlyFilesystem, StorageFull,
    };
    let remedy = match source.kind() {
        AlreadyExists => "nothing is written over; name another file",
        NotFound => "its folder does not exist; make it, or name another",
        StorageFull | QuotaExceeded => "make room there, or name another place",
        PermissionDenied | ReadOnlyFilesystem => "this folder can't be written; name another",
        _ => "name another place with `firebreakctl overview --export FILE`",
    };
    DeskError::Export { path: path.to_path_buf(), source, remedy }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_written_over_and_nobody_else_reads() {
        let folder = tempfile::tempdir().unwrap();
        let first = write_beside(folder.path(), "page", b"one").unwrap();
        let second = write_beside(folder.path(), "page", b"two").unwrap();
        assert_ne!(first, second);
        assert_eq!(
            (fs::read(&first).unwrap(), fs::read(&second).unwrap()),
            (b"one".to_vec(), b"two".to_vec())
        );
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(&first).unwrap().permissions().mode() & 0o777, 0o600);
        }
        let said = write_new(first.clone(), b"three").unwrap_err().to_string();
        assert!(said.contains("nothing is written over"), "{said}");
        assert_eq!(fs::read(&first).unwrap(), b"one");
    }

    #[cfg(unix)]
    #[test]
    fn a_link_that_leads_elsewhere_is_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let (link, elsewhere) = (folder.path().join("page.pdf"), folder.path().join("elsewhere"));
        std::os::unix::fs::symlink(&elsewhere, &link).unwrap();
        assert!(write_new(link, b"one").is_err());
        assert!(!elsewhere.exists());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_is_said_with_what_to_do() {
        let source = std::io::Error::from_raw_os_error(28);
        let said = failed(Path::new("/there/page.pdf"), source).to_string();
        assert!(said.contains("/there/page.pdf") && said.contains("make room"), "{said}");
        let said = write_new(PathBuf::from("/nowhere/page.pdf"), b"").unwrap_err().to_string();
        assert!(said.contains("does not exist"), "{said}");
    }
}

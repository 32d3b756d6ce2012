//! Where a workspace lives.

use std::ffi::OsStr;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use directories::ProjectDirs;

use crate::DeskError;

/// A workspace's folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Home(PathBuf);

impl Home {
    /// The folder that was asked for, else this system's place for application data
    /// (`~/.local/share/firebreak` on Linux).
    pub fn choose(asked: Option<PathBuf>) -> Self {
        Self(asked.unwrap_or_else(|| {
            ProjectDirs::from("", "", "firebreak").map_or_else(
                || PathBuf::from("firebreak"),
                |dirs| dirs.data_local_dir().to_path_buf(),
            )
        }))
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.0.join("firebreak.db")
    }

    pub(crate) fn keychain_lock(&self) -> PathBuf {
        self.0.join("keychain.lock")
    }

    /// Whether a workspace was made here.
    pub fn exists(&self) -> bool {
        self.database().exists()
    }

    /// Makes the folder, readable by its owner only.
    pub(crate) fn create(&self) -> Result<(), DeskError> {
        fs::create_dir_all(&self.0).map_err(|source| self.error(source))?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            fs::set_permissions(&self.0, fs::Permissions::from_mode(0o700))
                .map_err(|source| self.error(source))?;
        }
        Ok(())
    }

    /// Holds the workspace against every other process that would run steps on it.
    pub(crate) fn lock(&self) -> Result<File, DeskError> {
        let path = self.0.join("lock");
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(path)
            .map_err(|source| self.error(source))?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(TryLockError::WouldBlock) => Err(DeskError::Busy(self.0.clone())),
            Err(TryLockError::Error(source)) => Err(self.error(source)),
        }
    }

    /// The workspace's own files of a folder, with this ending: name and text, sorted by name.
    pub(crate) fn own_files(
        &self,
        folder: &str,
        ending: &str,
    ) -> Result<Vec<(String, String)>, DeskError> {
        self.own_texts(folder, |found| found == ending, |path| fs::read_to_string(path))
    }

    /// The workspace's own calendars of a folder. Programs write `.ICS` as well, and titles in other
    /// encodings than UTF-8: what can't be read of those is only what people see.
    pub(crate) fn own_calendars(&self, folder: &str) -> Result<Vec<(String, String)>, DeskError> {
        let read =
            |path: &Path| fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        self.own_texts(folder, |found| found.eq_ignore_ascii_case("ics"), read)
    }

    fn own_texts(
        &self,
        folder: &str,
        is_wanted: impl Fn(&OsStr) -> bool,
        read: impl Fn(&Path) -> io::Result<String>,
    ) -> Result<Vec<(String, String)>, DeskError> {
        let folder = self.0.join(folder);
        if !folder.exists() {
            return Ok(Vec::new());
        }
        let mut files = Vec::new();
        for entry in fs::read_dir(folder).map_err(|source| self.error(source))? {
            let path = entry.map_err(|source| self.error(source))?.path();
            if path.extension().is_some_and(&is_wanted) {
                let text = read(&path).map_err(|source| self.error(source))?;
                let name = path
                    .file_name()
                    .map(|name| name.to_string_lossy().into_owned())
                    .unwrap_or_default();
                files.push((name, text));
            }
        }
        files.sort();
        Ok(files)
    }

    fn error(&self, source: io::Error) -> DeskError {
        DeskError::Home { path: self.0.clone(), source }
    }
}

//! Programs from npm that judge the stand-in vendors: prism, with Prisma Cloud's own OpenAPI.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::checkout::Checkout;
use crate::failure::Failure;
use crate::stage;

const FOLDER: &str = "judges";

/// `npm ci`, unless what is there came from this very lock file. Without the judges their tests skip
/// themselves and say so: a registry that is down is no fault of this checkout.
pub fn install(checkout: &Checkout) -> Result<(), Failure> {
    let (list, folder) = (checkout.root.join("tests/xtask/judges"), checkout.target.join(FOLDER));
    let lock_file = list.join("package-lock.json");
    let lock = fs::read(&lock_file).map_err(Failure::file("read", &lock_file))?;
    // Within the modules, which a new installation begins by removing.
    let stamp = folder.join("node_modules/.firebreak-lock");
    if fs::read(&stamp).is_ok_and(|installed| installed == lock) && prism(checkout).is_file() {
        stage::note("ok", "prism matches its lock file");
        return Ok(());
    }
    fs::create_dir_all(&folder).map_err(Failure::file("create", &folder))?;
    for name in ["package.json", "package-lock.json"] {
        fs::copy(list.join(name), folder.join(name))
            .map_err(Failure::file("write", &folder.join(name)))?;
    }
    let mut command = Command::new("npm");
    // Nothing of it has to be built: no package gets to run anything at installation.
    command.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=1"]);
    command.current_dir(&folder).env("NO_COLOR", "1");
    if stage::attempt(checkout, "install prism", command)?.status.success() {
        return fs::write(&stamp, lock).map_err(Failure::file("write", &stamp));
    }
    stage::note(
        "note",
        "prism is not there: the tests with Prisma Cloud's OpenAPI skip themselves",
    );
    let modules = folder.join("node_modules");
    if modules.exists() {
        // Half of it would be taken for the whole by the tests.
        fs::remove_dir_all(&modules).map_err(Failure::file("remove", &modules))?;
    }
    Ok(())
}

/// The program, whether it has been installed yet or not.
pub fn prism(checkout: &Checkout) -> PathBuf {
    let name = if cfg!(windows) { "prism.cmd" } else { "prism" };
    checkout.target.join(FOLDER).join("node_modules/.bin").join(name)
}

//! Files that appear whole or not at all.

use std::io::Write;
use std::path::Path;

use crate::Result;

/// The file with a run's settings, by which its folder is known.
pub const SETTINGS: &str = "settings.toml";
/// How that file begins.
const HEADER: &str =
    "# The settings of a run of `cargo xtask cifar`, which `--config` with this file repeats.\n";

/// Makes a run's folder, and finds out whether files can be made in it: before the hours of training.
/// A folder with files that are no run's is left alone, unless the run goes on from one of them.
///
/// # Errors
/// When they cannot.
pub fn claim_folder(folder: &Path, resume: Option<&Path>) -> Result<()> {
    let entries = || std::fs::read_dir(folder).into_iter().flatten();
    let ours = || {
        std::fs::read_to_string(folder.join(SETTINGS)).is_ok_and(|text| text.starts_with(HEADER))
            || resume.and_then(Path::parent).is_some_and(|from| same(from, folder))
    };
    // What a run that was killed was writing has a name with a dot.
    let foreign = entries().flatten().find(|entry| !entry.file_name().as_encoded_bytes().starts_with(b"."));
    if let Some(foreign) = foreign
        && !ours()
    {
        return Err(format!(
            "folder {} holds files that are not of a run, such as {}, which it could overwrite; choose another \
             one with --out",
            folder.display(),
            foreign.file_name().display()
        )
        .into());
    }
    writable(folder)
}

/// Whether two paths lead to the same folder.
fn same(a: &Path, b: &Path) -> bool {
    let real = |path: &Path| path.join(".").canonicalize().ok();
    real(a).is_some_and(|a| Some(a) == real(b))
}

/// Writes the file by which the run's folder is known.
///
/// # Errors
/// As [`write()`].
pub fn write_settings(folder: &Path, settings: &impl serde::Serialize) -> Result<()> {
    write(&folder.join(SETTINGS), (HEADER.to_owned() + &toml::to_string(settings)?).as_bytes())
}

fn writable(folder: &Path) -> Result<()> {
    let check = || {
        std::fs::create_dir_all(folder)?;
        tempfile::tempfile_in(folder).map(drop)
    };
    check().map_err(|e| {
        format!("cannot write to folder {}: {e}; choose another one with --out", folder.display()).into()
    })
}

/// Writes a file under another name, flushes it to the disk, and only then gives it its own.
///
/// # Errors
/// When the folder cannot be written, or the disk is full: an older file then stays as it was.
pub fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let folder = path.parent().filter(|f| !f.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let place = || -> std::io::Result<()> {
        let mut builder = tempfile::Builder::new();
        #[cfg(unix)]
        let mode = <std::fs::Permissions as std::os::unix::fs::PermissionsExt>::from_mode(0o666);
        // As any new file's, less the user's mask; temporary ones are otherwise their owner's alone.
        #[cfg(unix)]
        builder.permissions(mode);
        let mut file = builder.tempfile_in(folder)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        file.persist(path)?;
        Ok(())
    };
    place().map_err(|e| format!("cannot write {}: {e}", path.display()).into())
}

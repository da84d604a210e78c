//! Downloads over HTTP(S), and resumes cut downloads. The environment names the proxies.

use super::progress::Progress;
use std::{
    fs::{File, OpenOptions},
    io::{Read, Write},
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};
use ureq::{Agent, Body, http::Response, tls};

/// The time limits of downloads, and the number of tries.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// The limit for the connection.
    pub connect: Duration,
    /// The limit for the first byte of an answer, and between two bytes.
    pub read: Duration,
    /// The limit for `slowest` bytes: a slower server is given up.
    pub trickle: Duration,
    /// The number of bytes that must arrive within each `trickle`.
    pub slowest: u64,
    /// The number of tries in a row that bring less than `slowest` bytes.
    pub tries: u32,
    /// The wait before the second try; it doubles with each one.
    pub backoff: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            read: Duration::from_secs(30),
            trickle: Duration::from_secs(60),
            slowest: 64 << 10,
            tries: 4,
            backoff: Duration::from_secs(1),
        }
    }
}

/// The reason why a try ended.
enum Fault {
    /// A failure that another try does not change.
    Final(String),
    /// A failure that another try may change.
    Passing(String),
    /// A failure without any answer, which another try may change.
    Unreached(String),
}

/// Downloads into `part`, after the bytes that it holds already. On success the file has the length `size` or, if
/// that is unknown, the one that the server says.
pub(super) fn download(
    url: &str,
    part: &Path,
    size: Option<u64>,
    patience: &Patience,
    progress: &Progress,
) -> Result<(), String> {
    let agent = agent(patience)?;
    let (mut tries, mut wait, mut reached) = (0, patience.backoff, false);
    loop {
        let before = length(part);
        let fault = match attempt(&agent, url, part, size, patience, progress) {
            Ok(()) => return Ok(()),
            Err(Fault::Final(reason)) => return Err(forget_if_empty(part, reason)),
            Err(Fault::Passing(reason)) => {
                reached = true;
                reason
            }
            Err(Fault::Unreached(reason)) => reason,
        };
        let progressed = length(part) >= before.saturating_add(patience.slowest);
        (tries, wait) = if progressed { (1, patience.backoff) } else { (tries + 1, wait * 2) };
        // Without a connection, the network is usually closed.
        if tries >= if reached { patience.tries } else { patience.tries.min(2) } {
            return Err(forget_if_empty(part, format!("{fault} (tried {tries} times)")));
        }
        progress.say(&format!("{fault}; trying again"));
        std::thread::sleep(wait / 2);
    }
}

/// Removes the file of a download that brought nothing.
fn forget_if_empty(part: &Path, reason: String) -> String {
    if length(part) == 0 {
        let _ = std::fs::remove_file(part);
    }
    reason
}

fn agent(patience: &Patience) -> Result<Agent, String> {
    let config = Agent::config_builder()
        .http_status_as_error(false)
        .user_agent(concat!("taper-data/", env!("CARGO_PKG_VERSION")))
        .timeout_resolve(Some(patience.connect))
        .timeout_connect(Some(patience.connect))
        .timeout_recv_response(Some(patience.read))
        .timeout_per_read(Some(patience.read));
    // A proxy may sign with its own certificate, which this variable names, as for curl and OpenSSL.
    let Some(path) = std::env::var_os("SSL_CERT_FILE").filter(|path| !path.is_empty()) else {
        return Ok(config.build().into());
    };
    let pem =
        std::fs::read(&path).map_err(|e| format!("cannot read SSL_CERT_FILE {}: {e}", path.display()))?;
    let certificates = tls::parse_pem(&pem).filter_map(|item| match item {
        Ok(tls::PemItem::Certificate(certificate)) => Some(certificate),
        _ => None,
    });
    let roots = tls::RootCerts::Specific(Arc::new(certificates.collect()));
    Ok(config.tls_config(tls::TlsConfig::builder().root_certs(roots).build()).build().into())
}

fn length(path: &Path) -> u64 {
    std::fs::metadata(path).map_or(0, |meta| meta.len())
}

fn attempt(
    agent: &Agent,
    url: &str,
    part: &Path,
    size: Option<u64>,
    patience: &Patience,
    progress: &Progress,
) -> Result<(), Fault> {
    let disk = |e: std::io::Error| Fault::Final(format!("cannot write {}: {e}", part.display()));
    let mut file = OpenOptions::new().create(true).append(true).open(part).map_err(disk)?;
    let mut have = length(part);
    if size.is_some_and(|size| have > size) {
        file.set_len(0).map_err(disk)?;
        have = 0;
    }
    if have > 0 && size == Some(have) {
        return Ok(());
    }
    let mut request = agent.get(url);
    if have > 0 {
        request = request.header("Range", format!("bytes={have}-"));
    }
    let response = request.call().map_err(fault)?;
    let total = match response.status().as_u16() {
        200 => {
            file.set_len(0).map_err(disk)?;
            have = 0;
            header(&response, "content-length").and_then(|length| length.parse().ok())
        }
        206 => match content_range(&response) {
            Some((start, total)) if start == have => total,
            _ => {
                file.set_len(0).map_err(disk)?;
                return Err(Fault::Passing("the server sent another part than asked for".into()));
            }
        },
        416 => {
            file.set_len(0).map_err(disk)?;
            return Err(Fault::Passing("the server cannot go on where the download was cut".into()));
        }
        status @ (408 | 429 | 500..) => return Err(Fault::Passing(format!("the server answers {status}"))),
        status => return Err(Fault::Final(format!("the server answers {status}"))),
    };
    if let (Some(size), Some(total)) = (size, total)
        && size != total
    {
        return Err(Fault::Final(format!("the server's file has {total} bytes, expected {size}")));
    }
    let end = size.or(total);
    progress.bytes(url.rsplit('/').next().unwrap_or(url), have, end);
    receive(response, &mut file, have, end, patience, progress).map_err(|fault| match fault {
        Receive::Disk(e) => disk(e),
        Receive::Line(reason) => Fault::Passing(reason),
    })
}

enum Receive {
    Disk(std::io::Error),
    Line(String),
}

/// Appends the body to the file up to the expected end.
fn receive(
    response: Response<Body>,
    file: &mut File,
    mut have: u64,
    end: Option<u64>,
    patience: &Patience,
    progress: &Progress,
) -> Result<(), Receive> {
    let mut body = response.into_body().into_reader();
    let mut buffer = vec![0; 1 << 16];
    let (mut since, mut mark) = (Instant::now(), have);
    loop {
        let count =
            body.read(&mut buffer).map_err(|e| Receive::Line(format!("cut after {have} bytes: {e}")))?;
        if count == 0 {
            break;
        }
        // One byte too many shows that this is another file.
        let count = end.map_or(count, |end| count.min((end + 1 - have) as usize));
        file.write_all(&buffer[..count]).map_err(Receive::Disk)?;
        have += count as u64;
        progress.advance(count as u64);
        if end.is_some_and(|end| have > end) {
            return Err(Receive::Line("more bytes came than announced".into()));
        }
        if since.elapsed() > patience.trickle {
            if have - mark < patience.slowest {
                return Err(Receive::Line(format!("too slow after {have} bytes")));
            }
            (since, mark) = (Instant::now(), have);
        }
    }
    match end {
        Some(end) if have < end => Err(Receive::Line(format!("cut after {have} of {end} bytes"))),
        _ => file.sync_all().map_err(Receive::Disk),
    }
}

fn header<'a>(response: &'a Response<Body>, name: &str) -> Option<&'a str> {
    response.headers().get(name)?.to_str().ok()
}

/// Reads `bytes START-END/TOTAL`: the start, and the total if it is known.
fn content_range(response: &Response<Body>) -> Option<(u64, Option<u64>)> {
    let (range, total) = header(response, "content-range")?.strip_prefix("bytes ")?.split_once('/')?;
    Some((range.split_once('-')?.0.parse().ok()?, total.parse().ok()))
}

/// Classifies an error before the answer.
fn fault(error: ureq::Error) -> Fault {
    match error {
        ureq::Error::HostNotFound => Fault::Final("the host's address cannot be found (no network?)".into()),
        ureq::Error::BadUri(why) => Fault::Final(format!("not a URL: {why}")),
        ureq::Error::TooManyRedirects => Fault::Final("it redirects in a circle".into()),
        ureq::Error::Timeout(what) => Fault::Unreached(format!("no answer in time ({what})")),
        ureq::Error::Io(e) => Fault::Unreached(e.to_string()),
        other => Fault::Unreached(other.to_string()),
    }
}

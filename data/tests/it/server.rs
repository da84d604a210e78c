//! A small HTTP server on this machine that serves one body, with the faults that real ones have.

use std::{
    io::{BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

/// The answer to request number `n` (from 0).
#[derive(Clone, Copy, Debug)]
pub enum Answer {
    /// As it should be; ranges are honoured.
    Good,
    /// The whole body whatever range was asked for.
    NoRanges,
    /// The connection ends after that many bytes of the body.
    CutAfter(usize),
    /// Bytes of another body of the same length.
    Wrong,
    /// A `Content-Length` that is that much too large.
    LongerThanIs(usize),
    /// No length at all: the end of the connection is the end of the body.
    NoLength,
    /// An error status.
    Status(u16),
    /// A redirect to the same server.
    Redirect,
    /// A range that starts elsewhere than asked for.
    WrongRange,
    /// A byte every few milliseconds, for ever.
    Trickle,
    /// Nothing, for ever.
    Silence,
}

pub struct Server {
    pub url: String,
    requests: Arc<AtomicUsize>,
}

impl Server {
    /// Serves `body` under any path.
    pub fn new(body: Vec<u8>, answer: impl Fn(usize) -> Answer + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/set.tar.gz", listener.local_addr().unwrap());
        let requests = Arc::new(AtomicUsize::new(0));
        let count = requests.clone();
        // The thread ends with the process; a connection at a time is all that the tests need.
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let n = count.fetch_add(1, Ordering::SeqCst);
                // A client that hangs up is part of the game.
                let _ = serve(stream, &body, answer(n));
            }
        });
        Self { url, requests }
    }

    pub fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }
}

fn serve(mut stream: TcpStream, body: &[u8], answer: Answer) -> std::io::Result<()> {
    let (mut start, mut line) = (0, String::new());
    let mut reader = BufReader::new(stream.try_clone()?);
    while reader.read_line(&mut line)? > 2 {
        if let Some(range) = line.to_lowercase().strip_prefix("range: bytes=") {
            start = range.trim().trim_end_matches('-').parse().unwrap_or(0);
        }
        line.clear();
    }
    let end = "Connection: close\r\n\r\n";
    let plain = |extra: usize| format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n{end}", body.len() + extra);
    let partial = |from: usize| {
        let (last, all) = (body.len().saturating_sub(1), body.len());
        let length = all - from;
        format!(
            "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes {from}-{last}/{all}\r\nContent-Length: {length}\r\n{end}"
        )
    };
    let start = start.min(body.len());
    let good = if start > 0 { partial(start) } else { plain(0) };
    let wrong: Vec<u8> = body.iter().map(|byte| byte.wrapping_add(1)).collect();
    let (head, rest) = match answer {
        Answer::Good => (good, &body[start..]),
        Answer::NoRanges => (plain(0), body),
        Answer::CutAfter(n) => (good, &body[start..(start + n).min(body.len())]),
        Answer::Wrong => (good, &wrong[start..]),
        Answer::LongerThanIs(extra) => (plain(extra), body),
        Answer::NoLength => (format!("HTTP/1.1 200 OK\r\n{end}"), body),
        Answer::Status(status) => (format!("HTTP/1.1 {status} No\r\nContent-Length: 0\r\n{end}"), &[][..]),
        Answer::Redirect => {
            (format!("HTTP/1.1 302 Found\r\nLocation: /there\r\nContent-Length: 0\r\n{end}"), &[][..])
        }
        Answer::WrongRange => (partial(start.saturating_sub(1)), &body[start.saturating_sub(1)..]),
        Answer::Trickle => (plain(0), &[][..]),
        Answer::Silence => (String::new(), &[][..]),
    };
    stream.write_all(head.as_bytes())?;
    stream.write_all(rest)?;
    match answer {
        Answer::Trickle => loop {
            std::thread::sleep(std::time::Duration::from_millis(5));
            stream.write_all(b"x")?;
        },
        // Until the client hangs up.
        Answer::Silence => reader.read_line(&mut line).map(drop),
        _ => Ok(()),
    }
}

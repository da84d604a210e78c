//! A Python process that runs PyTorch's side of a comparison when it is told to.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};
use taper_vision_examples::Result;

/// Reads a request a line and answers each with a line.
const SERVER: &str = include_str!("peer.py");

pub struct PyTorch {
    process: Child,
    requests: ChildStdin,
    answers: BufReader<ChildStdout>,
    threads: usize,
}

impl PyTorch {
    pub fn start(python: &Path, threads: usize) -> Result<Self> {
        let mut process = Command::new(python)
            .args(["-c", SERVER])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("--pytorch {}: {error}", python.display()))?;
        let (Some(requests), Some(answers)) = (process.stdin.take(), process.stdout.take()) else {
            return Err("the Python process has no pipes".into());
        };
        let mut peer = Self { process, requests, answers: BufReader::new(answers), threads };
        let version = peer.ask(&json!({ "version": true }))?;
        eprintln!("beside PyTorch {}", version.as_str().unwrap_or("of no known version"));
        Ok(peer)
    }

    /// Makes ready to time the Python code `run` after `setup`, with the faster number of threads.
    pub fn prepare(&mut self, setup: &str, run: &str) -> Result<()> {
        self.ask(&json!({ "setup": setup, "run": run, "threads": self.threads })).map(drop)
    }

    /// The seconds that a call took in a round of about `length` seconds.
    pub fn round(&mut self, length: f64) -> Result<f64> {
        let answer = self.ask(&json!({ "round": length }))?;
        answer.as_f64().ok_or_else(|| format!("PyTorch's process answered {answer}").into())
    }

    /// The most memory that the process has had, in bytes.
    pub fn peak_memory(&mut self) -> Result<u64> {
        let answer = self.ask(&json!({ "memory": true }))?;
        answer.as_u64().ok_or_else(|| format!("PyTorch's process answered {answer}").into())
    }

    fn ask(&mut self, request: &Value) -> Result<Value> {
        writeln!(self.requests, "{request}")?;
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        if line.is_empty() {
            return Err("PyTorch's process ended; what it said stands above".into());
        }
        Ok(serde_json::from_str(&line)?)
    }
}

impl Drop for PyTorch {
    fn drop(&mut self) {
        // It may be gone already, which is what is wanted.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

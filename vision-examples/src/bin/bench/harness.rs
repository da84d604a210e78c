//! Rounds of the contestants in turn, and a table of what they took.

use std::collections::BTreeMap;
use std::fs;
use std::time::Instant;

use serde::Serialize;
use taper_vision_examples::Result;

use crate::Common;
use crate::peer::PyTorch;

/// The length of a round in seconds: long against a clock's tick, short against the machine's moods.
const ROUND: f64 = 0.03;

/// What is measured, a case after another.
pub struct Bench {
    pytorch: Option<PyTorch>,
    seconds: f64,
    only: String,
    json: bool,
    rows: Vec<Row>,
}

/// What a case took.
#[derive(Serialize)]
struct Row {
    case: String,
    times: Vec<Times>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    shares: Vec<Share>,
    /// The most memory that the processes have had by the end of the case, in bytes.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    peak_memory: BTreeMap<&'static str, u64>,
}

/// What a part of a case took of it.
#[derive(Serialize)]
pub struct Share {
    pub part: String,
    pub calls: u64,
    pub seconds: f64,
    /// Of the whole, from 0 to 1.
    pub share: f64,
}

/// The seconds of a contestant's call.
#[derive(Serialize)]
pub struct Times {
    name: &'static str,
    pub min: f64,
    pub median: f64,
}

/// A function to time.
pub type Run<'a> = Box<dyn FnMut() -> Result<()> + 'a>;

/// One thing to do, and who does it.
pub struct Case<'a> {
    pub name: String,
    pub ours: Run<'a>,
    /// Another way to do it in Rust, and its name.
    pub other: Option<(&'static str, Run<'a>)>,
    /// Python code that runs once before, and what is timed.
    pub pytorch: Option<(String, String)>,
}

impl<'a> Case<'a> {
    pub fn new(name: impl Into<String>, ours: impl FnMut() -> Result<()> + 'a) -> Self {
        Self { name: name.into(), ours: Box::new(ours), other: None, pytorch: None }
    }

    pub fn other(mut self, name: &'static str, run: impl FnMut() -> Result<()> + 'a) -> Self {
        self.other = Some((name, Box::new(run)));
        self
    }

    pub fn pytorch(mut self, setup: impl Into<String>, run: impl Into<String>) -> Self {
        self.pytorch = Some((setup.into(), run.into()));
        self
    }
}

impl Bench {
    pub fn open(common: &Common, threads: usize) -> Result<Self> {
        let pytorch = common.pytorch.as_deref().map(|python| PyTorch::start(python, threads)).transpose()?;
        let Common { seconds, only, json, .. } = common.clone();
        Ok(Self { pytorch, seconds, only, json, rows: Vec::new() })
    }

    /// Measures a case and prints its line; `None` for one that was not asked for.
    pub fn case(&mut self, case: Case<'_>) -> Result<Option<&[Times]>> {
        if !case.name.contains(&self.only) {
            return Ok(None);
        }
        let mut contestants: Vec<(&'static str, Run<'_>)> = vec![("taper", case.ours)];
        contestants.extend(case.other);
        let mut samples = vec![Vec::new(); contestants.len()];
        for (_, run) in &mut contestants {
            seconds(run, ROUND)?; // caches and allocators get warm
        }
        let mut peer = match (&mut self.pytorch, &case.pytorch) {
            (Some(peer), Some((setup, run))) => {
                peer.prepare(setup, run)?;
                samples.push(Vec::new());
                Some(peer)
            }
            _ => None,
        };
        let start = Instant::now();
        let budget = self.seconds * samples.len() as f64;
        while samples[0].len() < 5 || start.elapsed().as_secs_f64() < budget {
            for ((_, run), samples) in contestants.iter_mut().zip(&mut samples) {
                samples.push(seconds(run, ROUND)?);
            }
            if let (Some(peer), Some(samples)) = (&mut peer, samples.last_mut()) {
                samples.push(peer.round(ROUND)?);
            }
        }
        let names = contestants.iter().map(|(name, _)| *name).chain(peer.map(|_| "PyTorch"));
        self.measured(case.name, names.zip(samples).collect());
        Ok(self.rows.last().map(|row| row.times.as_slice()))
    }

    /// Prints the line of a case, from the times of each contestant's runs in seconds, ours first.
    pub fn measured(&mut self, case: String, samples: Vec<(&'static str, Vec<f64>)>) {
        let times: Vec<Times> = samples.into_iter().map(|(name, samples)| Times::of(name, samples)).collect();
        if !self.json {
            print_line(&case, &times);
        }
        self.rows.push(Row { case, times, shares: Vec::new(), peak_memory: BTreeMap::new() });
    }

    /// How long to measure each contestant, in seconds.
    pub fn seconds(&self) -> f64 {
        self.seconds
    }

    /// Prints the most memory that the processes have had so far, programs and all.
    pub fn peak_memory(&mut self) -> Result<()> {
        let ours = peak_memory();
        let theirs = self.pytorch.as_mut().map(PyTorch::peak_memory).transpose()?;
        let both = [("taper", ours), ("PyTorch", theirs)];
        let each = both.iter().filter_map(|(name, bytes)| Some((*name, (*bytes)?)));
        if let Some(row) = self.rows.last_mut() {
            row.peak_memory = each.clone().collect();
        }
        for (name, bytes) in each.filter(|_| !self.json) {
            println!("    peak memory, {name}: {:.0} MB", bytes as f64 / 1e6);
        }
        Ok(())
    }

    /// Prints the parts of the last case.
    pub fn shares(&mut self, shares: Vec<Share>) {
        if !self.json {
            for Share { part, calls, seconds, share } in &shares {
                println!("    {part:34} {calls:3} x {} {:5.1} %", time(*seconds), 100.0 * share);
            }
        }
        if let Some(row) = self.rows.last_mut() {
            row.shares = shares;
        }
    }

    /// The whole as JSON, if that was asked for.
    pub fn finish(self) -> Result<()> {
        if self.json {
            println!("{}", serde_json::to_string_pretty(&self.rows)?);
        }
        Ok(())
    }
}

impl Times {
    fn of(name: &'static str, mut samples: Vec<f64>) -> Self {
        samples.sort_by(f64::total_cmp);
        Self { name, min: samples[0], median: samples[samples.len() / 2] }
    }
}

/// `case   taper 0.123 ms (0.130)   PyTorch 1.170 ms (1.200) 9.5x`: the least time, the median, and how
/// many times as long the others take at their best.
fn print_line(case: &str, times: &[Times]) {
    print!("{case:32}");
    for (i, Times { name, min, median }) in times.iter().enumerate() {
        print!("  {name} {} ({})", time(*min), time(*median).trim());
        if i > 0 {
            print!(" {:5.2}x", min / times[0].min);
        }
    }
    println!();
}

fn time(seconds: f64) -> String {
    match seconds {
        s if s < 1e-5 => format!("{:6.1} ns", s * 1e9),
        s if s < 1e-2 => format!("{:6.1} µs", s * 1e6),
        s => format!("{:6.1} ms", s * 1e3),
    }
}

/// The most memory that this process has had, in bytes, where the system tells (Linux).
fn peak_memory() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix(" kB")?.parse::<u64>().ok()? * 1024)
}

/// The time of a call, over as many calls as fill `length` seconds.
fn seconds(run: &mut Run<'_>, length: f64) -> Result<f64> {
    let start = Instant::now();
    let mut calls = 0.0;
    loop {
        run()?;
        calls += 1.0;
        let spent = start.elapsed().as_secs_f64();
        if spent >= length {
            return Ok(spent / calls);
        }
    }
}

//! `kill -9` at 50 random moments: each time the checkpoint is whole, and the training goes on from it to
//! the bits of the one that was never stopped.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use taper::autograd::Variable;
use taper::data::transforms::ToTensor;
use taper::data::{DataLoader, Dataset, Synthetic};
use taper::nn::{
    Conv2d, CrossEntropyLoss, Dropout, Forward, Linear, Metadata, Module, load_with_metadata, save,
    state_dict,
};
use taper::optim::Adam;
use taper::optim::schedule::{CosineAnnealingLr, Schedule, Scheduler};
use taper::tensor::{Device, Generator, manual_seed};
use taper_vision_examples::Result;
use taper_vision_examples::checkpoint::Saving;
use taper_vision_examples::train::{Plan, Run, Training};

/// Where the child process trains; set for no other.
const FOLDER: &str = "TAPER_TEST_TRAINING";

/// A small network that takes numbers of the default generator.
#[derive(Module)]
struct Small {
    conv: Conv2d,
    dropout: Dropout,
    fc: Linear,
}

impl Forward for Small {
    fn forward(&self, x: &Variable) -> taper::nn::Result<Variable> {
        let x = self.conv.forward(x)?.relu()?.max_pool2d(4)?.flatten(1)?;
        self.fc.forward(&self.dropout.forward(&x)?)
    }
}

/// Two epochs of 55 mini-batches with a checkpoint every 20; goes on where the folder has one.
fn train(folder: &Path) -> Result<()> {
    manual_seed(1);
    let net = Small { conv: Conv2d::new(3, 4, 5)?, dropout: Dropout::new(0.5)?, fc: Linear::new(196, 10)? };
    let loader = DataLoader::builder(Synthetic::train(220).transform(ToTensor))
        .batch_size(4)
        .shuffle(true)
        .num_workers(1)
        .build()?;
    let mut optimizer = Box::new(Adam::new(net.parameters(), 0.01)?);
    let cosine: Box<dyn Schedule> = Box::new(CosineAnnealingLr::new(110)?);
    let scheduler = Some(Scheduler::new(cosine, &mut *optimizer)?);
    let (criterion, training) = (CrossEntropyLoss::new(), Training::default());
    let mut run = Run { net: &net, optimizer, scheduler, loader: &loader, criterion, training };
    let path = folder.join("checkpoint.safetensors");
    if path.exists() {
        run.resume(&path)?;
    }
    let saving = Saving { path, every: Some(20), settings: Metadata::new() };
    let (device, stop, test) = (&Device::cpu(), &AtomicBool::new(false), &mut |_| Ok(None));
    run.train(Plan { device, epochs: 2, limit: usize::MAX, saving: &saving, stop, test })?;
    let mut state = state_dict(&net);
    let losses = run.training.losses.iter().map(|l| l.loss).collect();
    state.insert("losses".into(), taper::tensor::Tensor::from_vec::<f64>(losses, 2)?);
    Ok(save(&state, folder.join("final.safetensors"))?)
}

/// What the child processes of the test below run.
#[test]
fn child() {
    if let Some(folder) = std::env::var_os(FOLDER) {
        train(Path::new(&folder)).unwrap();
    }
}

fn start(folder: &Path) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "kill::child"]).env(FOLDER, folder).stdout(Stdio::null());
    command.spawn().unwrap()
}

/// The final weights and losses of a training that runs to its end.
fn finish(folder: &Path) -> Vec<u8> {
    assert!(start(folder).wait().unwrap().success());
    std::fs::read(folder.join("final.safetensors")).unwrap()
}

#[test]
fn fifty_times_at_random_moments() {
    let whole = tempfile::tempdir().unwrap();
    let clock = Instant::now();
    let expected = finish(whole.path());
    let length = clock.elapsed();

    let moments = Generator::new(50);
    let (mut kills, mut resumed) = (0, 0);
    while kills < 50 {
        let folder = tempfile::tempdir().unwrap();
        let mut child = start(folder.path());
        std::thread::sleep(length.mul_f64(moments.uniform()));
        let finished = child.try_wait().unwrap().is_some();
        child.kill().unwrap();
        child.wait().unwrap();
        if finished {
            continue; // this machine was faster than at first
        }
        kills += 1;
        let checkpoint = folder.path().join("checkpoint.safetensors");
        if checkpoint.exists() {
            let (_, metadata) = load_with_metadata(&checkpoint).expect("the checkpoint is whole");
            let step: u64 = metadata["step"].parse().unwrap();
            assert!(step.is_multiple_of(20) || step.is_multiple_of(55), "step {step}");
            resumed += 1;
        }
        assert!(finish(folder.path()) == expected, "kill {kills} changed the result");
    }
    assert!(resumed > 0, "the kills came before the first checkpoint");
}

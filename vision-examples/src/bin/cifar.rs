//! Part 4 of the tutorial as one command: fetch, train, test, report.
#![forbid(unsafe_code)]

use std::process::ExitCode;

use taper_autograd::tensor::{Device, manual_seed, set_num_threads};
use taper_data::transforms::{Compose, Normalize, ToTensor};
use taper_data::{DataLoader, Dataset};
use taper_nn::{Module, save, state_dict};
use taper_optim::Sgd;
use taper_vision_examples::checkpoint::Saving;
use taper_vision_examples::evaluate::evaluate;
use taper_vision_examples::models::Net;
use taper_vision_examples::report::{self, Report};
use taper_vision_examples::settings::Settings;
use taper_vision_examples::source::{self, Source};
use taper_vision_examples::train::{Run, Training};
use taper_vision_examples::{Result, files};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let error = match Settings::read(std::env::args_os()).and_then(|settings| run(&settings)) {
        Ok(()) => return ExitCode::SUCCESS,
        Err(error) => error,
    };
    match error.downcast::<clap::Error>() {
        Ok(error) => error.exit(), // its own way of printing; help is one of them
        Err(error) => eprintln!("error: {error}"),
    }
    ExitCode::FAILURE
}

fn run(settings: &Settings) -> Result<()> {
    // What cannot work fails before anything is fetched or trained.
    let device = device(&settings.device)?;
    files::writable_folder(&settings.out)?;
    set_num_threads(settings.threads.unwrap_or_else(processors))?;
    manual_seed(settings.seed);
    let net = Net::new(3)?;
    net.to(&device)?;
    let mut optimizer = Sgd::new(net.parameters(), settings.lr)?.momentum(settings.momentum);

    let Source { name, classes, train: train_set, test: test_set } =
        source::open(settings.dataset, &settings.data, settings.from.clone())?;
    let transform = || Compose::new((ToTensor, Normalize::new([0.5; 3], [0.5; 3])));
    let loader = DataLoader::new(train_set.transform(transform()))
        .batch_size(settings.batch_size)
        .shuffle(true)
        .num_workers(settings.workers)
        .seed(settings.seed)
        .build()?;
    println!("{net}");
    let limit = settings.limit.unwrap_or(usize::MAX);
    let steps = settings.epochs * loader.len().min(limit) as u64;
    let scheduler = settings.scheduler(steps, &mut optimizer)?;
    let mut run = Run { net: &net, optimizer, scheduler, loader: &loader, training: Training::default() };
    if let Some(file) = &settings.resume {
        run.resume(file)?;
        println!("Going on after {} mini-batches", run.training.step);
    }
    let mut made_with = settings.saved();
    made_with.insert("--dataset".into(), name.into()); // which `auto` has found
    let path = settings.out.join("checkpoint.safetensors");
    let saving = Saving { path, every: settings.checkpoint_every, settings: made_with };
    run.train(&device, settings.epochs, limit, &saving)?;
    println!("Finished Training");
    save(&state_dict(&net), settings.out.join("net.safetensors"))?;

    let test = DataLoader::new(test_set.transform(transform())).batch_size(100).build()?;
    let evaluation = evaluate(&net, &test, &device, classes.len())?;
    report::print(&classes, &evaluation);
    let report = Report::new(settings, name, classes, &run.training, &evaluation);
    files::write(&settings.out.join("report.json"), serde_json::to_string_pretty(&report)?.as_bytes())?;
    println!(
        "{:.0} images/s, {:.1} s of training; report and network are in {}",
        report.images_per_second,
        report.train_seconds,
        settings.out.display()
    );
    Ok(())
}

fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, |n| n.get())
}

fn device(name: &str) -> Result<Device> {
    let ordinal = match name.split_once(':') {
        None if name == "cpu" => return Ok(Device::cpu()),
        None if name == "cuda" => Some(0),
        Some(("cuda", n)) => n.parse().ok(),
        _ => None,
    };
    Ok(Device::cuda(ordinal.ok_or_else(|| format!("--device {name}: expected cpu, cuda or cuda:N"))?)?)
}

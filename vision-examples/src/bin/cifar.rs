//! Part 4 of the tutorial as one command: fetch, train, test, report.
#![forbid(unsafe_code)]

use std::process::ExitCode;

use taper::data::{DataLoader, Dataset};
use taper::nn::{Metadata, Module, save_with_metadata, state_dict};
use taper::tensor::{Device, manual_seed, set_num_threads};
use taper_vision_examples::checkpoint::Saving;
use taper_vision_examples::evaluate::evaluate;
use taper_vision_examples::interrupt;
use taper_vision_examples::models::{Model, normalized};
use taper_vision_examples::output::{say, warn};
use taper_vision_examples::report::{self, Report, SHOWN, Sample};
use taper_vision_examples::settings::Settings;
use taper_vision_examples::source::{self, Source};
use taper_vision_examples::train::{End, Plan, Run, Training};
use taper_vision_examples::{Result, files};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let error = match Settings::read(std::env::args_os()).and_then(|settings| run(&settings)) {
        Ok(End::Finished) => return ExitCode::SUCCESS,
        Ok(End::Stopped) => return ExitCode::from(interrupt::status()),
        Err(error) => error,
    };
    match error.downcast::<clap::Error>() {
        Ok(error) => error.exit(), // its own way of printing; help is one of them
        Err(error) => warn(format_args!("error: {error}")),
    }
    ExitCode::FAILURE
}

fn run(settings: &Settings) -> Result<End> {
    // What cannot work fails before anything is fetched or trained.
    let device = settings.device()?;
    let _folder = files::claim_folder(&settings.out, settings.resume.as_deref())?;
    set_num_threads(settings.threads.unwrap_or_else(processors))?;
    manual_seed(settings.seed);
    let net = Model::new(settings.model)?;
    net.to(&device)?;
    let mut optimizer = settings.optimizer(net.parameters())?;

    let Source { name, classes, train: train_set, test: test_set } =
        source::open(settings.dataset, &settings.data, settings.from.clone())?;
    let shown = (0..SHOWN).map(|i| test_set.at(i)).collect::<Result<Vec<_>, _>>()?;
    let loader = DataLoader::builder(train_set.transform(settings.transforms()?))
        .batch_size(settings.batch_size)
        .shuffle(true)
        .num_workers(settings.workers)
        .seed(settings.seed)
        .build()?;
    let test = DataLoader::builder(test_set.transform(normalized()?)).batch_size(100).seed(0).build()?;
    say(&net);
    let limit = settings.limit.unwrap_or(usize::MAX);
    let steps = settings.epochs.saturating_mul(loader.len().min(limit) as u64);
    let scheduler = settings.scheduler(steps, &mut *optimizer)?;
    let (criterion, training) = (settings.criterion()?, Training::default());
    let mut run = Run { net: &net, optimizer, scheduler, loader: &loader, criterion, training };
    if let Some(file) = &settings.resume {
        run.resume(file)?;
        say(format_args!("Going on after {} mini-batches", run.training.step));
    }
    let mut made_with = settings.saved();
    made_with.insert("--dataset".into(), name.into()); // which `auto` has found
    let path = settings.out.join("checkpoint.safetensors");
    let saving = Saving { path, every: settings.checkpoint_every, settings: made_with };
    let mut latest = None;
    let mut test_after = |epoch: u64| -> Result<_> {
        if settings.test_every.is_none_or(|every| !epoch.is_multiple_of(every)) {
            return Ok(None);
        }
        let evaluation = evaluate(&net, &test, &device, classes.len())?;
        let accuracy = evaluation.accuracy();
        latest = (epoch == settings.epochs).then_some(evaluation);
        Ok(Some(accuracy))
    };
    files::write_settings(&settings.out, settings)?;
    let end = interrupt::listening(|stop| {
        let (saving, test, epochs) = (&saving, &mut test_after, settings.epochs);
        run.train(Plan { device: &device, epochs, limit, saving, stop, test })
    })?;
    if end == End::Stopped {
        say(format_args!("Stopped after {} of {steps} mini-batches; this goes on:", run.training.step));
        say(format_args!("    cargo xtask cifar --resume {}", saving.path.display()));
        return Ok(end);
    }
    say("Finished Training");
    let about = [("model", settings.model_name()), ("dataset", name.into()), ("classes", classes.join(","))];
    let about: Metadata = about.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
    save_with_metadata(&state_dict(&net), &about, settings.out.join("net.safetensors"))?;

    let evaluation = match latest {
        Some(evaluation) => evaluation,
        None => evaluate(&net, &test, &device, classes.len())?,
    };
    report::print(&classes, &evaluation);
    let training = (&run.training, loader.len().min(limit));
    let report = Report::new(settings, name, classes, training, &evaluation);
    let sample = |((image, truth), &prediction): ((_, i64), &i64)| Sample {
        image,
        truth: classes[truth as usize],
        prediction: classes[prediction as usize],
    };
    let samples: Vec<Sample> = shown.into_iter().zip(&evaluation.predictions).map(sample).collect();
    net.to(&Device::cpu())?; // where the report draws it
    report::write(&settings.out, &report, &samples, &net)?;
    say(format_args!(
        "{:.0} images/s, {:.1} s of training; the report is {}",
        report.images_per_second,
        report.train_seconds,
        settings.out.join("report.html").display()
    ));
    Ok(end)
}

fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, |n| n.get())
}

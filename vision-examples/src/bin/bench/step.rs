//! A whole training step of a model, and the share of each operation in it; or a test pass.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use clap::{Args, ValueEnum};
use taper::autograd::{Pass, Variable, autocast, no_grad, profile};
use taper::nn::{CrossEntropyLoss, Layer, Module};
use taper::optim::{Optimizer, Sgd};
use taper::tensor::{DType, Device, Tensor, cuda, manual_seed};
use taper_vision_examples::Result;
use taper_vision_examples::models::{Net, ResNet18};

use crate::Common;
use crate::harness::{Bench, Case, Share};

#[derive(Args)]
pub struct Settings {
    #[command(flatten)]
    common: Common,
    /// The network that is trained.
    #[arg(long, value_enum, default_value_t = Model::Net)]
    model: Model,
    /// The images in a mini-batch; several can be given.
    #[arg(long, default_values_t = [4, 64, 256], value_delimiter = ',')]
    batch_size: Vec<usize>,
    /// Where to train: cpu, cuda or cuda:N.
    #[arg(long, default_value = "cpu")]
    device: String,
    /// How exact the products are.
    #[arg(long, value_enum, default_value_t = Precision::F32)]
    precision: Precision,
    /// Also print what each operation takes of a step.
    #[arg(long)]
    profile: bool,
    /// Make 1,000 steps on a GPU instead, over which the memory in use must not grow.
    #[arg(long, conflicts_with_all = ["profile", "test"])]
    steady: bool,
    /// The pass over test images instead: `net.eval()`, forward alone, without recording.
    #[arg(long, conflicts_with = "profile")]
    test: bool,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Precision {
    /// Numbers of 32 bits
    F32,
    /// The same, but a GPU may round the factors of products to 10 bits of fraction
    Tf32,
    /// Autocast to bf16
    Bf16,
}

impl Precision {
    /// What autocast is entered with.
    fn dtype(self) -> DType {
        if self == Self::Bf16 { DType::BF16 } else { DType::F32 }
    }
}

#[derive(Clone, Copy, ValueEnum)]
enum Model {
    /// The tutorial's network
    Net,
    /// ResNet-18 with the stem for CIFAR's pictures
    Resnet18,
}

impl Model {
    /// The network, its name, and PyTorch's definition of it.
    fn make(self) -> Result<(Box<dyn Layer>, &'static str, &'static str)> {
        Ok(match self {
            Self::Net => (Box::new(Net::new(3)?), "net", NET),
            Self::Resnet18 => (Box::new(ResNet18::cifar(10)?), "resnet18", RESNET18),
        })
    }
}

/// The tutorial's network in PyTorch.
const NET: &str = "
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 6, 5)
        self.pool = nn.MaxPool2d(2, 2)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.fc1 = nn.Linear(16 * 5 * 5, 120)
        self.fc2 = nn.Linear(120, 84)
        self.fc3 = nn.Linear(84, 10)

    def forward(self, x):
        x = self.pool(F.relu(self.conv1(x)))
        x = self.pool(F.relu(self.conv2(x)))
        x = torch.flatten(x, 1)
        x = F.relu(self.fc1(x))
        x = F.relu(self.fc2(x))
        return self.fc3(x)
net = Net()
";

/// ResNet-18 with CIFAR's stem in PyTorch.
const RESNET18: &str = "
def conv(inputs, outputs, kernel, stride):
    return nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False)

class BasicBlock(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1, self.bn1 = conv(inputs, outputs, 3, stride), nn.BatchNorm2d(outputs)
        self.conv2, self.bn2 = conv(outputs, outputs, 3, 1), nn.BatchNorm2d(outputs)
        self.downsample = None
        if stride != 1:
            self.downsample = nn.Sequential(conv(inputs, outputs, 1, stride), nn.BatchNorm2d(outputs))

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        return F.relu(y + (x if self.downsample is None else self.downsample(x)))

def stage(inputs, outputs, stride):
    return nn.Sequential(BasicBlock(inputs, outputs, stride), BasicBlock(outputs, outputs, 1))

net = nn.Sequential(
    conv(3, 64, 3, 1), nn.BatchNorm2d(64), nn.ReLU(),
    stage(64, 64, 1), stage(64, 128, 2), stage(128, 256, 2), stage(256, 512, 2),
    nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, 10),
)
";

/// A step as the tutorial writes it.
const STEP: &str = "
optimizer.zero_grad()
loss = criterion(net(x), y)
loss.backward()
optimizer.step()
";

/// The same in bf16, on a device.
const STEP_BF16: &str = "
optimizer.zero_grad()
with torch.autocast(x.device.type, torch.bfloat16):
    loss = criterion(net(x), y)
loss.backward()
optimizer.step()
";

/// A test pass.
const TEST: &str = "
with torch.no_grad():
    net(x)
";

pub fn run(settings: &Settings) -> Result<()> {
    let mut bench = settings.common.open()?;
    cuda::set_tf32(settings.precision == Precision::Tf32);
    for &batch in &settings.batch_size {
        manual_seed(0);
        step(&mut bench, settings, batch)?;
    }
    bench.finish()
}

fn step(bench: &mut Bench, settings: &Settings, batch: usize) -> Result<()> {
    let (net, name, python) = settings.model.make()?;
    let criterion = CrossEntropyLoss::new();
    let device: Device = settings.device.parse()?;
    net.to(&device)?;
    let mut optimizer = Sgd::builder(net.parameters(), 0.001).momentum(0.9).build()?;
    let x = Variable::new(Tensor::randn((batch, 3, 32, 32))?.to(&device)?);
    // The labels stay on the CPU, where the loss looks at them.
    let y = Tensor::randint(0, 10, batch)?;
    let mut setup = format!(
        "{python}
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(net.parameters(), lr=0.001, momentum=0.9)
x, y = torch.randn({batch}, 3, 32, 32), torch.randint(10, ({batch},))
"
    );
    let mut python_step = if settings.precision == Precision::Bf16 { STEP_BF16 } else { STEP }.to_owned();
    let mut name = name.to_owned();
    if device.is_cuda() {
        let tf32 = if settings.precision == Precision::Tf32 { "True" } else { "False" };
        setup += &format!("net, x, y = net.to('{device}'), x.to('{device}'), y.to('{device}')\n");
        setup +=
            &format!("torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = {tf32}\n");
        python_step += "torch.cuda.synchronize()\n"; // as ours below
        name += &format!(" on {device}");
    }
    match settings.precision {
        Precision::F32 => {}
        Precision::Tf32 => name += ", tf32",
        Precision::Bf16 => name += ", bf16",
    }
    if settings.test {
        net.eval();
        let case = Case::new(format!("{name}, batch {batch}, test"), || {
            no_grad(|| Ok(net.forward(&x).map(drop)?))
        });
        return bench.case(case.pytorch(setup + "net.eval()\n", TEST)).map(drop);
    }
    let mut train = || {
        optimizer.zero_grad();
        let loss = autocast(settings.precision.dtype(), || criterion.forward(&net.forward(&x)?, &y))?;
        loss.backward()?;
        optimizer.step()?;
        Ok(device.synchronize()?)
    };
    if settings.steady {
        return steady(&device, &mut train);
    }
    let case = Case::new(format!("{name}, batch {batch}"), train);
    #[cfg(feature = "candle")]
    let case = match (settings.model, settings.precision, device.is_cpu()) {
        (Model::Net, Precision::F32, true) => case.other("candle-nn", crate::candle::step(batch)?),
        _ => case,
    };
    if bench.case(case.pytorch(setup, python_step))?.is_none() {
        return Ok(());
    }
    bench.peak_memory()?;
    if !settings.profile {
        return Ok(());
    }
    let (start, mut shares) = (Instant::now(), Shares::default());
    while shares.steps == 0 || start.elapsed().as_secs_f64() < bench.seconds() {
        shares.steps += 1;
        shares.time("zero_grad", || {
            optimizer.zero_grad();
            Ok(())
        })?;
        let (done, laps) =
            profile(|| -> Result<()> { Ok(criterion.forward(&net.forward(&x)?, &y)?.backward()?) });
        done?;
        for (op, pass, lap) in laps {
            let pass = if pass == Pass::Forward { "forward" } else { "backward" };
            shares.add(&format!("{op}, {pass}"), lap.calls, lap.time);
        }
        shares.time("optimizer.step", || Ok(optimizer.step()?))?;
    }
    bench.shares(shares.finish());
    Ok(())
}

/// Steps, after which as many bytes of the GPU's memory must be in use as after the first of them.
fn steady(device: &Device, train: &mut dyn FnMut() -> Result<()>) -> Result<()> {
    (0..100).try_for_each(|_| train())?;
    let before = cuda::memory_allocated(device)?;
    (0..1000).try_for_each(|_| train())?;
    let after = cuda::memory_allocated(device)?;
    println!("memory in use on {device}: {before} bytes after 100 steps, {after} after 1,000 more");
    if after > before { Err("the memory in use grows".into()) } else { Ok(()) }
}

/// What the parts of a step took, over all steps.
#[derive(Default)]
struct Shares {
    steps: u64,
    parts: BTreeMap<String, (u64, Duration)>,
}

impl Shares {
    fn add(&mut self, part: &str, calls: u64, time: Duration) {
        let sum = self.parts.entry(part.to_owned()).or_default();
        *sum = (sum.0 + calls, sum.1 + time);
    }

    fn time(&mut self, part: &str, f: impl FnOnce() -> Result<()>) -> Result<()> {
        let start = Instant::now();
        f()?;
        self.add(part, 1, start.elapsed());
        Ok(())
    }

    /// Of one step, the longest first.
    fn finish(self) -> Vec<Share> {
        let all: f64 = self.parts.values().map(|(_, time)| time.as_secs_f64()).sum();
        let of = |(part, (calls, time)): (String, (u64, Duration))| Share {
            part,
            calls: calls / self.steps,
            seconds: time.as_secs_f64() / self.steps as f64,
            share: time.as_secs_f64() / all,
        };
        let mut shares: Vec<Share> = self.parts.into_iter().map(of).collect();
        shares.sort_by(|a, b| b.seconds.total_cmp(&a.seconds));
        shares
    }
}

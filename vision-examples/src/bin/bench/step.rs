//! A whole training step of a model.

use clap::Args;
use taper_autograd::Variable;
use taper_autograd::tensor::{Tensor, manual_seed};
use taper_nn::{CrossEntropyLoss, Forward, Module};
use taper_optim::{Optimizer, Sgd};
use taper_vision_examples::Result;
use taper_vision_examples::models::Net;

use crate::Common;
use crate::harness::{Bench, Case};

#[derive(Args)]
pub struct Settings {
    #[command(flatten)]
    common: Common,
    /// The images in a mini-batch; several can be given.
    #[arg(long, default_values_t = [4, 64, 256], value_delimiter = ',')]
    batch_size: Vec<usize>,
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

/// A step as the tutorial writes it.
const STEP: &str = "
optimizer.zero_grad()
loss = criterion(net(x), y)
loss.backward()
optimizer.step()
";

pub fn run(settings: &Settings) -> Result<()> {
    let mut bench = settings.common.open()?;
    for &batch in &settings.batch_size {
        manual_seed(0);
        step(&mut bench, batch)?;
    }
    bench.finish()
}

fn step(bench: &mut Bench, batch: usize) -> Result<()> {
    let net = Net::new(3)?;
    let criterion = CrossEntropyLoss::new();
    let mut optimizer = Sgd::new(net.parameters(), 0.001)?.momentum(0.9);
    let x = Variable::new(Tensor::randn((batch, 3, 32, 32))?);
    let y = Tensor::randint(0, 10, batch)?;
    let case = Case::new(format!("net, batch {batch}"), || {
        optimizer.zero_grad();
        let loss = criterion.forward(&net.forward(&x)?, &y)?;
        loss.backward()?;
        optimizer.step()?;
        Ok(())
    });
    let setup = format!(
        "{NET}
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(net.parameters(), lr=0.001, momentum=0.9)
x, y = torch.randn({batch}, 3, 32, 32), torch.randint(10, ({batch},))
"
    );
    bench.case(case.pytorch(setup, STEP)).map(drop)
}

//! The tutorial's fourth section: training a classifier of pictures.
//!
//!     cargo xtask fetch cifar10
//!     cargo run --release -p taper-vision-examples --example 04_training_a_classifier
//!
//! Where CIFAR-10 is not in the folder `data`, it learns from drawn pictures of ten shapes.

use std::path::Path;

use taper::data::pictures::{Grid, make_grid, save_image};
use taper::data::{Cifar10, Image, Synthetic};
use taper::nn::{load, load_state_dict, save, state_dict};
use taper::prelude::*;
use taper_vision_examples::models::Net;

fn main() -> taper::Result<()> {
    let folder = Path::new(".");
    if Path::new("data/cifar-10-batches-bin").exists() {
        run(Cifar10::train("data")?, Cifar10::test("data")?, Cifar10::CLASSES, 2, folder)
    } else {
        run(Synthetic::train(20_000), Synthetic::test(2_000), Synthetic::CLASSES, 1, folder)
    }
}

/// The section, which leaves its files in `folder`.
pub fn run<D: Dataset<Sample = (Image, i64)> + 'static>(
    train: D,
    test: D,
    classes: [&str; 10],
    epochs: usize,
    folder: &Path,
) -> taper::Result<()> {
    manual_seed(0);

    println!("--- Loading the pictures");
    // transform = transforms.Compose([transforms.ToTensor(), transforms.Normalize((.5, .5, .5), (.5, .5, .5))])
    // Pictures are bytes from 0 to 255; the network gets numbers from -1 to 1.
    let transform = Compose::new((ToTensor, Normalize::new([0.5; 3], [0.5; 3])?));
    // trainloader = DataLoader(trainset, batch_size=4, shuffle=True, num_workers=2)
    // The workers only prepare; which pictures a batch holds depends on the seed and the epoch alone.
    let trainloader = DataLoader::builder(train.transform(transform.clone()))
        .batch_size(4)
        .shuffle(true)
        .num_workers(2)
        .build()?;
    let testloader = DataLoader::builder(test.transform(transform)).batch_size(4).num_workers(2).build()?;
    // images, labels = next(iter(trainloader)); imshow(torchvision.utils.make_grid(images))
    let (images, labels) = trainloader.iter().next().ok_or("an empty dataset")??;
    println!("{:?} of {}", make_grid(&images, &Grid::new())?.size(), images.dtype());
    save_image(&((&images / 2.0)? + 0.5)?, folder.join("batch.png"), &Grid::new())?;
    println!("{}", names(&labels, &classes)?);

    println!("--- Training the network");
    let net = Net::new(3)?;
    let criterion = CrossEntropyLoss::new();
    let mut optimizer = Sgd::builder(net.parameters(), 0.001).momentum(0.9).build()?;
    let every = 2000.min(trainloader.len());
    for epoch in 0..epochs {
        let mut running_loss = 0.0;
        for (i, batch) in trainloader.iter().enumerate() {
            let (inputs, labels) = batch?;
            // gradients add up until they are cleared
            optimizer.zero_grad();
            let outputs = net.forward(&inputs)?;
            let loss = criterion.forward(&outputs, &labels)?;
            loss.backward()?;
            optimizer.step()?;

            running_loss += loss.item::<f64>()?;
            if i % every == every - 1 {
                println!("[{}, {:5}] loss: {:.3}", epoch + 1, i + 1, running_loss / every as f64);
                running_loss = 0.0;
            }
        }
    }
    println!("Finished Training");
    // torch.save(net.state_dict(), PATH): a file that PyTorch loads, too
    let path = folder.join("cifar_net.safetensors");
    save(&state_dict(&net), &path)?;

    println!("--- Testing it on pictures that it has not seen");
    // net = Net(); net.load_state_dict(torch.load(PATH))
    let net = Net::new(3)?;
    load_state_dict(&net, &load(&path)?)?;
    let (images, labels) = testloader.iter().next().ok_or("an empty dataset")??;
    save_image(&((&images / 2.0)? + 0.5)?, folder.join("test_batch.png"), &Grid::new())?;
    println!("GroundTruth:  {}", names(&labels, &classes)?);
    // _, predicted = torch.max(outputs, 1): the class of the highest energy
    let outputs = no_grad(|| net.forward(&images))?;
    let (_, predicted) = outputs.max_dim(1)?;
    println!("Predicted:    {}", names(&predicted, &classes)?);

    let (mut correct, mut total) = ([0; 10], [0; 10]);
    for batch in testloader.iter() {
        let (images, labels) = batch?;
        // nothing is learnt here, so no graph is recorded
        let outputs = no_grad(|| net.forward(&images))?;
        let predicted = outputs.argmax(1)?.to_vec::<i64>()?;
        for (label, prediction) in labels.to_vec::<i64>()?.into_iter().zip(predicted) {
            correct[label as usize] += i32::from(label == prediction);
            total[label as usize] += 1;
        }
    }
    let percent = |correct: i32, total: i32| 100 * correct / total.max(1);
    let (right, all) = (correct.iter().sum(), total.iter().sum());
    println!("Accuracy of the network on the {all} test images: {} %", percent(right, all));
    for (class, name) in classes.iter().enumerate() {
        println!("Accuracy for class: {name:10} is {} %", percent(correct[class], total[class]));
    }
    Ok(())
}

/// The names of a batch's classes.
fn names(labels: &Tensor, classes: &[&str; 10]) -> taper::Result<String> {
    let names = labels.to_vec::<i64>()?.into_iter().map(|label| format!("{:10} ", classes[label as usize]));
    Ok(names.collect::<String>().trim_end().to_string())
}

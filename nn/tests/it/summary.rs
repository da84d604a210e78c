//! Tables of what networks cost, and the layers' names in them and in anomaly detection.

use taper_autograd::{Variable, detect_anomaly};
use taper_nn::{
    BatchNorm2d, ConvTranspose2d, Embedding, Forward, Linear, Lstm, Module, MultiheadAttention, Result,
    Sequential, summary, summary_with,
};
use taper_tensor::Tensor;

use crate::tutorial::Net;

#[test]
fn the_tutorials_network() -> Result<()> {
    let net = Net::new(1, 400)?;
    let table = summary(&net, (1, 1, 32, 32))?.to_string();
    let expected = "\
layer  type       output shape    parameters  multiply-adds
conv1  Conv2d     [1, 6, 28, 28]         156        117,600
       Relu       [1, 6, 28, 28]                           
       MaxPool2d  [1, 6, 14, 14]                           
conv2  Conv2d     [1, 16, 10, 10]      2,416        240,000
       Relu       [1, 16, 10, 10]                          
       MaxPool2d  [1, 16, 5, 5]                            
       Flatten    [1, 400]                                 
fc1    Linear     [1, 120]            48,120         48,000
       Relu       [1, 120]                                 
fc2    Linear     [1, 84]             10,164         10,080
       Relu       [1, 84]                                  
fc3    Linear     [1, 10]                850            840
61,706 parameters, 61,706 of them trained; 416,520 multiply-adds
";
    let words = |text: &str| -> Vec<Vec<String>> {
        text.lines().map(|line| line.split_whitespace().map(str::to_owned).collect()).collect()
    };
    assert_eq!(words(&table)[..14], words(expected)[..], "{table}");
    assert!(table.ends_with("parameters and buffers 0.25 MB"), "{table}");
    net.conv1.requires_grad_(false)?;
    assert_eq!(summary(&net, (1, 1, 32, 32))?.trainable, 61_706 - 156);
    Ok(())
}

/// A layer used twice, one that is shared, one that does not run, layers of many operations.
#[derive(Module)]
struct Odd {
    embedding: Embedding,
    attn: MultiheadAttention,
    lstm: Lstm,
    out: Linear,
    spare: Linear,
}

impl Forward for Odd {
    fn forward(&self, x: &Variable) -> Result<Variable> {
        let x = self.attn.forward(&self.embedding.forward(x)?)?;
        self.out.forward(&self.out.forward(&self.lstm.forward(&x)?)?)
    }
}

#[test]
fn layers_of_many_operations_have_one_row() -> Result<()> {
    let net = Odd {
        embedding: Embedding::new(10, 4)?,
        attn: MultiheadAttention::new(4, 2)?,
        lstm: Lstm::new(4, 6)?,
        out: Linear::new(6, 6)?,
        spare: Linear::new(2, 3)?,
    };
    let summary = summary_with(&net, &Variable::new(Tensor::new([[1i64, 2, 3]])?))?;
    let row = |path: &str| {
        let mut rows = summary.rows.iter().filter(|row| row.path == path);
        let row = rows.next().unwrap_or_else(|| panic!("{path}: {summary}")).clone();
        assert!(rows.next().is_none(), "{summary}");
        row
    };
    assert_eq!((row("embedding").parameters, row("embedding").multiply_adds), (40, 0));
    // One step, a batch of 3: the projections, and 2 heads of a 1 x 2 times 2 x 1 product and back.
    assert_eq!((row("attn").parameters, row("attn").multiply_adds), (60, 3 * (3 * 16 + 2 * (2 + 2))));
    assert_eq!(row("attn.out_proj").multiply_adds, 3 * 16);
    assert_eq!((row("lstm").name.as_str(), row("lstm").multiply_adds), ("LSTM", 3 * 24 * (4 + 6)));
    assert_eq!((row("out").parameters, row("out").multiply_adds), (42, 2 * 3 * 36));
    assert_eq!((row("spare").parameters, row("spare").output_shape), (9, None));
    assert_eq!(summary.parameters, 40 + 60 + 20 + 24 * 12 + 42 + 9);
    Ok(())
}

#[test]
fn a_summary_leaves_the_network_as_it_was() -> Result<()> {
    let net =
        Sequential::new().add(ConvTranspose2d::builder(2, 3, 2).stride(2).build()?).add(BatchNorm2d::new(3)?);
    net.children()[1].1.eval();
    let found = summary(&net, (1, 2, 4, 4))?;
    assert_eq!(found.rows[0].multiply_adds, 2 * 16 * 3 * 4);
    let norm = net.children()[1].1.downcast_ref::<BatchNorm2d>().unwrap();
    assert_eq!(norm.num_batches_tracked.as_ref().unwrap().item::<i64>()?, 0);
    assert!(net.parameters().iter().all(|parameter| parameter.grad().is_none()));
    // It is in evaluation still, so the statistics stay as they are.
    net.forward(&Variable::new(Tensor::ones((1, 2, 4, 4))?))?;
    assert_eq!(norm.num_batches_tracked.as_ref().unwrap().item::<i64>()?, 0);
    assert!(summary(&net, (1, 3, 4, 4)).is_err());
    Ok(())
}

#[test]
fn anomaly_detection_names_the_layer() -> Result<()> {
    let net = Sequential::new().add(Linear::new(2, 2)?).add(Linear::new(2, 2)?);
    net.parameters()[2].data().fill_(f64::INFINITY)?;
    let x = Variable::new(Tensor::ones((1, 2))?);
    let error = detect_anomaly(|| -> Result<()> { Ok(net.forward(&x)?.sum()?.backward()?) });
    let error = error.unwrap_err().to_string();
    assert!(error.contains("in 1") && error.contains("Linear"), "{error}");
    Ok(())
}

//! Modes, threads, drawings of the graph, and memory.

use taper_autograd::{
    GradMode, InferenceMode, ModuleScope, Result, Variable, detect_anomaly, enable_grad, inference,
    is_grad_enabled, no_grad, to_dot, to_mermaid,
};
use taper_tensor::{Generator, Tensor};

fn leaf(values: &[f32]) -> Variable {
    Variable::requires_grad(Tensor::new(values).unwrap())
}

#[test]
fn modes_nest_and_survive_panics() {
    no_grad(|| {
        assert!(!is_grad_enabled() && enable_grad(is_grad_enabled) && !is_grad_enabled());
        let _on = GradMode::set(true);
        assert!(is_grad_enabled());
    });
    assert!(std::panic::catch_unwind(|| no_grad(|| panic!("on purpose"))).is_err());
    assert!(std::panic::catch_unwind(|| inference(|| panic!("on purpose"))).is_err());
    assert!(is_grad_enabled());
    let early = || -> Option<()> {
        let (_off, _inference) = (GradMode::set(false), InferenceMode::enter());
        None?;
        unreachable!("it returned")
    };
    assert!(early().is_none() && is_grad_enabled());
    let x = leaf(&[1.0]);
    let y = inference(|| enable_grad(|| x.mul(2.0))).unwrap();
    assert!(!y.is_requires_grad());
}

#[test]
fn an_anomaly_names_operation_place_and_module() -> Result<()> {
    let x = leaf(&[0.0]);
    let error = detect_anomaly(|| {
        let _outer = ModuleScope::enter("features");
        let y = {
            let _inner = ModuleScope::enter("3");
            let _whole = ModuleScope::enter("features.3.conv");
            x.log()?
        };
        y.mul(2.0)?.sum()?.backward()
    });
    let error = error.unwrap_err().to_string();
    assert!(
        error.contains("Log") && error.contains("scopes.rs") && error.contains("in features.3.conv"),
        "{error}"
    );
    // If only backward detects anomalies, a parameter's name gives the module.
    x.set_name("features.4.weight");
    let error = x.log()?.backward_options().detect_anomaly(true).run().unwrap_err().to_string();
    assert!(error.ends_with("in features.4"), "{error}");
    // Outside, an infinity is a value like others.
    x.log()?.sum()?.backward()?;
    Ok(())
}

#[test]
fn graphs_are_drawn() -> Result<()> {
    let (w, x) = (leaf(&[1.0, 2.0]), leaf(&[3.0, 4.0]));
    w.set_name("fc.weight \"w\"");
    let y = w.mul(&x)?;
    let z = y.add(&y)?.sum()?;
    let dot = to_dot(&z);
    assert!(
        dot.starts_with("digraph") && dot.contains("Mul [2]") && dot.contains("fc.weight \\\"w\\\" [2]"),
        "{dot}"
    );
    assert_eq!(dot.matches("Mul [2]").count(), 1); // drawn once, though used twice
    let mermaid = to_mermaid(&z);
    assert!(mermaid.starts_with("graph BT") && mermaid.contains("#quot;w#quot; [2]"), "{mermaid}");
    assert_eq!(mermaid.matches("-->").count(), 5);
    // A chain of a million operations is drawn without recursion.
    let mut long = x.clone();
    for _ in 0..100_000 {
        long = long.neg()?;
    }
    assert_eq!(to_dot(&long).matches("Neg").count(), 100_000);
    Ok(())
}

#[test]
fn threads_share_leaves() -> Result<()> {
    let x = leaf(&[1.0, 2.0]);
    std::thread::scope(|s| {
        for k in 1..=4 {
            let x = &x;
            s.spawn(move || {
                for _ in 0..100 {
                    x.mul(k)?.sum()?.backward()?;
                }
                Ok::<(), taper_autograd::Error>(())
            });
        }
    });
    assert_eq!(x.grad().unwrap().to_vec::<f32>()?, [1000.0; 2]);
    Ok(())
}

/// One graph, walked by two threads at once.
#[test]
fn threads_share_a_retained_graph() -> Result<()> {
    let x = leaf(&[3.0]);
    let y = x.mul(&x)?.exp()?.sum()?;
    std::thread::scope(|s| {
        let runs: Vec<_> =
            (0..4).map(|_| s.spawn(|| y.backward_options().retain_graph(true).run())).collect();
        runs.into_iter().for_each(|r| r.join().unwrap().unwrap());
    });
    let expected = 4.0 * 6.0 * 9f32.exp();
    assert!((x.grad().unwrap().item::<f32>()? / expected - 1.0).abs() < 1e-5);
    Ok(())
}

/// In a process of its own, so that other tests' memory does not count.
#[test]
#[cfg(target_os = "linux")]
fn memory_stays_flat() -> Result<()> {
    const CHILD: &str = "TAPER_MEMORY_TEST";
    if std::env::var_os(CHILD).is_none() {
        let status = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "scopes::memory_stays_flat"])
            .env(CHILD, "1")
            .status()
            .unwrap();
        assert!(status.success());
        return Ok(());
    }
    let pages = || -> usize {
        let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
        statm.split(' ').nth(1).unwrap().parse().unwrap()
    };
    let g = Generator::new(1);
    let random = |size: (usize, usize)| Tensor::options().generator(&g).randn(size);
    let (w1, w2) = (Variable::requires_grad(random((8, 4))?), Variable::requires_grad(random((2, 8))?));
    let x = Variable::new(random((4, 4))?);
    let mut before = 0;
    for step in 0..10_000 {
        let y = x.linear(&w1, None)?.relu()?.linear(&w2, None)?;
        let loss = y.square()?.mean()?;
        if step % 2 == 0 {
            w1.zero_grad();
            w2.zero_grad();
            loss.backward()?;
        }
        if step == 1000 {
            before = pages();
        }
    }
    let grown = pages().saturating_sub(before);
    assert!(grown < 256, "{grown} pages more after 9,000 steps");
    Ok(())
}

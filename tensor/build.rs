//! Compiles the kernels for CUDA GPUs, if requested. Each `.cu` file becomes PTX, which the driver compiles
//! for its GPU.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    #[cfg(feature = "cuda")]
    {
        println!("cargo::rerun-if-changed=src/cuda");
        let ptx = cudaforge::KernelBuilder::new()
            .source_dir("src/cuda")
            .watch(["src/cuda/common.cuh"])
            .arg("--expt-relaxed-constexpr")
            .arg("-std=c++17")
            .arg("-O3")
            .build_ptx();
        if let Err(error) = ptx {
            println!("cargo::error=cannot compile the CUDA kernels: {error}");
        }
    }
}

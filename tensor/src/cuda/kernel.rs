//! The kernels of the `.cu` files. Rust code names them by these types only, so the compiler finds missing
//! ones.

/// A kernel of one file.
pub trait Kernel: Copy {
    /// The file's name, without `.cu`.
    const FILE: &'static str;
    /// The compiled file.
    #[cfg(feature = "cuda")]
    const PTX: &'static str;

    /// Returns the kernel's name in the file; the dtype is appended to it.
    fn name(self) -> &'static str;
}

/// Declares the kernels of each file by their names there.
macro_rules! kernels {
    ($($Family:ident in $file:literal { $($Kernel:ident = $name:literal),* $(,)? })*) => {
        $(
            #[derive(Clone, Copy, Debug)]
            pub enum $Family { $($Kernel),* }

            impl Kernel for $Family {
                const FILE: &'static str = $file;
                #[cfg(feature = "cuda")]
                const PTX: &'static str = include_str!(concat!(env!("OUT_DIR"), "/", $file, ".ptx"));

                fn name(self) -> &'static str {
                    match self { $(Self::$Kernel => $name),* }
                }
            }

            #[cfg(test)]
            impl $Family {
                pub(super) const ALL: &[Self] = &[$(Self::$Kernel),*];
                pub(super) const SOURCE: &str = include_str!(concat!($file, ".cu"));
            }
        )*
    };
}

kernels! {
    Elementwise in "elementwise" {
        Add = "add", Sub = "sub", Mul = "mul", Div = "div", Rsub = "rsub", Rdiv = "rdiv",
        Maximum = "maximum", Minimum = "minimum",
        Eq = "eq", Ne = "ne", Lt = "lt", Le = "le", Gt = "gt", Ge = "ge",
        Neg = "neg", Abs = "abs", Square = "square", Sign = "sign", Relu = "relu", ReluGrad = "relu_grad",
        Sqrt = "sqrt", Rsqrt = "rsqrt", Reciprocal = "reciprocal",
        Exp = "exp", Expm1 = "expm1", Log = "log", Log1p = "log1p",
        Sin = "sin", Cos = "cos", Tanh = "tanh", Erf = "erf", Sigmoid = "sigmoid",
        Put = "put", Cast = "cast",
    }
    Reduce in "reduce" { Few = "few", Many = "many", Part = "part", Joined = "joined" }
    Softmax in "softmax" {
        Softmax = "softmax", LogSoftmax = "log_softmax",
        SoftmaxGrad = "softmax_grad", LogSoftmaxGrad = "log_softmax_grad",
        CrossEntropyGrad = "cross_entropy_grad", Nll = "nll",
    }
    BatchNorm in "batch_norm" {
        Moments = "moments", Normalise = "normalise", By = "by", Slopes = "slopes", Gradients = "gradients",
    }
    Pool in "pool" {
        Maxima = "maxima", MaximaGrad = "maxima_grad", Means = "means", MeansGrad = "means_grad",
    }
    Optim in "optim" {
        Sgd = "sgd", Adam = "adam", RmsProp = "rmsprop", Adagrad = "adagrad", Adadelta = "adadelta",
        Adamax = "adamax", NAdam = "nadam", RAdam = "radam", Lion = "lion", Ema = "ema",
    }
}

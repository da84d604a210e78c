//! Optimisers' settings: a typed struct for each, whose values schedules and checkpoints know by PyTorch's names.

use crate::{Error, Result};

/// The settings of one kind of optimiser. `Default` gives PyTorch's.
pub trait Settings: Clone + Default + Send + Sync {
    /// The optimiser's name, for messages.
    const NAME: &'static str;

    /// Returns the settings by their names in PyTorch; a switch is 1 or 0.
    fn values(&self) -> Vec<(&'static str, f64)>;

    /// Sets one by its name in PyTorch.
    ///
    /// # Errors
    /// When there is no such setting, a switch is neither 1 nor 0, or a count is not a whole number.
    fn set(&mut self, name: &str, value: f64) -> Result<()>;

    /// Checks the settings.
    ///
    /// # Errors
    /// When one is outside of its range, or some make no sense together.
    fn check(&self) -> Result<()>;
}

/// Declares a struct of settings: fields with PyTorch's names, their types, defaults and ranges, and a
/// `check` of several together.
macro_rules! settings {
    ($(#[$doc:meta])* $vis:vis $name:ident for $optimizer:literal {
        $($(#[$about:meta])* $field:ident: $type:ty = $default:expr $(, $range:ident)?;)*
    } $(check $check:expr)?) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq)]
        #[non_exhaustive]
        $vis struct $name {
            $($(#[$about])* pub $field: $type,)*
        }

        impl Default for $name {
            fn default() -> Self {
                Self { $($field: $default),* }
            }
        }

        impl $crate::Settings for $name {
            const NAME: &'static str = $optimizer;

            fn values(&self) -> Vec<(&'static str, f64)> {
                vec![$((stringify!($field), $crate::settings::Number::write(self.$field))),*]
            }

            fn set(&mut self, name: &str, value: f64) -> $crate::Result<()> {
                match name {
                    $(stringify!($field) => {
                        self.$field = $crate::settings::number($optimizer, stringify!($field), value)?;
                    })*
                    unknown => return Err($crate::settings::unknown(self, unknown)),
                }
                Ok(())
            }

            fn check(&self) -> $crate::Result<()> {
                $($($crate::settings::$range.check($optimizer, stringify!($field), self.$field)?;)?)*
                $(($check)(self)?;)?
                Ok(())
            }
        }
    };
}

/// Declares an optimiser that treats each parameter by itself: its type, its settings, and a method for each
/// setting on these and on the builder. What is left to write is its [`crate::Rule`].
macro_rules! optimizer {
    ($(#[$doc:meta])* $optimizer:ident = $name:literal, $settings:ident {
        $(#[$about_lr:meta])* lr: f64 = $default_lr:expr, NOT_NEGATIVE;
        $($(#[$about:meta])* $field:ident: $type:ty = $default:expr $(, $range:ident)?;)*
    } $(check $check:expr)?) => {
        $(#[$doc])*
        pub type $optimizer = $crate::PerParameter<$settings>;

        $crate::settings::settings! {
            #[doc = concat!("The settings of [`", stringify!($optimizer), "`].")]
            pub $settings for $name {
                $(#[$about_lr])* lr: f64 = $default_lr, NOT_NEGATIVE;
                $($(#[$about])* $field: $type = $default $(, $range)?;)*
            } $(check $check)?
        }

        impl $settings {
            taper_autograd::tensor::builder_option! { $(#[$about_lr])* lr: f64 }
            $(taper_autograd::tensor::builder_option! { $(#[$about])* $field: $type })*
        }

        impl $crate::OptimizerBuilder<$settings> {
            $(
                $(#[$about])*
                pub fn $field(self, $field: $type) -> Self {
                    self.change(|settings| settings.$field($field))
                }
            )*
        }
    };
}

/// Sets the fields `beta1` and `beta2` in one call, as PyTorch does.
macro_rules! betas {
    ($settings:ident) => {
        $crate::settings::betas! { $settings, $crate::OptimizerBuilder<$settings> }
    };
    ($($type:ty),+) => {$(
        impl $type {
            /// Sets how much of the two averages is kept.
            pub fn betas(self, beta1: f64, beta2: f64) -> Self {
                self.beta1(beta1).beta2(beta2)
            }
        }
    )*};
}

pub(crate) use {betas, optimizer, settings};

/// A kind of setting.
pub(crate) trait Number: Copy {
    const EXPECTED: &'static str;
    fn read(value: f64) -> Option<Self>;
    fn write(self) -> f64;
}

impl Number for f64 {
    const EXPECTED: &'static str = "a number";

    fn read(value: f64) -> Option<Self> {
        Some(value)
    }

    fn write(self) -> f64 {
        self
    }
}

impl Number for bool {
    const EXPECTED: &'static str = "1 or 0";

    fn read(value: f64) -> Option<Self> {
        if value == 0.0 || value == 1.0 { Some(value == 1.0) } else { None }
    }

    fn write(self) -> f64 {
        self.into()
    }
}

impl Number for u64 {
    const EXPECTED: &'static str = "a whole number, at least 0";

    fn read(value: f64) -> Option<Self> {
        if value >= 0.0 && value.fract() == 0.0 { Some(value as u64) } else { None }
    }

    fn write(self) -> f64 {
        self as f64
    }
}

pub(crate) fn number<T: Number>(optimizer: &'static str, setting: &'static str, value: f64) -> Result<T> {
    T::read(value).ok_or(Error::Setting { optimizer, setting, value, expected: T::EXPECTED })
}

pub(crate) fn unknown<S: Settings>(settings: &S, name: &str) -> Error {
    let known: Vec<&str> = settings.values().into_iter().map(|(name, _)| name).collect();
    let message = format!("there is no setting {name:?}; there are {}", known.join(", "));
    Error::Parameters { optimizer: S::NAME, message }
}

/// The values that a setting can have.
pub(crate) struct Range {
    least: f64,
    most: f64,
    expected: &'static str,
}

const fn range(least: f64, most: f64, expected: &'static str) -> Range {
    Range { least, most, expected }
}

pub(crate) const NOT_NEGATIVE: Range = range(0.0, f64::MAX, "a finite number, at least 0");
pub(crate) const POSITIVE: Range = range(f64::MIN_POSITIVE, f64::MAX, "a finite number above 0");
pub(crate) const FRACTION: Range = range(0.0, 1.0, "a number from 0 to 1");
pub(crate) const BELOW_1: Range = range(0.0, 1.0 - f64::EPSILON / 2.0, "a number from 0 to below 1");
pub(crate) const ABOVE_1: Range = range(1.0 + f64::EPSILON, f64::MAX, "a finite number above 1");
pub(crate) const FINITE: Range = range(f64::MIN, f64::MAX, "a finite number");

impl Range {
    pub(crate) fn check(&self, optimizer: &'static str, setting: &'static str, value: f64) -> Result<f64> {
        if (self.least..=self.most).contains(&value) {
            return Ok(value);
        }
        Err(Error::Setting { optimizer, setting, value, expected: self.expected })
    }
}

//! The tape, its engine, and every gradient rule.

mod engine; // order, accumulation, freeing, errors
mod rules; // each rule against numerical derivatives

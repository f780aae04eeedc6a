//! Variables: values, attributes, scopes, the environment. bash manual "Shell Parameters", "Arrays", "Shell Functions".
//!
//! [`Variables`] is the plain store: it knows scopes, attributes and namerefs, and evaluates nothing. Assignments with
//! bash's whole semantics (arithmetic for `-i`, subscripts, special variables) are in [`assign`].

pub mod assign;
mod assoc;
mod attributes;
mod environment;
mod error;
mod indexed;
mod name;
mod nameref;
mod print;
mod random;
mod scope;
pub mod special;
mod store;
mod table;
mod value;

pub use assoc::AssocArray;
pub use attributes::Attributes;
pub use error::VariableError;
pub use indexed::IndexedArray;
pub use nameref::Target;
pub use print::{print_declaration, print_listed, print_named, print_quoted_value, print_value};
pub use random::Random;
pub use scope::ScopeKind;
pub use special::{Special, SpecialSource};
pub use store::{Variable, Variables, is_name};
pub use value::{Scalar, Value, plain_decimal};

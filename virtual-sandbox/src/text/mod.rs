//! Text as the utilities and the shell see it: bytes, with UTF-8 characters as a view.

pub mod chars;
pub mod echo;
pub mod extended;
pub mod file_name;
pub mod fnmatch;
pub mod human_size;
pub mod locale;
pub mod mode;
pub mod printf;
pub mod quoting;
pub mod ranges;
pub mod regex;
pub mod time;
pub mod version_order;

//! What text is made of: regular expressions, escapes, numbers, quoting.  Pure functions over bytes.

pub mod regex;

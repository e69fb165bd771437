//! What is said when a value is wrong: the name, what is wrong with the value, and an example.

use std::fmt;

use super::names;

/// One value that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The variable, or the file.
    pub name: String,
    /// Goes on after the name: "is `abc`, which is no port number". Never shows a secret.
    pub text: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` {}", self.name, self.text)?;
        match names::find(&self.name) {
            Some(variable) => write!(f, "; for example `{}={}`.", variable.name, variable.example),
            None if self.text.ends_with('?') => Ok(()),
            None => f.write_str("."),
        }
    }
}

/// Every value that cannot be used, one line each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problems(pub Vec<Problem>);

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            problem.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

//! The table at the end.

use std::fmt;
use std::time::Duration;

/// Rows of figure, what, value, goal.
#[derive(Debug, Default)]
pub struct Table {
    rows: Vec<[String; 4]>,
}

impl Table {
    pub fn text(&mut self, figure: &str, what: &str, value: String, goal: &str) {
        eprintln!("{figure:<4} {what}: {value} {goal}");
        self.rows.push([figure.to_owned(), what.to_owned(), value, goal.to_owned()]);
    }

    /// Median and spread of times.
    pub fn times(&mut self, figure: &str, what: &str, times: &[Duration], goal: &str) {
        let (low, high) = (percentile(times, 5), percentile(times, 95));
        self.text(figure, what, format!("{:.2} ms ({low:.2} … {high:.2})", median(times)), goal);
    }

    /// Median and spread of ratios.
    pub fn ratios(&mut self, figure: &str, what: &str, ratios: &[f64], goal: &str) {
        let mut sorted = ratios.to_vec();
        sorted.sort_by(f64::total_cmp);
        let (low, high) = (sorted[0], sorted[sorted.len() - 1]);
        self.text(figure, what, format!("{:.2} × ({low:.2} … {high:.2})", sorted[sorted.len() / 2]), goal);
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| | figure | value | to reach |\n| --- | --- | --- | --- |")?;
        for [figure, what, value, goal] in &self.rows {
            writeln!(f, "| {figure} | {what} | {value} | {goal} |")?;
        }
        Ok(())
    }
}

/// In milliseconds.
pub fn median(times: &[Duration]) -> f64 {
    percentile(times, 50)
}

/// In milliseconds.
pub fn percentile(times: &[Duration], percent: usize) -> f64 {
    let mut sorted = times.to_vec();
    sorted.sort();
    let index = (sorted.len() * percent / 100).min(sorted.len() - 1);
    sorted[index].as_secs_f64() * 1000.0
}

//! What was consumed, as differences.

use adjutant_core::assistant::Usage;

use super::protocol::TurnResult;

/// Turns the program's cumulative cost into differences. What is unknown stays unknown.
#[derive(Debug, Default)]
pub struct Meter {
    /// The session's cost at the last result.
    cost: Option<f64>,
}

impl Meter {
    /// What was consumed since the last result.
    ///
    /// The program gives the difference itself since 2.1.3xx. Before, the cost is the difference of two totals, and of
    /// the first result after a start it is unknown, because the total goes on across resumes.
    pub fn read(&mut self, result: &TurnResult) -> Usage {
        let before = match result.total_cost_usd {
            Some(total) => self.cost.replace(total),
            None => self.cost,
        };
        let Some(models) = &result.model_usage_since_last_result else {
            let usage = result.usage.as_ref();
            return Usage {
                input_tokens: usage.and_then(|usage| {
                    let cached =
                        usage.cache_creation_input_tokens.unwrap_or(0) + usage.cache_read_input_tokens.unwrap_or(0);
                    usage.input_tokens.map(|input| input + cached)
                }),
                output_tokens: usage.and_then(|usage| usage.output_tokens),
                cost_usd: before.zip(self.cost).map(|(before, now)| (now - before).max(0.0)),
            }
            .or_nothing();
        };
        if models.is_empty() {
            return Usage::default();
        }
        let mut usage = Usage { input_tokens: Some(0), output_tokens: Some(0), cost_usd: Some(0.0) };
        for model in models.values() {
            let input = model.input_tokens + model.cache_read_input_tokens + model.cache_creation_input_tokens;
            usage.input_tokens = usage.input_tokens.map(|sum| sum + input);
            usage.output_tokens = usage.output_tokens.map(|sum| sum + model.output_tokens);
            // For a model it does not know the program invents a price.
            let known = model.cost_basis.as_deref() != Some("unknown");
            usage.cost_usd = usage.cost_usd.filter(|_| known).map(|sum| sum + model.cost_usd);
        }
        usage
    }
}

trait OrNothing {
    fn or_nothing(self) -> Self;
}

impl OrNothing for Usage {
    /// A result of a turn that never reached the provider counts zero tokens: that is nothing to report.
    fn or_nothing(self) -> Self {
        if self.input_tokens.unwrap_or(0) == 0 && self.output_tokens.unwrap_or(0) == 0 { Self::default() } else { self }
    }
}

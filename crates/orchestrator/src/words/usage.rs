//! `/usage`: what turns consumed. What nobody knows is said to be unknown, never zero.

use adjutant_store::record::UsageSum;

use super::code;
use super::session::turns;

/// Today everywhere, this conversation, and its codebase by name.
#[must_use]
pub fn usage(today: &UsageSum, here: &UsageSum, codebase: Option<&(String, UsageSum)>) -> String {
    let mut lines = vec![format!("Today: {}", summed(today)), format!("This conversation: {}", summed(here))];
    lines.extend(codebase.map(|(name, sum)| format!("{}: {}", code(name, 60), summed(sum))));
    lines.join("\n")
}

fn summed(sum: &UsageSum) -> String {
    if sum.turns == 0 {
        return "nothing".to_owned();
    }
    let count = turns(u32::try_from(sum.turns).unwrap_or(u32::MAX));
    [count, tokens(sum), cost(sum)].join(", ")
}

fn tokens(sum: &UsageSum) -> String {
    let known = thousands(sum.input_tokens + sum.output_tokens);
    match sum.unknown_tokens {
        0 => format!("{known} tokens"),
        unknown if unknown == sum.turns => "tokens unknown".to_owned(),
        unknown => format!("{known} tokens and {unknown} of unknown length", unknown = unknown_turns(unknown)),
    }
}

/// Money, as far as it is known.
#[must_use]
pub fn cost(sum: &UsageSum) -> String {
    match sum.unknown_cost {
        0 => format!("${:.2}", sum.cost_usd),
        unknown if unknown == sum.turns => "cost unknown".to_owned(),
        unknown => format!("${:.2} and {} of unknown cost", sum.cost_usd, unknown_turns(unknown)),
    }
}

fn unknown_turns(n: i64) -> String {
    turns(u32::try_from(n).unwrap_or(u32::MAX))
}

/// `12,345`.
fn thousands(n: i64) -> String {
    let digits = n.max(0).to_string();
    let mut out = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_knows_is_never_zero() {
        let known =
            UsageSum { turns: 2, input_tokens: 12_000, output_tokens: 345, cost_usd: 0.3, ..UsageSum::default() };
        let half = UsageSum { unknown_cost: 1, unknown_tokens: 1, ..known };
        let unknown = UsageSum { turns: 1, unknown_cost: 1, unknown_tokens: 1, ..UsageSum::default() };
        let said = usage(&known, &half, Some(&("shop".to_owned(), unknown)));
        assert_eq!(
            said,
            "Today: 2 turns, 12,345 tokens, $0.30\n\
             This conversation: 2 turns, 12,345 tokens and 1 turn of unknown length, $0.30 and 1 turn of unknown cost\n\
             `shop`: 1 turn, tokens unknown, cost unknown"
        );
        let nothing = UsageSum::default();
        assert_eq!(usage(&nothing, &nothing, None), "Today: nothing\nThis conversation: nothing");
        assert_eq!(
            [thousands(0), thousands(999), thousands(1_000), thousands(1_234_567)],
            ["0", "999", "1,000", "1,234,567"]
        );
    }
}

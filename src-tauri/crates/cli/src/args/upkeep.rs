//! Arguments of long work on one repository.

use std::time::Duration;

use clap::Args as ClapArgs;

use super::RepoArgs;

/// Which repository, its name first.
#[derive(Debug, ClapArgs)]
pub(crate) struct NamedRepo {
    /// Name of a repository known here.
    #[arg(conflicts_with = "repo")]
    name: Option<String>,
    #[command(flatten)]
    repo: RepoArgs,
}

impl NamedRepo {
    /// Returns the same in the form of other commands.
    pub(crate) fn into_repo(self) -> RepoArgs {
        RepoArgs { repo: self.name.or(self.repo.repo), ..self.repo }
    }
}

pub(super) fn percent(text: &str) -> Result<u8, String> {
    let number = text.trim_end_matches('%').trim().parse().ok();
    number.filter(|n| (1..=100).contains(n)).ok_or_else(|| "1% to 100%".to_owned())
}

pub(super) fn age(text: &str) -> Result<Duration, String> {
    let unit = |end: char| match end {
        'd' => Some(24),
        'h' => Some(1),
        'w' => Some(7 * 24),
        _ => None,
    };
    let hours = text.chars().next_back().and_then(unit);
    let number = text.get(..text.len().saturating_sub(1)).and_then(|n| n.parse::<u64>().ok());
    let product = hours.zip(number).and_then(|(hours, number)| number.checked_mul(hours));
    let hours = product.filter(|hours| *hours <= 1_000_000);
    hours.map(Duration::from_hours).ok_or_else(|| "a number of h, d or w, such as 30d".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn budgets_and_ages_are_read_as_people_write_them() {
        assert_eq!((percent("5%"), percent("100")), (Ok(5), Ok(100)));
        assert!(["0", "101%", "x", "%", ""].iter().all(|text| percent(text).is_err()));
        assert_eq!(age("30d"), Ok(Duration::from_hours(720)));
        assert_eq!(age("2w"), age("14d"));
        assert!(["30", "d", "-1d", "1y", "99999999999d", "é"].iter().all(|t| age(t).is_err()));
    }
}

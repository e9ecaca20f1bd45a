use clap::Args as ClapArgs;

/// How much reading VMs may take of network, hosts and datastores. Without any of these, what holds is shown.
#[derive(Debug, ClapArgs)]
pub(crate) struct LoadArgs {
    /// Mebibytes a second, for all runs together.
    #[arg(long, value_name = "MIB")]
    pub(crate) limit: Option<u32>,
    /// No limit.
    #[arg(long, conflicts_with = "limit")]
    pub(crate) no_limit: bool,
    /// Hours of the day in which it holds, such as `8-18`; `22-6` runs over midnight.
    #[arg(long, value_name = "FROM-TO", value_parser = hours)]
    pub(crate) hours: Option<(u8, u8)>,
    /// Disks read at once from one host, by all runs together.
    #[arg(long, value_name = "N")]
    pub(crate) per_host: Option<u8>,
    /// Disks read at once from one datastore.
    #[arg(long, value_name = "N")]
    pub(crate) per_datastore: Option<u8>,
    /// It holds all day.
    #[arg(long, conflicts_with = "hours")]
    pub(crate) all_day: bool,
}

fn hours(text: &str) -> Result<(u8, u8), String> {
    let hour = |text: &str| text.parse::<u8>().ok().filter(|hour| *hour < 24);
    let both = text.split_once('-').and_then(|(from, to)| Some((hour(from)?, hour(to)?)));
    both.ok_or_else(|| "hours look like 8-18, each from 0 to 23".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_are_two_hours_of_a_day() {
        assert_eq!(hours("8-18"), Ok((8, 18)));
        assert_eq!(hours("22-6"), Ok((22, 6)));
        for wrong in ["", "8", "8-24", "-1-3", "a-b", "8-18-20"] {
            assert!(hours(wrong).is_err(), "{wrong}");
        }
    }
}

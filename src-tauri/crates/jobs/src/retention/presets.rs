use super::Spans;

/// Rules that fit most shops, so that nobody has to begin with an empty table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preset {
    /// 10 days, 8 weeks, 24 months.
    Article,
    /// 14 days, 8 weeks, 12 months. What is proposed at first.
    Small,
    /// 30 days, 12 weeks, 24 months, 7 years.
    Legal,
    /// The 5 newest.
    Lab,
}

impl Preset {
    /// All of them, what is proposed at first before the others.
    pub const ALL: [Self; 4] = [Self::Small, Self::Article, Self::Legal, Self::Lab];

    /// Returns what it keeps.
    pub fn spans(self) -> Spans {
        let (last, daily, weekly, monthly, yearly) = match self {
            Self::Article => (0, 10, 8, 24, 0),
            Self::Small => (0, 14, 8, 12, 0),
            Self::Legal => (0, 30, 12, 24, 7),
            Self::Lab => (5, 0, 0, 0, 0),
        };
        Spans { last, daily, weekly, monthly, yearly }
    }
}

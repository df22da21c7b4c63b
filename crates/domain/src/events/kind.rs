//! The kinds of conversion events.

/// What kind of event. Six words have a meaning of their own, any other is the shop's and pays like a purchase.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum EventKind {
    /// A first or one-off sale.
    Purchase,
    /// A later payment of a subscription.
    Renewal,
    /// A registration.
    Signup,
    /// A lead.
    Lead,
    /// A trial began.
    TrialStarted,
    /// A sale is taken back, in part or all of it.
    Refund,
    /// The shop's own word: 1 to 40 of `[a-z0-9_.]`.
    Custom(String),
}

/// Within which an external id is unique: all paying kinds share one, each other kind has its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EventSpace {
    /// `purchase`, `renewal`, custom words.
    Paying,
    /// `signup`
    Signup,
    /// `lead`
    Lead,
    /// `trial_started`
    TrialStarted,
    /// `refund`
    Refund,
}

impl EventSpace {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Paying, Self::Signup, Self::Lead, Self::TrialStarted, Self::Refund];
}

impl EventKind {
    /// The kinds that do not pay; every other word does.
    pub const UNPAID: [Self; 4] = [Self::Refund, Self::Signup, Self::Lead, Self::TrialStarted];

    /// Reads the word; the error says what was expected.
    pub fn parse(text: &str) -> Result<Self, String> {
        let own_word = (1..=40).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'.');
        match text {
            "purchase" => Ok(Self::Purchase),
            "renewal" => Ok(Self::Renewal),
            "signup" => Ok(Self::Signup),
            "lead" => Ok(Self::Lead),
            "trial_started" => Ok(Self::TrialStarted),
            "refund" => Ok(Self::Refund),
            _ if own_word => Ok(Self::Custom(text.to_owned())),
            _ => Err("must be purchase, renewal, refund, signup, lead, trial_started or a word of a-z, 0-9, _ and ."
                .to_owned()),
        }
    }

    /// The word.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Purchase => "purchase",
            Self::Renewal => "renewal",
            Self::Signup => "signup",
            Self::Lead => "lead",
            Self::TrialStarted => "trial_started",
            Self::Refund => "refund",
            Self::Custom(word) => word,
        }
    }

    /// Where its external id is unique.
    pub const fn space(&self) -> EventSpace {
        match self {
            Self::Purchase | Self::Renewal | Self::Custom(_) => EventSpace::Paying,
            Self::Signup => EventSpace::Signup,
            Self::Lead => EventSpace::Lead,
            Self::TrialStarted => EventSpace::TrialStarted,
            Self::Refund => EventSpace::Refund,
        }
    }

    /// Whether it needs an amount and earns a rate of it.
    pub const fn pays(&self) -> bool {
        matches!(self.space(), EventSpace::Paying)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_their_spaces() {
        for (word, pays) in [
            ("purchase", true),
            ("renewal", true),
            ("upsell.v2", true),
            ("signup", false),
            ("lead", false),
            ("refund", false),
        ] {
            let kind = EventKind::parse(word).unwrap();
            assert_eq!((kind.as_str(), kind.pays(), EventKind::UNPAID.contains(&kind)), (word, pays, !pays));
        }
        let unpaid = EventSpace::ALL.iter().filter(|space| **space != EventSpace::Paying);
        assert!(
            unpaid.eq(EventKind::UNPAID.map(|kind| kind.space()).iter().collect::<std::collections::BTreeSet<_>>())
        );
        for bad in ["", "Purchase", "a b", &"x".repeat(41)] {
            assert!(EventKind::parse(bad).is_err(), "{bad}");
        }
    }
}

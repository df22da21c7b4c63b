//! How a merchant runs its program.

use crate::values::{Currency, Decimal, FieldError, Money, Rate, Refusal, Slug, string_enum::string_enum};
use std::time::Duration;
use url::Url;

/// Which click of a session is credited (docs/rules/attribution.md).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttributionModel {
    /// The latest click of an eligible affiliate.
    LastClick,
    /// The earliest one.
    FirstClick,
    /// All of them: every affiliate of the session's clicks has an equal part.
    Linear,
}
string_enum!(AttributionModel { LastClick = "last_click", FirstClick = "first_click", Linear = "linear" });

/// Which renewals of a bound customer earn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recurring {
    /// None.
    FirstOrderOnly,
    /// All of them.
    AllRenewals,
    /// The first [`Settings::recurring_max_renewals`].
    FirstNRenewals,
}
string_enum!(Recurring {
    FirstOrderOnly = "first_order_only",
    AllRenewals = "all_renewals",
    FirstNRenewals = "first_n_renewals",
});

/// What happens when the buyer is the affiliate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SelfReferral {
    /// No commission is paid.
    Block,
    /// The commission waits for a person.
    Review,
    /// Paid like any other.
    Allow,
}
string_enum!(SelfReferral { Block = "block", Review = "review", Allow = "allow" });

/// An absolute `http` or `https` address of at most 2,000 characters, without user name or password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebUrl(Url);

impl WebUrl {
    /// The longest address that pairs are added to: what all browsers and servers take.
    const MOST_HANDED_ON: usize = 4_000;

    /// Reads it as browsers do (WHATWG URL); the error says what was expected.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = || "must be an http or https address of at most 2000 characters".to_owned();
        if text.len() > 2_000 {
            return Err(wrong());
        }
        let url = Url::parse(text).map_err(|_| wrong())?;
        let sound = matches!(url.scheme(), "http" | "https")
            && url.has_host()
            && url.username().is_empty()
            && url.password().is_none()
            // It is stored in its encoded form, which is longer.
            && url.as_str().len() <= 2_000;
        if sound { Ok(Self(url)) } else { Err(wrong()) }
    }

    /// The host, lower case, without a port.
    pub fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }

    /// The address as it is sent.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The address that a link on a page of this one leads to: an address, or a path from the root.
    fn lead(&self, to: &str) -> Option<Self> {
        if to.starts_with('/') { Self::parse(self.0.join(to).ok()?.as_str()).ok() } else { Self::parse(to).ok() }
    }

    /// The address with those of the pairs in its query of whose name it has none, as far as they fit.
    #[must_use]
    pub fn with_missing<'q>(&self, pairs: impl Iterator<Item = (&'q str, &'q str)>) -> Self {
        let has = |name: &str| self.0.query_pairs().any(|(key, _)| key == name);
        let mut url = self.0.clone();
        for (name, value) in pairs.filter(|(name, _)| !has(name)) {
            if url.as_str().len() + name.len() + value.len() <= Self::MOST_HANDED_ON {
                url.query_pairs_mut().append_pair(name, value);
            }
        }
        Self(url)
    }

    /// The address with one more pair in its query; a pair of that name that stood there is dropped.
    #[must_use]
    pub fn with_query(&self, name: &str, value: &str) -> Self {
        let mut url = self.0.clone();
        let kept: Vec<(String, String)> = self
            .0
            .query_pairs()
            .filter(|(key, _)| key != name)
            .map(|(k, v)| (k.into_owned(), v.into_owned()))
            .collect();
        url.query_pairs_mut().clear().extend_pairs(kept).append_pair(name, value);
        Self(url)
    }
}

/// What a listed host begins with if it stands for all below it.
const ANY_BELOW: &str = "*.";

/// A host that redirects may lead to, compared exactly, `shop.example.com`, or any host below one, `*.example.com`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RedirectHost(String);

impl RedirectHost {
    /// Reads a bare host name; no scheme, port or path, and no wildcard but `*.` before a name of two parts or more.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = || "must be a bare host name such as shop.example.com or *.example.com".to_owned();
        let folded = text.to_ascii_lowercase();
        let below = folded.strip_prefix(ANY_BELOW);
        let name = below.unwrap_or(&folded);
        let read = WebUrl::parse(&format!("https://{name}/")).map_err(|_| wrong())?;
        let is_name = name.contains('.') && name.rsplit('.').next().is_some_and(|last| last.parse::<u8>().is_err());
        let fits = !name.contains('*') && read.host() == name && (below.is_none() || is_name);
        if fits { Ok(Self(folded)) } else { Err(wrong()) }
    }

    /// Whether a host is this one, or below it.
    fn covers(&self, host: &str) -> bool {
        match self.0.strip_prefix(ANY_BELOW) {
            Some(name) => host.strip_suffix(name).is_some_and(|front| front.len() > 1 && front.ends_with('.')),
            None => self.0 == host,
        }
    }

    /// The host.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The settings of one merchant. [`Settings::initial`] has the defaults.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// What amounts are in where none is named.
    pub currency: Currency,
    /// The rate where no other exists.
    pub commission_rate: Rate,
    /// What each parent level earns of the leaf commission; at most five.
    pub mlm_rates: Vec<Rate>,
    /// Days until a pending commission is approved by time.
    pub hold_days: u16,
    /// Days that a click counts.
    pub cookie_window_days: u16,
    /// Which click wins.
    pub attribution_model: AttributionModel,
    /// What a self-referral does.
    pub self_referral: SelfReferral,
    /// Whether approval makes a personal coupon.
    pub auto_coupon_on_approval: bool,
    /// Where referral links lead; without it they lead nowhere.
    pub landing_url: Option<WebUrl>,
    /// Hosts that a link's `to` may name.
    pub redirect_hosts: Vec<RedirectHost>,
    /// Which renewals of a bound customer earn.
    pub recurring: Recurring,
    /// How many of them, where only the first ones do.
    pub recurring_max_renewals: u16,
    /// The minimum payout: an affiliate that is owed less waits for a later one. In the settings' currency; others have
    /// no minimum.
    pub min_payout: Money,
    /// The part of a sale that all of its commissions and its cashback together may be.
    pub max_payout_rate: Rate,
}

/// What a PATCH of the settings asks for; `None` leaves a field alone.
#[derive(Debug, Clone, Default)]
#[allow(clippy::option_option, reason = "outer: asked for at all; inner: null clears the field")]
pub struct SettingsChange {
    /// The merchant's slug; unique on the server.
    pub slug: Option<Slug>,
    /// See [`Settings::currency`].
    pub currency: Option<Currency>,
    /// See [`Settings::commission_rate`].
    pub commission_rate: Option<Rate>,
    /// See [`Settings::mlm_rates`].
    pub mlm_rates: Option<Vec<Rate>>,
    /// See [`Settings::hold_days`].
    pub hold_days: Option<u16>,
    /// See [`Settings::cookie_window_days`].
    pub cookie_window_days: Option<u16>,
    /// See [`Settings::attribution_model`].
    pub attribution_model: Option<AttributionModel>,
    /// See [`Settings::self_referral`].
    pub self_referral: Option<SelfReferral>,
    /// See [`Settings::auto_coupon_on_approval`].
    pub auto_coupon_on_approval: Option<bool>,
    /// See [`Settings::landing_url`].
    pub landing_url: Option<Option<WebUrl>>,
    /// See [`Settings::redirect_hosts`].
    pub redirect_hosts: Option<Vec<RedirectHost>>,
    /// See [`Settings::recurring`].
    pub recurring: Option<Recurring>,
    /// See [`Settings::recurring_max_renewals`].
    pub recurring_max_renewals: Option<u16>,
    /// See [`Settings::min_payout`]; in whole units of the currency that the settings then have.
    pub min_payout: Option<Decimal>,
    /// See [`Settings::max_payout_rate`].
    pub max_payout_rate: Option<Rate>,
}

impl Settings {
    /// The most levels of parents that earn.
    pub const MOST_LEVELS: usize = 5;
    /// The longest hold, in days.
    pub const MOST_HOLD_DAYS: u16 = 365;
    /// The longest window, in days.
    pub const MOST_WINDOW_DAYS: u16 = 365;
    /// The most hosts on the list.
    pub const MOST_HOSTS: usize = 50;
    /// The most renewals that can be counted.
    pub const MOST_RENEWALS: u16 = 1_000;

    /// What a new merchant starts with.
    pub fn initial(currency: Currency) -> Self {
        Self {
            currency,
            commission_rate: Rate::from_millionths(200_000).unwrap_or(Rate::ZERO),
            mlm_rates: [100_000, 50_000].into_iter().filter_map(Rate::from_millionths).collect(),
            hold_days: 30,
            cookie_window_days: 90,
            attribution_model: AttributionModel::LastClick,
            self_referral: SelfReferral::Block,
            auto_coupon_on_approval: true,
            landing_url: None,
            redirect_hosts: Vec::new(),
            recurring: Recurring::FirstOrderOnly,
            recurring_max_renewals: 12,
            min_payout: Money::zero(currency),
            max_payout_rate: Rate::ONE,
        }
    }

    /// How long a pending commission is held.
    pub fn hold(&self) -> Duration {
        Duration::from_secs(u64::from(self.hold_days) * 86_400)
    }

    /// How long a click counts.
    pub fn window(&self) -> Duration {
        Duration::from_secs(u64::from(self.cookie_window_days) * 86_400)
    }

    /// Returns the target of a referral link: `to`, an address or a path, if its host is the landing address's or on the
    /// list, else the landing address, so that the redirect is never open (docs/rules/attribution.md). `None` while
    /// there is no landing address.
    pub fn target(&self, to: Option<&str>) -> Option<WebUrl> {
        let landing = self.landing_url.as_ref()?;
        let is_listed = |url: &WebUrl| {
            url.host() == landing.host() || self.redirect_hosts.iter().any(|host| host.covers(url.host()))
        };
        Some(to.and_then(|to| landing.lead(to)).filter(is_listed).unwrap_or_else(|| landing.clone()))
    }

    /// The settings after `change`. The currency stays once a commission exists, because lifetime sums are kept in it.
    pub fn changed(&self, change: SettingsChange, has_commissions: bool) -> Result<Self, Refusal> {
        let SettingsChange {
            slug: _,
            currency,
            commission_rate,
            mlm_rates,
            hold_days,
            cookie_window_days,
            attribution_model,
            self_referral,
            auto_coupon_on_approval,
            landing_url,
            redirect_hosts,
            recurring,
            recurring_max_renewals,
            min_payout,
            max_payout_rate,
        } = change;
        let currency = currency.unwrap_or(self.currency);
        let next = Self {
            currency,
            commission_rate: commission_rate.unwrap_or(self.commission_rate),
            mlm_rates: mlm_rates.unwrap_or_else(|| self.mlm_rates.clone()),
            hold_days: hold_days.unwrap_or(self.hold_days),
            cookie_window_days: cookie_window_days.unwrap_or(self.cookie_window_days),
            attribution_model: attribution_model.unwrap_or(self.attribution_model),
            self_referral: self_referral.unwrap_or(self.self_referral),
            auto_coupon_on_approval: auto_coupon_on_approval.unwrap_or(self.auto_coupon_on_approval),
            landing_url: landing_url.unwrap_or_else(|| self.landing_url.clone()),
            redirect_hosts: redirect_hosts.unwrap_or_else(|| self.redirect_hosts.clone()),
            recurring: recurring.unwrap_or(self.recurring),
            recurring_max_renewals: recurring_max_renewals.unwrap_or(self.recurring_max_renewals),
            min_payout: self.next_minimum(min_payout, currency)?,
            max_payout_rate: max_payout_rate.unwrap_or(self.max_payout_rate),
        };
        next.check()?;
        if has_commissions && next.currency != self.currency {
            return Err(Refusal::State("The currency cannot change once a commission exists.".to_owned()));
        }
        Ok(next)
    }

    /// The minimum as asked, or as it was; a minimum in another currency means nothing and is dropped.
    fn next_minimum(&self, wish: Option<Decimal>, currency: Currency) -> Result<Money, Refusal> {
        let Some(wish) = wish else {
            let same = self.min_payout.currency() == currency;
            return Ok(if same { self.min_payout } else { Money::zero(currency) });
        };
        Money::from_decimal(wish, currency)
            .ok()
            .filter(|money| money.minor() >= 0)
            .ok_or_else(|| Refusal::invalid("min_payout", format!("must be an amount of {currency}, 0 or more")))
    }

    fn check(&self) -> Result<(), Refusal> {
        let mut faults = Vec::new();
        if self.mlm_rates.len() > Self::MOST_LEVELS {
            faults.push(FieldError::new("mlm_rates", format!("must have at most {} entries", Self::MOST_LEVELS)));
        }
        if self.hold_days > Self::MOST_HOLD_DAYS {
            faults.push(FieldError::new("hold_days", format!("must be 0 to {}", Self::MOST_HOLD_DAYS)));
        }
        if !(1..=Self::MOST_WINDOW_DAYS).contains(&self.cookie_window_days) {
            faults.push(FieldError::new("cookie_window_days", format!("must be 1 to {}", Self::MOST_WINDOW_DAYS)));
        }
        if !(1..=Self::MOST_RENEWALS).contains(&self.recurring_max_renewals) {
            faults.push(FieldError::new("recurring_max_renewals", format!("must be 1 to {}", Self::MOST_RENEWALS)));
        }
        if self.redirect_hosts.len() > Self::MOST_HOSTS {
            faults.push(FieldError::new("redirect_hosts", format!("must have at most {} entries", Self::MOST_HOSTS)));
        }
        if faults.is_empty() { Ok(()) } else { Err(Refusal::Invalid(faults)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> Settings {
        Settings {
            landing_url: Some(WebUrl::parse("https://shop.example.com/").unwrap()),
            redirect_hosts: ["blog.example.com", "*.example.org"]
                .map(|host| RedirectHost::parse(host).unwrap())
                .to_vec(),
            ..Settings::initial("USD".parse().unwrap())
        }
    }

    #[test]
    fn only_listed_hosts_are_redirected_to() {
        let settings = settings();
        let leads = |to: &str| settings.target(Some(to)).unwrap().as_str().to_owned();
        for listed in ["https://blog.example.com/post?x=1", "https://shop.example.com/p/5", "https://a.b.example.org/"]
        {
            assert_eq!(leads(listed), listed);
        }
        for (path, leads_to) in [
            ("/p/5?x=1", "https://shop.example.com/p/5?x=1"),
            ("/../p", "https://shop.example.com/p"),
            ("/", "https://shop.example.com/"),
        ] {
            assert_eq!(leads(path), leads_to);
        }
        for evil in [
            "https://evil.example",
            "https://blog.example.com.evil.example",
            "https://blog.example.com@evil.example",
            "//evil.example",
            "/\\evil.example",
            "/\t/evil.example",
            "https://example.org/",
            "https://evilexample.org/",
            "javascript:alert(1)",
            "https:/\\evil.example",
        ] {
            assert_eq!(leads(evil), "https://shop.example.com/", "{evil}");
        }
        assert!(Settings::initial("USD".parse().unwrap()).target(None).is_none());
    }

    #[test]
    fn what_a_link_says_is_handed_on_where_the_target_does_not_say_it() {
        let url = WebUrl::parse("https://shop.example.com/p?a=1#f").unwrap();
        let long = "x".repeat(4_000);
        let pairs = [("a", "2"), ("utm_source", "n"), ("gclid", "a&b"), ("long", &long), ("b", "3")];
        assert_eq!(
            url.with_missing(pairs.into_iter()).as_str(),
            "https://shop.example.com/p?a=1&utm_source=n&gclid=a%26b&b=3#f"
        );
        assert_eq!(url.with_missing(std::iter::empty()), url);
    }

    #[test]
    fn a_session_replaces_an_older_one_in_the_query() {
        let url = WebUrl::parse("https://shop.example.com/p?a=1&s=old#f").unwrap();
        assert_eq!(url.with_query("s", "new").as_str(), "https://shop.example.com/p?a=1&s=new#f");
    }

    #[test]
    fn what_is_kept_reads_back() {
        let long = WebUrl::parse(&format!("https://shop.example.com/{}", "é".repeat(329))).unwrap();
        assert_eq!((long.as_str().len(), WebUrl::parse(long.as_str())), (1_999, Ok(long)));
        assert!(WebUrl::parse(&format!("https://shop.example.com/{}", "é".repeat(330))).is_err());
    }

    #[test]
    fn limits_and_the_fixed_currency() {
        let bad = SettingsChange { cookie_window_days: Some(0), hold_days: Some(366), ..SettingsChange::default() };
        assert!(matches!(settings().changed(bad, false), Err(Refusal::Invalid(faults)) if faults.len() == 2));
        let euro = || SettingsChange { currency: "EUR".parse().ok(), ..SettingsChange::default() };
        assert!(settings().changed(euro(), false).is_ok());
        assert!(matches!(settings().changed(euro(), true), Err(Refusal::State(_))));
        for bad in ["", "a b", "https://x", "x/y", "x:80", "*.x", "*", "a.*.x", "*.*.x.y", "*.127.0.0.1", "**.x.y"] {
            assert!(RedirectHost::parse(bad).is_err(), "{bad}");
        }
    }
}

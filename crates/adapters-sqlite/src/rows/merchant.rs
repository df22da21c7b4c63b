//! `merchants`

use super::{Reading, TableRow, reading::millionths};
use crate::{error::Damaged, schema::merchants, values::Uid};
use diesel::prelude::*;
use domain::{Merchant, MerchantClock, MerchantId, Money, Rate, RedirectHost, Settings, Slug, WebUrl};
use ports::{Version, Versioned};

#[derive(Debug, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = merchants, treat_none_as_default_value = false, treat_none_as_null = true)]
pub(crate) struct MerchantRow {
    id: Uid,
    organization_id: Uid,
    mode: String,
    slug: String,
    clock_offset_micros: i64,
    currency: String,
    commission_rate: i32,
    mlm_rates: String,
    hold_days: i32,
    cookie_window_days: i32,
    attribution_model: String,
    self_referral: String,
    auto_coupon_on_approval: bool,
    landing_url: Option<String>,
    redirect_hosts: String,
    recurring: String,
    recurring_max_renewals: i32,
    min_payout_minor: i64,
    max_payout_rate: i32,
    tier_count: i32,
    rule_count: i32,
    resetting: bool,
    created_at: i64,
    updated_at: i64,
    version: i64,
}

impl MerchantRow {
    pub(super) fn key(&self) -> (Uid, Uid) {
        (self.id, self.id)
    }
}

impl TableRow for MerchantRow {
    type Entity = Merchant;

    fn of(_: MerchantId, merchant: &Merchant, version: Version) -> Self {
        let Merchant {
            id,
            organization_id,
            mode,
            slug,
            clock,
            settings,
            tier_count,
            rule_count,
            resetting,
            created_at,
            updated_at,
        } = merchant;
        let Settings {
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
        } = settings;
        let rates: Vec<String> = mlm_rates.iter().map(|rate| rate.millionths().to_string()).collect();
        let hosts: Vec<&str> = redirect_hosts.iter().map(RedirectHost::as_str).collect();
        Self {
            id: Uid::from(*id),
            organization_id: Uid::from(*organization_id),
            mode: mode.as_str().to_owned(),
            slug: slug.as_str().to_owned(),
            clock_offset_micros: clock.offset_micros(),
            currency: currency.code().to_owned(),
            commission_rate: millionths(*commission_rate),
            mlm_rates: rates.join(","),
            hold_days: i32::from(*hold_days),
            cookie_window_days: i32::from(*cookie_window_days),
            attribution_model: attribution_model.as_str().to_owned(),
            self_referral: self_referral.as_str().to_owned(),
            auto_coupon_on_approval: *auto_coupon_on_approval,
            landing_url: landing_url.as_ref().map(|url| url.as_str().to_owned()),
            redirect_hosts: hosts.join("\n"),
            recurring: recurring.as_str().to_owned(),
            recurring_max_renewals: i32::from(*recurring_max_renewals),
            min_payout_minor: min_payout.minor(),
            max_payout_rate: millionths(*max_payout_rate),
            tier_count: i32::from(*tier_count),
            rule_count: i32::from(*rule_count),
            resetting: *resetting,
            created_at: created_at.micros(),
            updated_at: updated_at.micros(),
            version: version.number(),
        }
    }

    fn read(self) -> Result<Versioned<Merchant>, Damaged> {
        let Self {
            id,
            organization_id,
            mode,
            slug,
            clock_offset_micros,
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
            min_payout_minor,
            max_payout_rate,
            tier_count,
            rule_count,
            resetting,
            created_at,
            updated_at,
            version,
        } = self;
        let reading = Reading::of("merchants", id.0);
        let hosts: Result<_, _> = redirect_hosts.lines().map(RedirectHost::parse).collect();
        let own_currency = reading.currency(&currency)?;
        let settings = Settings {
            currency: own_currency,
            commission_rate: reading.rate("commission_rate", commission_rate)?,
            mlm_rates: reading.get("mlm_rates", rates(&mlm_rates).ok_or("must be rates in millionths"))?,
            hold_days: reading.number("hold_days", hold_days)?,
            cookie_window_days: reading.number("cookie_window_days", cookie_window_days)?,
            attribution_model: reading.get("attribution_model", attribution_model.parse())?,
            self_referral: reading.get("self_referral", self_referral.parse())?,
            auto_coupon_on_approval,
            landing_url: reading.maybe("landing_url", landing_url, |url| WebUrl::parse(&url))?,
            redirect_hosts: reading.get("redirect_hosts", hosts)?,
            recurring: reading.get("recurring", recurring.parse())?,
            recurring_max_renewals: reading.number("recurring_max_renewals", recurring_max_renewals)?,
            min_payout: Money::from_minor(min_payout_minor, own_currency),
            max_payout_rate: reading.rate("max_payout_rate", max_payout_rate)?,
        };
        let row = Merchant {
            id: id.id(),
            organization_id: organization_id.id(),
            mode: reading.get("mode", mode.parse())?,
            slug: reading.get("slug", Slug::parse(&slug))?,
            clock: MerchantClock::ahead_by(clock_offset_micros),
            settings,
            tier_count: reading.number("tier_count", tier_count)?,
            rule_count: reading.number("rule_count", rule_count)?,
            resetting,
            created_at: reading.time("created_at", created_at)?,
            updated_at: reading.time("updated_at", updated_at)?,
        };
        Ok(Versioned { row, version: Version::stored(version) })
    }
}

/// Reads `100000,50000`.
fn rates(text: &str) -> Option<Vec<Rate>> {
    let words = text.split(',').filter(|word| !word.is_empty());
    words.map(|word| word.parse().ok().and_then(Rate::from_millionths)).collect()
}

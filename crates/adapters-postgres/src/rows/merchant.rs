//! Merchants with their settings.

use super::{
    Image, Mapped, Readable, parsed, rows, time,
    values::{instant, millionths, money, optional, present, rate},
};
use diesel::data_types::PgTimestamp;
use domain::{
    AttributionModel, Currency, Merchant, MerchantClock, MerchantId, Mode, OrganizationId, Rate, Recurring,
    RedirectHost, SelfReferral, Settings, Slug, WebUrl,
};
use ports::{Version, Versioned};
use uuid::Uuid;

rows! {
    /// A merchant.
    MerchantRow of "merchants" by (id) {
        id: Uuid,
        organization_id: Uuid,
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
        created_at: PgTimestamp,
        updated_at: PgTimestamp,
        version: i64,
    }
}

impl Image for MerchantRow {
    type Of = Merchant;

    fn image(_: MerchantId, merchant: &Merchant, version: Version) -> Self {
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
            id: id.uuid(),
            organization_id: organization_id.uuid(),
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
            created_at: time(*created_at),
            updated_at: time(*updated_at),
            version: version.number(),
        }
    }
}

impl Readable for MerchantRow {
    fn versioned(self) -> Mapped<Versioned<Merchant>> {
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
        let settings = Settings {
            currency: parsed(currency.parse::<Currency>())?,
            commission_rate: rate(commission_rate)?,
            mlm_rates: levels(&mlm_rates)?,
            hold_days: parsed(u16::try_from(hold_days))?,
            cookie_window_days: parsed(u16::try_from(cookie_window_days))?,
            attribution_model: parsed(attribution_model.parse::<AttributionModel>())?,
            self_referral: parsed(self_referral.parse::<SelfReferral>())?,
            auto_coupon_on_approval,
            landing_url: optional(landing_url, WebUrl::parse)?,
            redirect_hosts: redirect_hosts
                .lines()
                .map(|host| parsed(RedirectHost::parse(host)))
                .collect::<Mapped<_>>()?,
            recurring: parsed(recurring.parse::<Recurring>())?,
            recurring_max_renewals: parsed(u16::try_from(recurring_max_renewals))?,
            min_payout: money(min_payout_minor, &currency)?,
            max_payout_rate: rate(max_payout_rate)?,
        };
        let row = Merchant {
            id: MerchantId::from_uuid(id),
            organization_id: OrganizationId::from_uuid(organization_id),
            mode: parsed(mode.parse::<Mode>())?,
            slug: parsed(Slug::parse(&slug))?,
            clock: MerchantClock::ahead_by(clock_offset_micros),
            settings,
            tier_count: parsed(u16::try_from(tier_count))?,
            rule_count: parsed(u16::try_from(rule_count))?,
            resetting,
            created_at: instant(created_at)?,
            updated_at: instant(updated_at)?,
        };
        Ok(Versioned { row, version: Version::stored(version) })
    }
}

/// The rates of the parent levels, from `100000,50000`.
fn levels(text: &str) -> Mapped<Vec<Rate>> {
    let words = text.split(',').filter(|word| !word.is_empty());
    words.map(|word| present(word.parse().ok().and_then(Rate::from_millionths))).collect()
}

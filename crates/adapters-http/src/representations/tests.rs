//! The objects' exact bytes.

use super::*;
use domain::{
    Affiliate, AffiliateId, AnnouncementId, CommissionId, CouponCode, Decision, Email, Event, EventId, EventKind,
    ExternalId, MerchantId, Metadata, Mode, Money, OrderReference, Rate, RateSource, Slug, Timestamp,
};
use ports::{AffiliateRecord, EventRecord, Topic};
use uuid::Uuid;

fn usd(minor: i64) -> Money {
    Money::from_minor(minor, "USD".parse().unwrap())
}

fn text(resource: Resource<'_>) -> String {
    String::from_utf8(JsonRenderer.object(resource)).unwrap()
}

fn affiliate() -> AffiliateRecord {
    let affiliate = Affiliate {
        id: AffiliateId::from_uuid(Uuid::from_u128(1)),
        slug: Slug::parse("alice").unwrap(),
        email: Email::parse("alice@example.com").unwrap(),
        display_name: None,
        status: domain::AffiliateStatus::Approved,
        tier_id: None,
        parent_id: Some(AffiliateId::from_uuid(Uuid::from_u128(2))),
        custom_rate: Rate::from_millionths(125_000),
        metadata: Metadata::stored(r#"{"b":1.50,"a":2}"#.to_owned()),
        created_at: Timestamp::from_micros(1_234).unwrap(),
        updated_at: Timestamp::from_micros(1_000_000).unwrap(),
    };
    let kwd = Money::from_minor(5, "KWD".parse().unwrap());
    AffiliateRecord {
        affiliate,
        coupons: vec![CouponCode::parse("ALICE-2345").unwrap()],
        paid: vec![kwd, usd(24_050)],
        currency: "USD".parse().unwrap(),
    }
}

#[test]
fn affiliates() {
    assert_eq!(
        text(Resource::Affiliate(&affiliate())),
        concat!(
            r#"{"id":"aff_00000000000000000000000001","slug":"alice","email":"alice@example.com","display_name":null,"#,
            r#""status":"approved","tier_id":null,"parent_affiliate_id":"aff_00000000000000000000000002","#,
            r#""custom_commission_rate":0.125,"coupon_codes":["ALICE-2345"],"lifetime_commissions_paid":240.50,"#,
            r#""lifetime_commissions_paid_by_currency":{"KWD":0.005,"USD":240.50},"metadata":{"b":1.50,"a":2},"#,
            r#""created_at":"1970-01-01T00:00:00.001Z","updated_at":"1970-01-01T00:00:01.000Z"}"#
        )
    );
    let unpaid = AffiliateRecord { paid: vec![], currency: "JPY".parse().unwrap(), ..affiliate() };
    assert!(text(Resource::Affiliate(&unpaid)).contains(r#""lifetime_commissions_paid":0,"#));
}

#[test]
fn events_and_commissions() {
    let event = Event {
        id: EventId::from_uuid(Uuid::from_u128(3)),
        kind: EventKind::Purchase,
        external_id: ExternalId::parse("1001").unwrap(),
        order_id: OrderReference::parse("1001").unwrap(),
        amount: Some(usd(9_900)),
        items: domain::Items::default(),
        payout_cap: Some(usd(9_900)),
        refunded_minor: 0,
        refunds: None,
        session: None,
        coupon: None,
        affiliate_id: None,
        customer_email: Email::parse("secret@example.com").ok(),
        customer_external_id: None,
        occurred_at: None,
        metadata: Metadata::default(),
        decision: Decision::default(),
        fingerprint: [0; 32],
        created_at: Timestamp::MIN,
    };
    let commission = domain::Commission {
        id: CommissionId::from_uuid(Uuid::from_u128(4)),
        event_id: event.id,
        order_id: event.order_id.clone(),
        affiliate_id: AffiliateId::from_uuid(Uuid::from_u128(1)),
        level: 0,
        leaf_id: None,
        reverses: None,
        refund_id: None,
        basis: usd(9_900),
        reward: domain::Reward::Rate(Rate::from_millionths(200_000).unwrap()),
        rate_source: RateSource::Merchant,
        rule_id: None,
        amount: usd(1_980),
        made_as: domain::CommissionStatus::Pending,
        status: domain::CommissionStatus::Pending,
        payout_id: None,
        reason: None,
        matures_at: Timestamp::MIN,
        created_at: Timestamp::MIN,
        updated_at: Timestamp::MIN,
    };
    let resource = text(Resource::Commission(&commission));
    assert!(
        resource.contains(
            r#""basis_amount":99.00,"rate":0.20,"flat_amount":null,"rate_source":"merchant","rule_id":null,"amount":19.80"#
        ),
        "{resource}"
    );
    let resource = text(Resource::Event(&EventRecord { event, commissions: vec![commission] }));
    assert!(
        resource.contains(
            r#""amount":99.00,"currency":"USD","items":[],"refunded_amount":0.00,"refunds":null,"attributed":false"#
        ),
        "{resource}"
    );
    assert!(
        resource.contains(r#""level":0,"rate":0.20,"amount":19.80,"currency":"USD","status":"pending"}]"#),
        "{resource}"
    );
    assert!(!resource.contains("secret"));
}

#[test]
fn announcements_carry_the_bytes_of_the_object() {
    let data = JsonRenderer.object(Resource::Affiliate(&affiliate()));
    let envelope = Envelope {
        id: AnnouncementId::from_uuid(Uuid::from_u128(5)),
        topic: Topic::AffiliateCreated,
        created_at: Timestamp::MIN,
        merchant: MerchantId::from_uuid(Uuid::from_u128(6)),
        mode: Mode::Test,
    };
    let body = String::from_utf8(JsonRenderer.announcement(envelope, &data)).unwrap();
    let head = r#"{"id":"ann_00000000000000000000000005","type":"affiliate.created","created_at":"1970-01-01T00:00:00.000Z","merchant_id":"mer_00000000000000000000000006","livemode":false,"data":"#;
    assert_eq!(body, format!("{head}{}}}", String::from_utf8(data).unwrap()));
}

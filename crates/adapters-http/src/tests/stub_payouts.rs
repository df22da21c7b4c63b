//! Payouts of the stub: one that is processing, with one item.

use super::stub::*;
use async_trait::async_trait;
use domain::*;
use ports::*;
use uuid::Uuid;

type Read<T> = Result<T, ReadError>;

fn payout() -> Payout {
    let begun =
        Payout::begin(Id::from_uuid(Uuid::from_u128(KNOWN)), "USD".parse().unwrap(), Timestamp::MIN, Timestamp::MIN);
    begun.sealed([&item()], Timestamp::MIN).unwrap().sent(Timestamp::MIN).unwrap()
}

fn item() -> PayoutItem {
    let id = Uuid::from_u128(KNOWN);
    let usd = "USD".parse().unwrap();
    let payout = Payout::begin(Id::from_uuid(id), usd, Timestamp::MIN, Timestamp::MIN);
    let item = PayoutItem::begin(Id::from_uuid(id), &payout, Id::from_uuid(id), Timestamp::MIN);
    PayoutItem { amount: Money::from_minor(100, usd), commissions_count: 1, ..item }
}

#[async_trait]
impl PayoutReads for Stub {
    async fn payout(&self, _: MerchantId, id: PayoutId) -> Read<Option<Payout>> {
        Ok(known(id, payout()))
    }
    async fn payouts(&self, _: MerchantId, _: &PayoutFilter, request: &PageRequest) -> Read<Page<Payout>> {
        Ok(page(payout(), request))
    }
    async fn payout_items(
        &self,
        _: MerchantId,
        _: PayoutId,
        _: &PayoutItemFilter,
        request: &PageRequest,
    ) -> Read<Page<PayoutItem>> {
        Ok(page(item(), request))
    }
    async fn payout_lines(&self, _: MerchantId, _: PayoutId, _: Option<AffiliateId>, _: u32) -> Read<Vec<PayoutLine>> {
        Ok(vec![PayoutLine { item: item(), email: affiliate().email, display_name: None }])
    }
    async fn payout_facts(
        &self,
        _: MerchantId,
        id: PayoutId,
        _: &[PayoutItemId],
        _: &[AffiliateId],
    ) -> Read<Option<PayoutFacts>> {
        let facts = PayoutFacts { merchant: versioned(merchant()), payout: versioned(payout()), items: vec![item()] };
        Ok(known(id, facts))
    }
    async fn known_affiliates(&self, _: MerchantId, ids: &[AffiliateId]) -> Read<Vec<AffiliateId>> {
        Ok(ids.iter().copied().filter(|id| known(*id, ()).is_some()).collect())
    }
    async fn payout_due(&self, _: MerchantId, _: &DueRequest) -> Read<Option<DueFacts>> {
        Ok(Some(DueFacts { merchant: versioned(merchant()), accounts: Vec::new(), more: false }))
    }
    async fn payout_frozen(&self, _: MerchantId, request: &FrozenRequest) -> Read<Option<FrozenFacts>> {
        let (merchant, payout) = (versioned(merchant()), versioned(payout()));
        Ok(known(request.payout, FrozenFacts { merchant, payout, items: Vec::new(), more: false }))
    }
    async fn unsealed_payouts(&self, _: Timestamp, _: u32) -> Read<Vec<(MerchantId, PayoutId)>> {
        Ok(Vec::new())
    }
}

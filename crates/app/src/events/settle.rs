//! What is looked up before an event's facts, for the few that need it: names that were sent otherwise than they are read,
//! and several coupons.

use super::{Events, RecordEventCommand};
use crate::{AppError, Principal};
use domain::{CouponCode, ExternalId};
use ports::{EventFound, EventLookup};

/// The most names that are looked up at once.
const MOST_AT_ONCE: usize = 500;

/// Something to look up, and the place of its command.
enum Question {
    /// Whether an event was kept under this name before names were trimmed.
    Name(usize, ExternalId),
    /// Whom a coupon belongs to.
    Coupon(usize, CouponCode),
}

impl Events {
    /// Settles under which name each command goes and which of its coupons counts. Asks nothing where that is clear.
    pub(super) async fn settle(
        &self,
        who: &Principal,
        commands: &mut [&mut RecordEventCommand],
    ) -> Result<(), AppError> {
        let questions: Vec<Question> =
            commands.iter_mut().enumerate().flat_map(|(place, command)| questions(place, command)).collect();
        for questions in questions.chunks(MOST_AT_ONCE) {
            let lookups = questions.iter().filter_map(|question| self.asked(commands, question)).collect();
            let Some(facts) = self.reads.event_facts(who.merchant_id, lookups).await? else { return Ok(()) };
            for (question, found) in questions.iter().zip(&facts.found) {
                answer(commands, question, found);
            }
        }
        Ok(())
    }

    /// A lookup of that alone.
    fn asked(&self, commands: &[&mut RecordEventCommand], question: &Question) -> Option<EventLookup> {
        let of = |place: usize| -> Option<EventLookup> {
            let lookup = self.lookup(commands.get(place)?);
            Some(EventLookup { session: None, coupon: None, affiliate_id: None, customer: Vec::new(), ..lookup })
        };
        Some(match question {
            Question::Name(place, name) => EventLookup { external_id: name.clone(), ..of(*place)? },
            Question::Coupon(place, code) => EventLookup { coupon: Some(code.clone()), ..of(*place)? },
        })
    }
}

fn questions(place: usize, command: &mut RecordEventCommand) -> Vec<Question> {
    let name = command.as_sent.external_id.take().map(|name| Question::Name(place, name));
    let more = std::mem::take(&mut command.more_coupons);
    let first = command.coupon.clone().filter(|_| !more.is_empty());
    // Backwards, so that the first one that leads to an affiliate is the last to be written.
    let coupons = more.into_iter().rev().chain(first).map(|code| Question::Coupon(place, code));
    name.into_iter().chain(coupons).collect()
}

fn answer(commands: &mut [&mut RecordEventCommand], question: &Question, found: &EventFound) {
    match question {
        Question::Name(place, name) if found.earlier.is_some() => {
            if let Some(command) = commands.get_mut(*place) {
                command.external_id = name.clone();
            }
        }
        Question::Coupon(place, code) if found.coupon_owner.is_some() => {
            if let Some(command) = commands.get_mut(*place) {
                command.coupon = Some(code.clone());
            }
        }
        Question::Name(..) | Question::Coupon(..) => {}
    }
}

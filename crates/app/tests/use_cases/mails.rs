//! Reminders by e-mail: through a mail server in a thread, and through one that is told what to answer.

use crate::{groups::order_of, stage::TestApp};
use adapters_smtp::{Security, Sender, SmtpMailer, SmtpOptions};
use app::{App, OrderRepresentation, Principal, Turn, Worker};
use async_trait::async_trait;
use domain::{EmailMessage, MailId, MailStatus, OutgoingEmail};
use ports::{Due, ListRequest, MailError, Mailer, MockMailer};
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};
use testkit::{MailServer, MailServerOptions, Mood};
use tokio::sync::Notify;

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(86_400);

fn smtp(server: &MailServer) -> Arc<dyn Mailer> {
    let options = SmtpOptions {
        host: "127.0.0.1".to_owned(),
        port: server.port(),
        security: Security::None,
        login: None,
        from: Sender::parse("Shop <shop@example.com>").unwrap(),
        timeout: Duration::from_secs(20),
        authorities: None,
    };
    Arc::new(SmtpMailer::new(options).unwrap())
}

/// A stage whose use cases send e-mails.
async fn with(mailer: Arc<dyn Mailer>) -> TestApp {
    let mut stage = TestApp::new().await;
    stage.app = stage.another_node().with_mailer(mailer);
    stage
}

impl TestApp {
    /// A lone group of this merchant, and the time of its first reminder: three days of a long one.
    async fn lone_group(&self, who: &Principal, name: &str) {
        self.app.orders.place(who, order_of(name), OrderRepresentation::Order, None).await.unwrap();
    }

    async fn remind(&self) {
        self.clock.advance(3 * DAY);
        self.app.work(Worker::CloseGroups).await.unwrap();
    }

    async fn due(&self) -> Vec<Due<MailId>> {
        self.storage.due_mails(domain::Timestamp::MAX, 0, 100).await.unwrap()
    }

    async fn mail(&self, id: MailId) -> OutgoingEmail {
        self.storage.mail(self.organization.live, id).await.unwrap().unwrap().row
    }
}

async fn send(app: &App) -> Turn {
    app.work(Worker::SendMails).await.unwrap()
}

#[tokio::test]
async fn a_reminder_reaches_the_creator_once() {
    let server = MailServer::start(MailServerOptions::default()).unwrap();
    let stage = with(smtp(&server)).await;
    stage.lone_group(&stage.live(), "ada").await;
    assert_eq!((stage.due().await.len(), send(&stage.app).await.done), (0, 0), "not before its time");
    stage.remind().await;
    let id = stage.due().await[0].id;
    assert_eq!(send(&stage.app).await.done, 1);
    let received = server.received();
    assert_eq!((received.len(), received[0].to.as_slice()), (1, ["ada@example.com".to_owned()].as_slice()));
    let group = stage.app.groups.list(&stage.live(), &ListRequest::newest(100)).await.unwrap().rows.remove(0);
    assert!(received[0].data.contains(&group.share_id.to_string()), "{}", received[0].data);
    assert_eq!(received[0].header("Message-ID"), Some(format!("<{id}@example.com>").as_str()));
    let sent = stage.mail(id).await;
    assert_eq!((sent.status, sent.attempts, sent.message), (MailStatus::Sent, 1, None), "nobody's address is kept");
    stage.clock.advance(DAY);
    assert_eq!((send(&stage.app).await.done, server.received().len()), (0, 1));
    // The second reminder of a long group is a mail of its own.
    stage.clock.advance(84 * DAY);
    stage.app.work(Worker::CloseGroups).await.unwrap();
    assert_eq!((send(&stage.app).await.done, server.received().len()), (1, 2));
}

#[tokio::test]
async fn a_server_that_is_away_gets_the_mail_later_and_once() {
    let server = MailServer::start(MailServerOptions::default()).unwrap();
    let stage = with(smtp(&server)).await;
    stage.lone_group(&stage.live(), "ada").await;
    stage.remind().await;
    let id = stage.due().await[0].id;
    for (mood, rest) in [(Mood::Gone, 1), (Mood::Busy, 2), (Mood::Gone, 4)] {
        server.be(mood);
        assert_eq!(send(&stage.app).await.done, 0, "{mood:?}");
        let asked = server.greeted();
        stage.clock.advance(rest * MINUTE - Duration::from_secs(1));
        assert_eq!((send(&stage.app).await.done, server.greeted()), (0, asked), "it rests {rest} minutes");
        stage.clock.advance(Duration::from_secs(1));
    }
    server.be(Mood::Fine);
    assert_eq!((send(&stage.app).await.done, send(&stage.app).await.done), (1, 0));
    assert_eq!((server.received().len(), stage.mail(id).await.attempts), (1, 4));
}

#[tokio::test]
async fn what_is_refused_for_good_is_given_up() {
    let server = MailServer::start(MailServerOptions::default()).unwrap();
    let stage = with(smtp(&server)).await;
    for name in ["ada", "bob"] {
        stage.lone_group(&stage.live(), name).await;
    }
    stage.remind().await;
    let ids: Vec<MailId> = stage.due().await.into_iter().map(|due| due.id).collect();
    server.be(Mood::Unknown);
    assert_eq!(send(&stage.app).await.done, 2, "and holds no other up");
    for id in ids {
        let mail = stage.mail(id).await;
        assert_eq!((mail.status, mail.message, mail.attempts), (MailStatus::GivenUp, None, 1));
    }
    stage.clock.advance(DAY);
    assert_eq!((send(&stage.app).await.done, server.greeted()), (0, 2));
}

#[tokio::test]
async fn a_mail_is_tried_until_it_has_no_use_any_more() {
    let mut mailer = MockMailer::new();
    mailer
        .expect_send()
        .times(usize::from(OutgoingEmail::MOST_ATTEMPTS))
        .returning(|_, _| Err(MailError::Delayed("away".into())));
    let stage = with(Arc::new(mailer)).await;
    stage.lone_group(&stage.live(), "ada").await;
    stage.remind().await;
    let id = stage.due().await[0].id;
    for _ in 0..60 {
        send(&stage.app).await;
        stage.clock.advance(60 * MINUTE);
    }
    assert_eq!(stage.mail(id).await.status, MailStatus::GivenUp);

    let mut mailer = MockMailer::new();
    mailer.expect_send().never();
    let stage = with(Arc::new(mailer)).await;
    stage.lone_group(&stage.live(), "ada").await;
    stage.remind().await;
    let id = stage.due().await[0].id;
    stage.clock.advance(87 * DAY);
    send(&stage.app).await;
    assert_eq!(stage.mail(id).await.status, MailStatus::GivenUp, "the group is closed");
}

#[tokio::test]
async fn without_a_mail_server_and_in_test_mode_no_mail_is_written() {
    let stage = TestApp::new().await;
    stage.lone_group(&stage.live(), "ada").await;
    stage.remind().await;
    assert_eq!(stage.due().await.len(), 0, "nothing piles up");

    let mut mailer = MockMailer::new();
    mailer.expect_send().never();
    let stage = with(Arc::new(mailer)).await;
    stage.lone_group(&stage.who, "ada").await;
    stage.clock.advance(5 * MINUTE);
    assert_eq!(stage.app.work(Worker::CloseGroups).await.unwrap().done, 1, "it is reminded");
    assert_eq!((stage.due().await.len(), send(&stage.app).await.done), (0, 0), "and nobody hears of it");
}

#[tokio::test]
async fn old_mails_are_forgotten() {
    let server = MailServer::start(MailServerOptions::default()).unwrap();
    let stage = with(smtp(&server)).await;
    stage.lone_group(&stage.live(), "ada").await;
    stage.remind().await;
    let id = stage.due().await[0].id;
    send(&stage.app).await;
    stage.clock.advance(OutgoingEmail::KEPT_FOR);
    assert_eq!(stage.app.work(Worker::ForgetMails).await.unwrap().done, 0);
    stage.clock.advance(MINUTE);
    assert_eq!(stage.app.work(Worker::ForgetMails).await.unwrap().done, 1);
    assert!(stage.storage.mail(stage.organization.live, id).await.unwrap().is_none());
}

/// Takes every message, once it is told to.
#[derive(Default)]
struct Slow {
    begun: Notify,
    go_on: Notify,
    taken: Mutex<Vec<MailId>>,
}

#[async_trait]
impl Mailer for Slow {
    async fn send(&self, id: MailId, _: &EmailMessage) -> Result<(), MailError> {
        self.begun.notify_one();
        self.go_on.notified().await;
        self.taken.lock().unwrap().push(id);
        Ok(())
    }
}

#[tokio::test]
async fn one_node_at_a_time_has_a_mail() {
    let slow = Arc::new(Slow::default());
    let stage = with(slow.clone()).await;
    let mut never = MockMailer::new();
    never.expect_send().never();
    let other = stage.another_node().with_mailer(Arc::new(never));
    stage.lone_group(&stage.live(), "ada").await;
    stage.remind().await;
    tokio::join!(send(&stage.app), async {
        slow.begun.notified().await;
        assert_eq!(send(&other).await.done, 0, "it is the other's");
        stage.clock.advance(Duration::from_secs(44));
        assert_eq!(send(&other).await.done, 0);
        slow.go_on.notify_one();
    });
    let due = stage.due().await.len();
    assert_eq!((slow.taken.lock().unwrap().len(), due), (1, 0));
}

#[tokio::test]
async fn what_a_dead_node_began_goes_on_within_a_minute_under_the_same_id() {
    let slow = Arc::new(Slow::default());
    let stage = with(slow.clone()).await;
    let server = MailServer::start(MailServerOptions::default()).unwrap();
    let other = stage.another_node().with_mailer(smtp(&server));
    stage.lone_group(&stage.live(), "ada").await;
    stage.remind().await;
    let id = stage.due().await[0].id;
    let late = tokio::join!(send(&stage.app), async {
        slow.begun.notified().await;
        // The first one is heard of no more; well, for a while.
        stage.clock.advance(Duration::from_secs(50));
        assert_eq!(send(&other).await.done, 1);
        assert_eq!(stage.mail(id).await.status, MailStatus::Sent);
        slow.go_on.notify_one();
    });
    let received = server.received();
    assert_eq!(received[0].header("Message-ID"), Some(format!("<{id}@example.com>").as_str()));
    assert_eq!(slow.taken.lock().unwrap().as_slice(), [id], "a second copy, to be told by its id");
    let mail = stage.mail(id).await;
    assert_eq!((late.0.done, mail.attempts, mail.status), (1, 2, MailStatus::Sent), "the fence held");
}

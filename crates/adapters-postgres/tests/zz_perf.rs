use adapters_postgres::*;
use domain::*;
use ports::*;
use std::{sync::Arc, time::*};
use testkit::{
    SeededIds, build,
    postgres::*,
    sets::{self, Grow as _},
};
#[tokio::test(flavor = "multi_thread")]
async fn perf() {
    let explain = std::env::var("EXPLAIN").is_ok();
    let mut settings = vec![];
    if explain {
        settings = [
            ("shared_preload_libraries", "auto_explain"),
            ("auto_explain.log_min_duration", "0"),
            ("auto_explain.log_analyze", "on"),
            ("log_min_messages", "log"),
        ]
        .map(|(a, b)| (a.to_owned(), b.to_owned()))
        .to_vec();
    }
    let cluster = Cluster::start(&ClusterOptions { durability: Durability::Full, tcp: false, settings }).unwrap();
    let url = cluster.url("postgres").into();
    migrate(&url).await.unwrap();
    let st = Arc::new(PostgresStorage::connect(&url, PostgresOptions::default()).await.unwrap());
    let ids = Arc::new(SeededIds::new(1));
    let shop = build::shop(&*ids, "shop");
    st.commit(sets::found(&shop)).await.unwrap();
    let m = shop.test.id;
    let aff = build::affiliate(&*ids, "bob");
    let mut set = sets::add_affiliate(m, &aff);
    let session = build::session("visitor-12345678901");
    set.rows.clicks.push(build::click(&*ids, &aff, &session, build::moment(0)));
    st.commit(set).await.unwrap();
    let total: usize = std::env::var("N").ok().and_then(|n| n.parse().ok()).unwrap_or(20000);
    for clients in [1usize, 16, 64, 256] {
        let total = if clients == 1 { total / 10 } else { total };
        let t = Instant::now();
        let mut js = vec![];
        for c in 0..clients {
            let (st, ids, aff, session) = (st.clone(), ids.clone(), aff.clone(), session.clone());
            js.push(tokio::spawn(async move {
                for i in 0..total / clients {
                    let ext = format!("{clients}-{c}-{i}");
                    let lookup = EventLookup {
                        space: EventSpace::Paying,
                        external_id: ExternalId::parse(&ext).unwrap(),
                        session: Some(session.clone()),
                        coupon: None,
                        affiliate_id: None,
                        now: build::moment(10),
                    };
                    let f = st.event_facts(m, &lookup).await.unwrap().unwrap();
                    assert!(f.earlier.is_none() && f.affiliates.len() == 1);
                    let e = build::event(&*ids, &ext);
                    let com = build::commission(&*ids, &e, &aff);
                    let mut set = ChangeSet::new(m).with_event(&e, &[com]);
                    set.announce.push(build::announcement(&*ids, Topic::ConversionRecorded));
                    st.commit(set).await.unwrap();
                }
            }));
        }
        for j in js {
            j.await.unwrap();
        }
        let el = t.elapsed();
        println!("clients {clients}: {:.0} events/s", (total / clients * clients) as f64 / el.as_secs_f64());
    }
    for clients in [1usize, 16, 64] {
        let n = 20000 / if clients == 1 { 10 } else { 1 };
        for what in ["one", "list", "facts"] {
            let t = Instant::now();
            let mut js = vec![];
            for _ in 0..clients {
                let (st, id, session) = (st.clone(), aff.id, session.clone());
                js.push(tokio::spawn(async move {
                    for _ in 0..n / clients {
                        match what {
                            "one" => {
                                st.affiliate(m, id).await.unwrap().unwrap();
                            }
                            "facts" => {
                                let lookup = EventLookup {
                                    space: EventSpace::Paying,
                                    external_id: ExternalId::parse("nope").unwrap(),
                                    session: Some(session.clone()),
                                    coupon: None,
                                    affiliate_id: None,
                                    now: build::moment(10),
                                };
                                st.event_facts(m, &lookup).await.unwrap().unwrap();
                            }
                            _ => {
                                st.commissions(
                                    m,
                                    &CommissionFilter::default(),
                                    &PageAsk { after: None, offset: 0, limit: 50 },
                                )
                                .await
                                .unwrap();
                            }
                        }
                    }
                }));
            }
            for j in js {
                j.await.unwrap();
            }
            println!("{what} clients {clients}: {:.0}/s", n as f64 / t.elapsed().as_secs_f64());
        }
    }
    println!("{:?}", st.differences(10).await.unwrap());
    println!(
        "{}",
        cluster
            .psql("postgres", "select datname, deadlocks, xact_commit, xact_rollback from pg_stat_database")
            .unwrap()
    );
    if explain {
        std::fs::copy(cluster.folder().join("log"), "/tmp/pg-explain.log").map(drop).unwrap_or_else(|e| {
            println!(
                "{e} {:?}",
                std::fs::read_dir(cluster.folder()).unwrap().map(|x| x.unwrap().path()).collect::<Vec<_>>()
            );
        });
    }
}

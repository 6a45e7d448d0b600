//! Tries, money, circuit.

use std::time::Duration;

use agent::advise::budget::Budget;
use decision::evidence::analysis::Fault;
use ports::model::{Answer, Call, Reason, Stop, Turn};

use crate::model::{PRICE, asking, error, text, tool};

fn call(turns: &[Turn]) -> Call<'_> {
    Call {
        instructions: "be careful",
        turns,
        tools: &[],
        form: None,
        output_tokens_max: 100,
    }
}

fn ours() -> Vec<Turn> {
    vec![Turn::Ours("a question".into())]
}

#[test]
fn what_may_be_tried_again_is_tried_three_times() {
    let again = Some(Duration::ZERO);
    let (asking, heard) = asking(Some(PRICE), move |_, number| match number {
        1 => Err(error(Reason::RateLimited, again)),
        2 => Err(error(Reason::Overloaded, again)),
        _ => Ok(text("yes")),
    });
    let budget = Budget::new(u64::MAX);
    let asked = asking.ask(&call(&ours()), "p 1", &[&budget]);
    assert_eq!(asked.answer.unwrap().text, "yes");
    let exchange = asked.exchange.unwrap();
    assert_eq!((exchange.tries, heard.lock().unwrap().len()), (2, 3));
    assert_eq!(exchange.nanodollars, 1_000 * 3_000 + 100 * 15_000);
    assert_eq!(budget.spent(), exchange.nanodollars);
}

#[test]
fn what_may_not_be_tried_again_is_not() {
    for reason in [Reason::BadRequest, Reason::TooLarge, Reason::Filtered] {
        let (asking, heard) = asking(Some(PRICE), move |_, _| Err(error(reason, None)));
        let budget = Budget::new(u64::MAX);
        for _ in 0..7 {
            assert!(asking.ask(&call(&ours()), "p", &[&budget]).answer.is_err());
        }
        assert_eq!(
            heard.lock().unwrap().len(),
            7,
            "{reason:?} says nothing of the provider"
        );
        assert_eq!(budget.spent(), 0);
    }
    // An hour is too long to wait for.
    let hour = Some(Duration::from_secs(3_600));
    let (asking, heard) = asking(Some(PRICE), move |_, _| {
        Err(error(Reason::RateLimited, hour))
    });
    let failed = asking.ask(&call(&ours()), "p", &[]).answer.unwrap_err();
    assert_eq!(
        (failed.fault, heard.lock().unwrap().len()),
        (Fault::Lost, 1)
    );
}

#[test]
fn a_wrong_key_is_tried_once_in_the_life_of_the_process() {
    let (asking, heard) = asking(Some(PRICE), |_, _| Err(error(Reason::Unauthorised, None)));
    for _ in 0..20 {
        let failed = asking.ask(&call(&ours()), "p", &[]).answer.unwrap_err();
        assert_eq!(failed.fault, Fault::Lost);
    }
    assert_eq!(heard.lock().unwrap().len(), 1);
}

#[test]
fn a_provider_in_trouble_is_left_alone_after_five_failures() {
    let (asking, heard) = asking(Some(PRICE), |_, _| Err(error(Reason::Unreachable, None)));
    for _ in 0..20 {
        assert!(asking.ask(&call(&ours()), "p", &[]).answer.is_err());
    }
    assert_eq!(heard.lock().unwrap().len(), 5);
}

#[test]
fn nothing_is_asked_without_a_price_or_the_money_for_the_worst() {
    let (free, heard) = asking(None, |_, _| Ok(text("yes")));
    let asked = free.ask(&call(&ours()), "p", &[]);
    assert_eq!(asked.answer.unwrap_err().fault, Fault::Lost);
    assert!(heard.lock().unwrap().is_empty() && asked.exchange.is_none());

    let (dear, heard) = asking(Some(PRICE), |_, _| Ok(text("yes")));
    let worst = PRICE.worst("be careful".len() + "a question".len() + 4_096 + 64, 100);
    let (short, enough) = (Budget::new(worst - 1), Budget::new(worst));
    let asked = dear.ask(&call(&ours()), "p", &[&enough, &short]);
    let failed = asked.answer.unwrap_err();
    assert_eq!(failed.fault, Fault::BoundReached);
    assert!(failed.smaller_may_help, "all but a nanodollar is there");
    let none = dear.ask(&call(&ours()), "p", &[&enough, &Budget::new(1)]);
    assert!(!none.answer.unwrap_err().smaller_may_help);
    assert!(heard.lock().unwrap().is_empty());
    assert_eq!(
        enough.spent(),
        0,
        "what the other budget set aside went back"
    );
    assert!(dear.ask(&call(&ours()), "p", &[&enough]).answer.is_ok());
}

/// Who waits for a turn loses none of its time, and a call never begins after it.
#[test]
fn waiting_for_others_takes_nobodys_time() {
    let (asking, heard) = asking(Some(PRICE), |_, _| {
        std::thread::sleep(Duration::from_millis(20));
        Ok(text("yes"))
    });
    std::thread::scope(|scope| {
        for _ in 0..12 {
            scope.spawn(|| {
                // Twelve at four seats wait longer than this for three calls each.
                let budget = Budget::new(u64::MAX).within(Duration::from_millis(100));
                for _ in 0..3 {
                    let asked = asking.ask(&call(&ours()), "p", &[&budget]);
                    assert!(asked.answer.is_ok(), "{:?}", asked.answer);
                }
            });
        }
    });
    assert_eq!(heard.lock().unwrap().len(), 36);
}

#[test]
fn a_call_that_may_have_been_counted_costs_its_worst() {
    let (asking, _) = asking(Some(PRICE), |_, _| Err(error(Reason::TimedOut, None)));
    let budget = Budget::new(u64::MAX);
    let asked = asking.ask(&call(&ours()), "p", &[&budget]);
    assert!(asked.exchange.unwrap().estimated);
    assert!(budget.spent() > 100 * 15_000);
    // So does one whose provider tells no usage.
    let (quiet, _) = super::model::asking(Some(PRICE), |_, _| {
        Ok(Answer {
            usage: None,
            ..text("yes")
        })
    });
    let budget = Budget::new(u64::MAX);
    let asked = quiet.ask(&call(&ours()), "p", &[&budget]);
    assert!(asked.exchange.unwrap().estimated && budget.spent() > 100 * 15_000);
}

/// The record of a question that failed says what was asked, where something was sent.
#[test]
fn a_failed_exchange_has_the_digest_of_what_was_asked() {
    let again = Some(Duration::ZERO);
    for (reason, again, sent) in [
        (Reason::TimedOut, None, true),
        (Reason::TimedOut, again, true),
        (Reason::Unauthorised, None, true),
        (Reason::Unreachable, None, false),
    ] {
        let (asking, _) = asking(Some(PRICE), move |_, _| Err(error(reason, again)));
        let exchange = asking.ask(&call(&ours()), "p", &[]).exchange.unwrap();
        let digest = if sent { "a5".repeat(32) } else { String::new() };
        assert_eq!(exchange.asked, digest, "{reason:?} {again:?}");
        assert_eq!(exchange.answered, "");
    }
}

#[test]
fn an_answer_that_did_not_come_to_its_end_is_none() {
    let ends = [
        (Stop::Length, Fault::CutShort),
        (Stop::Filtered, Fault::Filtered),
        (Stop::Refused, Fault::Refused),
        (Stop::Unknown, Fault::Unreadable),
    ];
    for (stop, fault) in ends {
        let (asking, _) = asking(Some(PRICE), move |_, _| {
            Ok(Answer {
                stop: stop.clone(),
                ..text("{}")
            })
        });
        let failed = asking.ask(&call(&ours()), "p", &[]).answer.unwrap_err();
        assert_eq!(failed.fault, fault);
    }
    let (asking, _) = asking(Some(PRICE), |_, _| Ok(tool("grant_access", "{}")));
    let failed = asking.ask(&call(&ours()), "p", &[]).answer.unwrap_err();
    assert_eq!(failed.fault, Fault::OutOfContract);
}

//! What models cost: 1,000 requests of a vault and 1,000 tickets as they are asked about here, against one call of the strong model for each.
//! Tokens are counted by a bundled tokenizer (o200k) and are estimates: no provider answered. And how long sixteen batches take.
//!
//! `cargo bench --workspace --bench models`

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "a benchmark that cannot go on has failed, and prints what it measured"
)]
#![expect(clippy::cast_precision_loss, reason = "figures for people")]

#[path = "../../agent/tests/common/mod.rs"]
mod common;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use agent::advise::asking::Asking;
use agent::advise::batch::{BatchSettings, ModelAnalyst};
use agent::advise::subject;
use agent::advise::ticket::{Bounds, ModelAdviser};
use decision::evidence::record::Mode;
use decision::vault::Frozen;
use policy::contract::{ADVISE, Contract};
use ports::analyst::Subject;
use ports::model::{Answer, Call, Model, ModelError, Price, Stop, ToolCall, Turn, Usage};
use ports::{Adviser as _, Analyst as _};
use serde_json::{Value, json};
use testkit::world::{World, request};

/// Dollars a million tokens are thousands of nanodollars a token: the bundled table's gpt-4.1-mini and gpt-4.1.
const FAST: Price = Price {
    input: 400,
    cache_read: 100,
    cache_write: 400,
    output: 1_600,
};
const STRONG: Price = Price {
    input: 2_000,
    cache_read: 500,
    cache_write: 2_000,
    output: 8_000,
};

#[derive(Default)]
struct Meter {
    calls: AtomicU64,
    read: AtomicU64,
    written: AtomicU64,
    cost: AtomicU64,
}

/// Answers in form, counts tokens, and takes its time.
struct Counting {
    price: Price,
    delay: Duration,
    meter: Arc<Meter>,
    tokenizer: &'static bpe_openai::Tokenizer,
}

impl Model for Counting {
    fn name(&self) -> &str {
        "counting/o200k"
    }

    fn price(&self) -> Option<Price> {
        Some(self.price)
    }

    fn ask(&self, call: &Call<'_>) -> Result<Answer, ModelError> {
        std::thread::sleep(self.delay);
        let mut sent = call.instructions.to_owned();
        for turn in call.turns {
            match turn {
                Turn::Ours(text) => sent.push_str(text),
                Turn::Model { .. } | Turn::Results(_) => {}
            }
        }
        for tool in call.tools {
            sent.push_str(&tool.schema.to_string());
            sent.push_str(tool.description);
        }
        if let Some(form) = call.form {
            sent.push_str(&form.schema.to_string());
        }
        let said = answer(call);
        let usage = Usage {
            input: self.tokenizer.count(&sent) as u64,
            output: self.tokenizer.count(&said) as u64,
            ..Usage::default()
        };
        self.meter.calls.fetch_add(1, Ordering::Relaxed);
        self.meter.read.fetch_add(usage.input, Ordering::Relaxed);
        self.meter
            .written
            .fetch_add(usage.output, Ordering::Relaxed);
        self.meter
            .cost
            .fetch_add(self.price.of(&usage), Ordering::Relaxed);
        let calls = if call.tools.is_empty() {
            Vec::new()
        } else {
            vec![ToolCall {
                id: "c".into(),
                name: "summarize".into(),
                arguments: said.clone(),
            }]
        };
        Ok(Answer {
            text: said,
            calls,
            stop: Stop::Finished,
            usage: Some(usage),
            ..Answer::default()
        })
    }
}

fn answer(call: &Call<'_>) -> String {
    let Turn::Ours(text) = &call.turns[0] else {
        return String::new();
    };
    let question: Value = serde_json::from_str(text).unwrap();
    let Some(requests) = question["requests"].as_array() else {
        return json!({
            "advice": "nothing", "triggers": [], "confidence": 0.93, "cites": ["repo:read"],
            "note": "The stated need fits what the role reads anyway; nothing in the ticket asks for more than that.",
        })
        .to_string();
    };
    let opinions: Vec<Value> = requests
        .iter()
        .map(|own| {
            json!({
                "id": own["id"], "risk": "low", "flags": [], "note": "",
                "summary": "A build engineer asks for a build runner in the usual container. The justification names a change, and the window is short. Nothing in the signals stands out.",
                "comment": "Usual request with a stated change on an ordinary build runner, nothing unusual in the window.",
            })
        })
        .collect();
    json!({ "opinions": opinions }).to_string()
}

fn model(price: Price, delay: Duration) -> (Arc<Asking>, Arc<Meter>) {
    let meter = Arc::new(Meter::default());
    let model = Counting {
        price,
        delay,
        meter: meter.clone(),
        tokenizer: bpe_openai::o200k_base(),
    };
    (
        Arc::new(Asking::new(Box::new(model), 8, std::thread::sleep)),
        meter,
    )
}

fn told(what: &str, meter: &Meter, requests: u64) -> f64 {
    let load = |own: &AtomicU64| own.load(Ordering::Relaxed);
    let dollars = load(&meter.cost) as f64 / 1e9;
    println!(
        "{what:44} {:5} calls  {:8} tokens read  {:7} written  {dollars:8.4} USD  {:.6} USD a request",
        load(&meter.calls),
        load(&meter.read),
        load(&meter.written),
        dollars / requests as f64,
    );
    dollars
}

/// A thousand requests of a vault, of which `deciding` in a hundred would be acted upon.
fn vault(price: Price, size: usize, deciding: usize) -> Arc<Meter> {
    let (asking, meter) = model(price, Duration::ZERO);
    let settings = BatchSettings {
        size,
        at_once: 8,
        each: 250_000_000,
    };
    let analyst = ModelAnalyst::new(asking, settings, Some("svc-analyst".into()), u64::MAX / 4);
    let (rules, run) = (common::rules(), common::run());
    let digest = run.digest();
    let frozen: Vec<Frozen<'_>> = (1..=1_000)
        .map(|number| {
            let mut evidence = common::plain(number);
            evidence.request.until = Some(common::at("2026-11-23T08:00:00Z"));
            if number % 100 >= deciding {
                evidence.request.action = Some("AssetManage".into());
            }
            Frozen::new(&run, &digest, evidence, &rules)
        })
        .collect();
    let subjects: Vec<Subject<'_>> = frozen.iter().map(subject).collect();
    for window in subjects.chunks(analyst.batch_size()) {
        analyst.opinions(window).unwrap();
    }
    meter
}

const POLICY: &str = "
roles:
  engineer: { standard: [\"repo:read\"] }
  clerk: { standard: [\"vendor:create\"], grantable: [\"payment:approve\"] }
sod_conflicts:
  - [\"vendor:create\", \"payment:approve\"]
";
const DIRECTORY: &str = "
people:
  engineer-001: { roles: [engineer], manager: manager-001 }
  clerk-001: { roles: [clerk], manager: manager-001, holds: [\"vendor:create\"] }
  manager-001: { roles: [] }
";

/// A thousand tickets, of which 150 have something to judge.
fn tickets(strong_each: bool) -> (Arc<Meter>, Arc<Meter>) {
    let world = World::new(POLICY, DIRECTORY, Mode::Guarded).unwrap();
    let bounds = Bounds::of(&Contract::load(ADVISE.as_bytes()).unwrap());
    let (fast, first) = model(if strong_each { STRONG } else { FAST }, Duration::ZERO);
    let (strong, second) = model(STRONG, Duration::ZERO);
    let adviser = ModelAdviser::new(fast, strong, bounds);
    let heard = Mutex::new(0_u32);
    for number in 0..1_000 {
        let (who, access) = if number % 20 < 3 && !strong_each {
            ("clerk-001", "payment:approve")
        } else {
            ("engineer-001", "repo:read")
        };
        let ticket = json!({
            "request_id": format!("R-{number}"), "requester": who, "access": access,
            "justification": "The importer's tests fail on the shared data and I have to read how it is built",
        });
        let gathered = world
            .agent()
            .preview(&request(&ticket.to_string()).unwrap())
            .unwrap();
        let (frozen, ruling) = gathered.basis.unwrap();
        adviser.advise(&world.rules, &frozen, &ruling, 0);
        *heard.lock().unwrap() += 1;
    }
    (first, second)
}

fn main() {
    println!(
        "prices: fast {FAST:?}, strong {STRONG:?} (nanodollars a token); tokens are estimates by o200k"
    );
    let ours = told(
        "vault, batches of 25, 5 % asked alone",
        &vault(FAST, 25, 5),
        1_000,
    );
    let alone = told("vault, one strong call each", &vault(STRONG, 1, 0), 1_000);
    println!("ratio {:.1}", alone / ours);
    let (fast, strong) = tickets(false);
    let ours =
        told("tickets, fast", &fast, 1_000) + told("tickets, strong for 15 %", &strong, 1_000);
    let (each, none) = tickets(true);
    assert_eq!(none.calls.load(Ordering::Relaxed), 0);
    let alone = told("tickets, one strong call each", &each, 1_000);
    println!("ratio {:.1}", alone / ours);

    let (asking, meter) = model(FAST, Duration::from_secs(2));
    let settings = BatchSettings {
        size: 25,
        at_once: 8,
        each: 250_000_000,
    };
    let analyst = ModelAnalyst::new(asking, settings, None, u64::MAX / 4);
    let (rules, run) = (common::rules(), common::run());
    let digest = run.digest();
    let started = Instant::now();
    for first in (0..400).step_by(analyst.batch_size()) {
        let frozen: Vec<Frozen<'_>> = (first..first + analyst.batch_size())
            .map(|number| Frozen::new(&run, &digest, common::plain(number), &rules))
            .collect();
        let subjects: Vec<Subject<'_>> = frozen.iter().map(subject).collect();
        analyst.opinions(&subjects).unwrap();
    }
    println!(
        "{} batches at 2 s delay, 8 at once: {:.2?}",
        meter.calls.load(Ordering::Relaxed),
        started.elapsed()
    );
}

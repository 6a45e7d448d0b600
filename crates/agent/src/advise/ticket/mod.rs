//! A model that reads one ticket with the tools of the contract and ends with advice. It starts from nothing each time, reads
//! frozen evidence alone, and stops at the bounds of the contract with what it found.

mod shown;
mod tools;

use std::sync::Arc;
use std::time::Duration;

use decision::evidence::Frozen;
use decision::evidence::analysis::{Analysis, Exchange, Fault};
use decision::evidence::record::Advice;
use decision::findings::{Check, FindingSet};
use decision::rules::Rules;
use decision::verdict::Ruling;
use policy::contract::Contract;
use ports::analyst::Adviser;
use ports::model::{Answer, Call, Form, Tool, ToolCall, ToolResult, Turn};
use serde_json::json;

use self::shown::Shown;
use self::tools::{Served, advice_schema, out_of_contract, registry, serve};
use super::asking::{Asked, Asking};
use super::budget::{Budget, dollars, nanodollars};
use super::normal;
use super::prompts::{Prompt, ticket_judgement, ticket_review};

/// Most calls of tools for one request.
pub const TOOL_CALLS_MAX: usize = 16;
/// Longest time for one request, unless it is set.
pub const TIME: Duration = Duration::from_mins(2);
/// Most tokens of one answer.
const OUTPUT_TOKENS_MAX: u32 = 900;

/// The bounds of one request, as the contract sets them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Most turns.
    pub turns: u32,
    /// Most that may be spent, in nanodollars.
    pub limit: u64,
    /// From where on somebody is told, in nanodollars.
    pub alert: u64,
    /// How long its questions may be under way in all, before none is asked any more. The contract says nothing of it.
    pub time: Duration,
    /// Names of the tools that the model has.
    pub tools: Vec<String>,
}

impl Bounds {
    /// Those of a contract. INVARIANT(contract): a tool that it does not name does not exist for the model, and no tool of ours
    /// changes anything.
    #[must_use]
    pub fn of(contract: &Contract) -> Self {
        Self {
            turns: contract.loop_boundary.max_reasoning_turns,
            limit: nanodollars(contract.cost_boundary.max_usd_per_trace_loop),
            alert: nanodollars(contract.cost_boundary.alert_threshold_usd),
            time: TIME,
            tools: contract.tool_boundary.allowed_tools.clone(),
        }
    }
}

/// Two models: the first resolves and sums up, the stronger one judges risk and duties, where there is something to judge.
pub struct ModelAdviser {
    fast: Arc<Asking>,
    strong: Arc<Asking>,
    bounds: Bounds,
    review: Prompt,
    judgement: Prompt,
    form: Form,
    tools: Vec<Tool>,
}

impl ModelAdviser {
    /// An adviser within `bounds`.
    #[must_use]
    pub fn new(fast: Arc<Asking>, strong: Arc<Asking>, bounds: Bounds) -> Self {
        Self {
            fast,
            strong,
            review: ticket_review(),
            judgement: ticket_judgement(),
            form: Form {
                name: "advice",
                schema: advice_schema(),
            },
            tools: registry(&bounds.tools),
            bounds,
        }
    }

    /// The first model reads, with tools, until it sums up or a bound stops it.
    fn review(
        &self,
        shown: &Shown<'_>,
        budget: &Budget,
        exchanges: &mut Vec<Exchange>,
    ) -> (Advice, Analysis) {
        let mut turns = vec![Turn::Ours(shown.opening().to_string())];
        let mut calls_made = 0_usize;
        for _ in 0..self.bounds.turns {
            let call = Call {
                instructions: self.review.text,
                turns: &turns,
                tools: &self.tools,
                form: None,
                output_tokens_max: OUTPUT_TOKENS_MAX,
            };
            let Asked { answer, exchange } = self.fast.ask(&call, &self.review.version, &[budget]);
            exchanges.extend(exchange);
            let answer = match answer {
                Ok(answer) => answer,
                Err(failed) => return (Advice::Nothing, normal::faulty(failed.fault, failed.why)),
            };
            calls_made = calls_made.saturating_add(answer.calls.len().max(1));
            if calls_made > TOOL_CALLS_MAX {
                let why = format!("it called tools more than {TOOL_CALLS_MAX} times");
                return (Advice::Nothing, normal::faulty(Fault::BoundReached, why));
            }
            match self.step(answer, shown) {
                Step::Ended(advice, analysis) => return (advice, *analysis),
                Step::On(model, results) => turns.extend([model, results]),
            }
        }
        let why = format!("it did not come to an end in {} turns", self.bounds.turns);
        (Advice::Nothing, normal::faulty(Fault::BoundReached, why))
    }

    /// One answer: the tools that it calls are served, until it sums up.
    fn step(&self, answer: Answer, shown: &Shown<'_>) -> Step {
        let ended = |text: &str| {
            let (advice, analysis) = normal::advice(text, shown.people(), |id| shown.knows(id));
            Step::Ended(advice, Box::new(analysis))
        };
        if answer.calls.is_empty() {
            // Some models write their advice instead of calling for the end.
            return ended(&answer.text);
        }
        // One call that is not its to make spoils all that it says beside it.
        if let Some(why) = (answer.calls.iter()).find_map(|call| out_of_contract(call, &self.tools))
        {
            let analysis = normal::faulty(Fault::OutOfContract, why);
            return Step::Ended(Advice::Nothing, Box::new(analysis));
        }
        let mut results = Vec::with_capacity(answer.calls.len());
        for call in &answer.calls {
            match serve(call, shown) {
                Served::Result { content, is_error } => results.push(ToolResult {
                    id: call.id.clone(),
                    content,
                    is_error,
                }),
                Served::End(text) => return ended(&text),
            }
        }
        let calls: Vec<ToolCall> = answer.calls;
        let text = answer.text;
        Step::On(Turn::Model { text, calls }, Turn::Results(results))
    }

    /// The stronger model judges what the first found, in one answer.
    fn judge(
        &self,
        shown: &Shown<'_>,
        first: (Advice, &Analysis),
        budget: &Budget,
        exchanges: &mut Vec<Exchange>,
    ) -> (Advice, Analysis) {
        let (advice, analysis) = first;
        let triggers: Vec<&str> = analysis.triggers.iter().map(|own| own.name()).collect();
        let mut question = shown.opening();
        if let Some(object) = question.as_object_mut() {
            let reader = json!({
                "advice": advice,
                "triggers": triggers,
                "note": { "untrusted_text": shown.people().hide(&analysis.note) },
            });
            object.insert("first_reader".to_owned(), reader);
        }
        let turns = [Turn::Ours(question.to_string())];
        let call = Call {
            instructions: self.judgement.text,
            turns: &turns,
            tools: &[],
            form: Some(&self.form),
            output_tokens_max: OUTPUT_TOKENS_MAX,
        };
        let Asked { answer, exchange } = self.strong.ask(&call, &self.judgement.version, &[budget]);
        exchanges.extend(exchange);
        match answer {
            Ok(answer) => normal::advice(&answer.text, shown.people(), |id| shown.knows(id)),
            Err(failed) => (Advice::Nothing, normal::faulty(failed.fault, failed.why)),
        }
    }
}

/// What became of one answer.
enum Step {
    /// It summed up, or may not go on.
    Ended(Advice, Box<Analysis>),
    /// It read something.
    On(Turn, Turn),
}

impl Adviser for ModelAdviser {
    fn advise(
        &self,
        rules: &Rules,
        frozen: &Frozen,
        ruling: &Ruling,
        spent: u64,
    ) -> (Advice, Analysis) {
        let left = self.bounds.limit.saturating_sub(spent);
        let budget = Budget::new(left).within(self.bounds.time);
        let shown = Shown::of(rules, frozen, ruling);
        let mut exchanges = Vec::new();
        let mut analyst = self.fast.name().to_owned();
        let (mut advice, mut analysis) = self.review(&shown, &budget, &mut exchanges);
        // A model that was lost is not asked again under another name; one that failed otherwise may be.
        let lost = analysis.faults.contains(&Fault::Lost);
        if !lost && needs_judgement(ruling, advice, &analysis) {
            let (second, judged) = self.judge(&shown, (advice, &analysis), &budget, &mut exchanges);
            advice = advice.more_cautious(second);
            analysis = analysis.joined(judged);
            if self.strong.name() != self.fast.name() {
                analyst = format!("{analyst}, {}", self.strong.name());
            }
        }
        analysis.analyst = analyst;
        let spent = spent.saturating_add(budget.spent());
        if spent >= self.bounds.alert && spent > 0 {
            analysis.remarks.push(format!(
                "the analysis cost {} USD, above the alert at {} USD",
                dollars(spent),
                dollars(self.bounds.alert)
            ));
        }
        analysis.exchanges = exchanges;
        (advice, analysis)
    }
}

/// Whether there is something to judge: duties, risk above low, or a first reader in doubt.
fn needs_judgement(ruling: &Ruling, advice: Advice, analysis: &Analysis) -> bool {
    let duties = FindingSet::of_check(Check::Separation);
    let risk = FindingSet::of_check(Check::Risk);
    let findings = ruling.findings;
    !findings.intersection(duties.union(risk)).is_empty()
        || advice == Advice::LookCloser
        || !analysis.triggers.is_empty()
}

/// An adviser for a model that is configured and cannot be asked: it says why, and withholds.
#[derive(Clone, Debug)]
pub struct LostAdviser {
    /// The model.
    pub model: String,
    /// Why, without secrets.
    pub why: String,
}

impl Adviser for LostAdviser {
    fn advise(&self, _: &Rules, _: &Frozen, _: &Ruling, _: u64) -> (Advice, Analysis) {
        let analysis = Analysis {
            analyst: self.model.clone(),
            ..normal::faulty(Fault::Lost, self.why.clone())
        };
        (Advice::Nothing, analysis)
    }
}

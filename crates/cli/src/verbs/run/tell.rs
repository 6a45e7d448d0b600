//! What a run came to, on a screen.

use std::path::PathBuf;

use agent::cycle::Ran;
use agent::report::run as report;

use crate::output::{self, Format};

pub(super) fn run(ran: &Ran, written: &report::Written, format: Format) {
    let summary = &written.overview.summary;
    if format != Format::Text {
        let listing = &ran.header.run.listing;
        let remarks: Vec<&String> = listing.remarks.iter().chain(&ran.closing.remarks).collect();
        let told = serde_json::json!({
            "run": ran.header.name,
            "complete": listing.complete,
            "requests": summary.requests,
            "risk": summary.risks.from_critical().map(|(risk, count)| {
                serde_json::json!({ "risk": risk.vault_name(), "requests": count })
            }),
            "actions": ran.closing.actions,
            "left_alone": summary.left_alone.iter().map(|(why, count)| {
                serde_json::json!({ "because": why, "requests": count })
            }).collect::<Vec<_>>(),
            "remarks": remarks,
            "model_cost": ran.closing.cost,
            "model_lost": ran.header.run.model_lost,
            "report": written.json.display().to_string(),
            "leaf": ran.closing.leaf,
        });
        output::json(&told, format);
        return;
    }
    output::heading(&format!("Run {}", ran.header.name));
    let risks = summary.risks.from_critical();
    let each = risks.map(|(risk, count)| format!("{count} {}", risk.vault_name()));
    output::paragraph(
        "  ",
        &format!("{} requests: {}", summary.requests, each.join(", ")),
    );
    for (what, count) in summary.actions.told() {
        if count > 0 {
            output::paragraph("  ", &format!("{count} {what}"));
        }
    }
    for (why, count) in summary.left_alone.iter().take(6) {
        output::paragraph("  ", &format!("{count} left alone: {why}"));
    }
    if let Some(why) = &ran.header.run.model_lost {
        output::note(&format!(
            "the configured model has no say in this run, so nothing is done automatically: {why}"
        ));
    }
    if let Some(cost) = &ran.closing.cost {
        output::paragraph("  ", &format!("model cost: {cost}"));
    }
    for remark in ran
        .header
        .run
        .listing
        .remarks
        .iter()
        .chain(&ran.closing.remarks)
    {
        output::note(remark);
    }
    let shown = |path: &PathBuf| path.display().to_string();
    output::paragraph("  ", &format!("report: {}", shown(&written.html)));
}

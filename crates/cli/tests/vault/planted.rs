//! The seeded vault: every case that was put in on purpose is found for what it is, and hostile texts stay texts.

use sandbox::vault::{Case, Route, Verb};

use crate::world::World;

/// The anomaly of a case, and whether it may be approved with the allow-list open to all.
fn truth(case: Case) -> (Option<&'static str>, Option<Verb>) {
    match case {
        Case::Routine | Case::WindowsAlone => (None, Some(Verb::Approve)),
        // Nothing unusual but a text, which nobody understands and which changes nothing.
        Case::HostileHtml | Case::HostileMarkdown | Case::HostileBidi | Case::HostileInjection => {
            (None, Some(Verb::Approve))
        }
        Case::Burst => (Some("burst_of_requests"), None),
        Case::OffHours => (Some("off_hours"), None),
        Case::FirstOnAsset => (Some("first_time_on_asset"), Some(Verb::Approve)),
        Case::FirstOfTeam => (Some("first_of_team"), None),
        Case::ThinJustification => (Some("thin_justification"), None),
        Case::CopiedJustification => (Some("copied_justification"), None),
        Case::StalePending => (Some("stale_pending"), Some(Verb::Approve)),
        Case::StaleApproved => (Some("stale_approved"), Some(Verb::Complete)),
        Case::RejectedBefore => (None, None),
        Case::AskedAgain => (Some("asked_again_after_rejection"), None),
        Case::DomainControllers
        | Case::SecondLevel
        | Case::ProductionTagged
        | Case::NotAnApprover => (Some("sensitive_asset"), None),
        Case::OwnRequest | Case::AssetUnauthorized | Case::AssetBroken | Case::WindowPassed => {
            (None, None)
        }
    }
}

#[test]
fn every_planted_case_is_found_for_what_it_is() {
    let world = World::new(&[("planted", "on"), ("requests", "190")]);
    world.allow_all();
    teams(&world);
    let ran = world.run();
    ran.ends(0);
    let counts = world.counts();
    let planted = world.planted();
    assert!(planted.len() > 30);
    for planted in &planted {
        let (id, case) = (&planted.request, planted.case);
        let (anomaly, verb) = truth(case);
        let entry = &ran.entries[id];
        match anomaly {
            Some(anomaly) => assert!(ran.has_anomaly(id, anomaly), "{case}: {entry}"),
            None => assert_eq!(
                entry["anomalies"].as_array().unwrap().len(),
                0,
                "{case}: {entry}"
            ),
        }
        let done: Vec<Verb> = counts
            .keys()
            .filter(|(request, _)| request == id)
            .map(|(_, verb)| *verb)
            .collect();
        assert_eq!(
            done,
            verb.into_iter().collect::<Vec<_>>(),
            "{case}: {}",
            ran.because(id)
        );
        let because = ran.because(id);
        let told = [
            (Case::WindowPassed, "window"),
            (Case::AssetUnauthorized, "record was not read"),
            (Case::AssetBroken, "record was not read"),
            (Case::OwnRequest, "own"),
        ];
        for (_, words) in told.iter().filter(|(own, _)| *own == case) {
            assert!(because.contains(words), "{because}");
        }
    }
    // Nobody asks twice about one asset or container in a run.
    let records = world.simulator.calls()[&Route::Asset];
    assert!(records < 120, "{records} records were read");
    assert!(counts.values().all(|count| *count == 1));
    world.reasons_are_plain();
    told_as_it_was(&world, &ran);
    inert(&ran.report("html"), &ran.report("md"));
    let listed = world.home.words(&["report", "list"]);
    assert!(String::from_utf8_lossy(&listed.stdout).contains(ran.told["run"].as_str().unwrap()));
    let shown = world.home.words(&["report", "show"]);
    assert!(shown.status.success());
    suggested(&world);
}

/// What the run says that it did is what the vault recorded.
fn told_as_it_was(world: &World, ran: &crate::world::Ran) {
    let verb = |action: &str| match action {
        "approve" => Verb::Approve,
        "reject" => Verb::Reject,
        _ => Verb::Complete,
    };
    let told: std::collections::BTreeMap<_, usize> = ran
        .with("done")
        .into_iter()
        .map(|(id, action)| ((id, verb(&action)), 1))
        .collect();
    assert_eq!(told, world.counts());
    for entry in world.done() {
        let actions = ran.told["actions"].as_array().unwrap();
        let own = actions
            .iter()
            .find(|told| told["request"] == entry.request.clone().unwrap());
        assert_eq!(own.unwrap()["comment"], entry.reason);
    }
}

/// Who is in which team, from the simulator's own list.
fn teams(world: &World) {
    let url = format!("{}/users", world.simulator.control_url());
    let users: serde_json::Value = serde_json::from_str(
        &ureq::get(&url)
            .call()
            .unwrap()
            .body_mut()
            .read_to_string()
            .unwrap(),
    )
    .unwrap();
    let people = users["data"].as_array().unwrap().iter().map(|user| {
        let (login, team) = (
            user["login"].as_str().unwrap(),
            user["team"].as_str().unwrap(),
        );
        format!("  {login}: {{ department: {team} }}\n")
    });
    let text = format!("people:\n{}groups: {{}}\n", people.collect::<String>());
    std::fs::write(world.home.path("directory.yml"), text).unwrap();
}

/// Nothing of a request is markup in a report.
pub(crate) fn inert(html: &str, markdown: &str) {
    let lower = html.to_lowercase();
    for active in [
        "<img",
        "<iframe",
        "<h1>approved",
        "onerror=\"",
        "href=\"javascript",
        "alert(1)</script",
    ] {
        assert!(!lower.contains(active), "{active}");
    }
    assert!(!html.contains(['\u{202e}', '\u{2066}', '\u{200b}', '\u{feff}', '\0']));
    assert!(
        html.contains("Content-Security-Policy") || !lower.contains("<script"),
        "{}",
        &html[..400]
    );
    let outside: String = markdown
        .lines()
        .map(|line| outside_of_code(line) + "\n")
        .collect();
    for active in [
        "![x",
        "](javascript:",
        "](https:",
        "<script",
        "<img",
        "\n# Risk: low",
    ] {
        assert!(!outside.contains(active), "{active}: {outside}");
    }
    assert!(!markdown.contains(['\u{202e}', '\u{2066}', '\u{200b}', '\u{feff}', '\0']));
}

/// A line of Markdown without its code spans, as CommonMark cuts them: a run of backticks ends at the next run as long.
fn outside_of_code(line: &str) -> String {
    let mut out = String::new();
    let mut rest = line;
    while let Some(start) = rest.find('`') {
        out.push_str(&rest[..start]);
        let fence = rest[start..].len() - rest[start..].trim_start_matches('`').len();
        let inside = &rest[start + fence..];
        let end = inside.match_indices('`').map(|(at, _)| at).find(|at| {
            let run = inside[*at..].len() - inside[*at..].trim_start_matches('`').len();
            run == fence && !inside[..*at].ends_with('`')
        });
        match end {
            Some(end) => rest = &inside[end + fence..],
            None => {
                out.push_str(&rest[start..start + fence]);
                rest = inside;
            }
        }
    }
    out + rest
}

/// The draft of the allow-list is read by the agent itself, and names nothing dangerous.
fn suggested(world: &World) {
    let output = world
        .home
        .words(&["vault", "allow", "suggest", "--at-least", "2"]);
    assert!(output.status.success());
    let draft = String::from_utf8(output.stdout).unwrap();
    assert!(draft.contains("requester:"), "{draft}");
    for dangerous in ["Domain Controllers", "Production", "svc-access-analyst"] {
        assert!(!draft.contains(dangerous), "{draft}");
    }
    std::fs::write(world.home.path("vault.yml"), draft).unwrap();
    world.run().ends(0);
}

//! At a terminal each action is shown and asked for.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::process::Stdio;

use sandbox::vault::Verb;

use crate::world::{World, person};

/// Runs with a terminal on standard input and error, and answers each question in turn.
fn answer(world: &World, answers: &str) -> (i32, String) {
    let pair = nix::pty::openpty(None, None).unwrap();
    let mut command = world.home.command(&["run"]);
    let slave = || Stdio::from(pair.slave.try_clone().unwrap());
    command
        .stdin(slave())
        .stderr(slave())
        .stdout(Stdio::piped());
    let child = command.spawn().unwrap();
    drop((command, pair.slave));
    let mut master = File::from(pair.master);
    master.write_all(answers.as_bytes()).unwrap();
    let mut screen = Vec::new();
    let mut chunk = [0; 4096];
    // A terminal that nobody holds open any more answers with an error.
    while let Ok(count @ 1..) = master.read(&mut chunk) {
        screen.extend_from_slice(&chunk[..count]);
    }
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&screen).into_owned();
    (output.status.code().unwrap(), said)
}

#[test]
fn what_is_declined_is_not_done_and_what_is_agreed_to_is() {
    let mut world = World::waiting(&[], 0);
    world.home.set("AUTONOMOUS_MODE", "");
    let first = world.submit(&person(1), "stage-001", 1);
    world.allow_all();
    let (code, said) = answer(&world, "n\n");
    assert_eq!(code, 0, "{said}");
    assert!(
        said.contains("do it?") && said.contains(&person(1)) && said.contains(&first),
        "{said}"
    );
    assert!(world.done().is_empty());
    let (code, said) = answer(&world, "y\n");
    assert_eq!(code, 0, "{said}");
    world.was_done_once(Verb::Approve, &world.ids());
    // The end of the input is no yes.
    world.submit(&person(2), "stage-001", 2);
    world.allow_all();
    let (_, said) = answer(&world, "\u{4}");
    assert_eq!(world.done().len(), 1, "{said}");
}
